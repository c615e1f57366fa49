//! One run of the command against a [`Stub`], and what it came to.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use pushproof_runner::clock::Clock;
use pushproof_runner::serve::Server;
use serde_json::Value;

use crate::stub::{ORIGIN_MS, Stub};

/// How the stub is reached.
pub(crate) struct Target {
    pub(crate) prefix: &'static str,
    pub(crate) auth: &'static str,
    /// More lines of the file.
    pub(crate) more: &'static str,
}

impl Default for Target {
    fn default() -> Self {
        Self {
            prefix: "",
            auth: "basic",
            more: "",
        }
    }
}

/// What a run came to.
pub(crate) struct Judged {
    exit: i32,
    report: Value,
}

/// Serves the stub and runs the whole dialect against it.
pub(crate) fn judge(stub: Stub, target: &Target) -> Judged {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let stub = Arc::new(Mutex::new(stub));
    let handler = Arc::new(move |_, request| stub.lock().unwrap().handle(&request));
    let clock = Clock::jumping(UNIX_EPOCH + std::time::Duration::from_millis(ORIGIN_MS));
    let server = runtime.block_on(Server::loopback(handler, clock)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("target.yaml");
    fs::write(&file, text(&server.base_url(), target)).unwrap();
    let report = folder.path().join("report.json");
    let done = command(folder.path())
        .args(["conformance", "-j", "1"])
        .arg("--target")
        .arg(&file)
        .arg("--report-json")
        .arg(&report)
        .output()
        .unwrap();
    runtime.block_on(server.stop());
    let report = fs::read_to_string(&report)
        .unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&done.stderr)));
    Judged {
        exit: done.status.code().unwrap(),
        report: serde_json::from_str(&report).unwrap(),
    }
}

/// What the doctor says first of a target that leaves out what it may.
pub(crate) fn doctors_head() -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("target.yaml");
    fs::write(&path, text("http://127.0.0.1:9", &Target::default())).unwrap();
    let done = command(folder.path())
        .args(["target", "doctor", "target.yaml"])
        .output()
        .unwrap();
    let [out, err] = [done.stdout, done.stderr].map(|text| String::from_utf8(text).unwrap());
    format!("{}{err}", out.lines().next().unwrap_or_default())
}

/// What is said of a target that cannot be used, with the exit code.
pub(crate) fn refused(target: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("target.yaml"), target).unwrap();
    said(command(folder.path()).args(["conformance", "--target", "target.yaml"]))
}

/// What is said when there is no target.
pub(crate) fn without_target() -> String {
    let folder = tempfile::tempdir().unwrap();
    said(command(folder.path()).args(["--dialect", "device-grant", "conformance"]))
}

fn said(command: &mut Command) -> String {
    let done = command.output().unwrap();
    let stderr = String::from_utf8(done.stderr).unwrap();
    format!("exit {}\n{stderr}", done.status.code().unwrap())
}

/// The command in a folder, with nothing in its environment but the clients' secrets.
fn command(folder: &Path) -> Command {
    let dialects = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pushproof"));
    command
        .env_clear()
        .env(
            "TV_SECRET",
            "the secret of the tv, with: all/kinds+of &signs",
        )
        .env("OTHER_SECRET", "the secret of the other client")
        .current_dir(folder)
        .arg("--dialects")
        .arg(dialects);
    command
}

fn text(base_url: &str, target: &Target) -> String {
    let Target { prefix, auth, more } = target;
    format!(
        "format: 1
target: stub
base_url: {base_url}
dialect: device-grant
client: {{ id: tv, secret: {{ env: TV_SECRET }}, auth: {auth} }}
clients: {{ other: {{ id: other, secret: {{ env: OTHER_SECRET }}, auth: {auth} }} }}
endpoints: {{ device_authorization: {prefix}/device_authorization, token: {prefix}/token }}
devices: {{ driver: hook, url: \"{base_url}/approver\" }}
clock: {{ advance: \"{base_url}/clock\" }}
{more}"
    )
}

impl Judged {
    /// The verdict of a requirement.
    pub(crate) fn verdict(&self, id: &str) -> &str {
        let all = self.report["requirements"].as_array().unwrap();
        let found = all.iter().find(|one| one["id"] == id);
        found.unwrap_or_else(|| panic!("no requirement `{id}`"))["verdict"]
            .as_str()
            .unwrap()
    }

    /// Requirements that were not met, each with its verdict.
    pub(crate) fn breached(&self) -> String {
        let all = self.report["requirements"].as_array().unwrap();
        let breached = all.iter().filter_map(|one| {
            let verdict = one["verdict"].as_str().unwrap();
            ["fail", "warn", "flaky"]
                .contains(&verdict)
                .then(|| format!("{} {verdict}", one["id"].as_str().unwrap()))
        });
        format!(
            "exit {}, {}",
            self.exit,
            breached.collect::<Vec<_>>().join(", ")
        )
    }

    /// The exit code, every requirement with its verdict, every finding.
    pub(crate) fn table(&self) -> String {
        let mut table = format!("exit {}\n", self.exit);
        for one in self.report["requirements"].as_array().unwrap() {
            let text = |name: &str| one[name].as_str().unwrap();
            table.push_str(&format!(
                "{:<13}{:<7}{}\n",
                text("id"),
                text("level"),
                text("verdict")
            ));
        }
        for one in self.report["findings"].as_array().unwrap() {
            let text = |name: &str| one[name].as_str().unwrap_or_default();
            table.push_str(&format!(
                "{} {} {}: expected {}, got {}\n",
                text("case"),
                text("step"),
                text("check"),
                text("expected"),
                text("actual")
            ));
        }
        for one in self.report["cases"].as_array().unwrap() {
            if let Some(reason) = one["reason"].as_str() {
                table.push_str(&format!("{}: {reason}\n", one["id"].as_str().unwrap()));
            }
        }
        table
    }
}
