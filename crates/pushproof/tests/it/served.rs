//! `pushproof serve`: the sandbox in a process of its own, reached through a target file as any other tenant is.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::codes::aimed;
use crate::command::Workshop;
use crate::host::example;

/// A served sandbox; it is stopped when the value goes.
struct Served {
    child: Child,
    base_url: String,
    _workshop: Workshop,
}

impl Served {
    fn start(args: &[&str]) -> Self {
        let workshop = Workshop::new();
        let args = [&["serve", "--port", "0", "--clock", "virtual"], args].concat();
        let mut child = workshop
            .command(&args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let base_url = line
            .trim()
            .strip_prefix("sandbox at ")
            .expect("the first line says where it is")
            .to_owned();
        Self {
            child,
            base_url,
            _workshop: workshop,
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Case by case and requirement by requirement, with one clock for all cases instead of one each.
#[test]
fn another_process_gives_the_same_verdicts() {
    for (profile, fault) in [
        ("documented", &[][..]),
        ("observed", &["--fault", "DEF-028"]),
    ] {
        let served = Served::start(&[&["--profile", profile], fault].concat());
        let workshop = aimed(&example(&served.base_url));
        let shared = [
            "conformance",
            "--target",
            "target.yaml",
            "--profile",
            profile,
            "--report-json",
            "served.json",
        ];
        let shared = workshop.run(&shared);
        let built_in = [
            "conformance",
            "--profile",
            profile,
            "--report-json",
            "built-in.json",
        ];
        let built_in = workshop.run(&[&built_in, fault].concat());
        let [served, known] =
            ["served.json", "built-in.json"].map(|name| verdicts(&workshop.read(name)));
        assert_eq!(
            served, known,
            "profile {profile}, fault {fault:?}\n{}",
            shared.stdout
        );
        assert_eq!(shared.exit, built_in.exit);
    }
}

/// What one case does is felt by the others, so each meets buckets that are empty for no reason of its own. That is the one thing that is wrong.
#[test]
fn buckets_that_all_users_share_are_named_and_nothing_else_is() {
    let served = Served::start(&["--fault", "DEF-034"]);
    let workshop = aimed(&example(&served.base_url));
    let done = workshop.run(&[
        "conformance",
        "--target",
        "target.yaml",
        "--report-json",
        "report.json",
    ]);
    let report: Value = serde_json::from_str(&workshop.read("report.json")).unwrap();
    let requirements = report["requirements"].as_array().unwrap();
    let accused = requirements
        .iter()
        .filter(|entry| ["fail", "warn", "flaky"].contains(&entry["verdict"].as_str().unwrap()));
    let accused: Vec<_> = accused.map(|entry| entry["id"].clone()).collect();
    assert_eq!(accused, ["RATE-004"], "{}", done.stdout);
    assert_eq!(done.exit, 10);
    let named = requirements.iter().find(|entry| entry["id"] == "RATE-004");
    insta::assert_snapshot!(named.unwrap()["cases"], @r#"["otp.others-served","polling.others-served","push.challenge.others-served","recovery.others-served"]"#);
}

/// Ids with their verdicts, in the report's order.
fn verdicts(report: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).unwrap();
    let entries = ["requirements", "cases"].map(|list| report[list].as_array().unwrap().clone());
    entries
        .concat()
        .iter()
        .map(|entry| format!("{} {} {}", entry["id"], entry["verdict"], entry["cases"]))
        .collect()
}

#[test]
fn serve_says_where_it_is_and_ends_with_its_signal() {
    let workshop = Workshop::new();
    let mut child = workshop
        .command(&["serve", "--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said: Vec<String> = lines.by_ref().take(3).map(Result::unwrap).collect();
    let kill = |signal: &str| {
        let command = format!("kill -{signal} {}", child.id());
        std::process::Command::new("sh")
            .arg("-c")
            .arg(command)
            .status()
            .unwrap()
    };
    assert!(kill("TERM").success());
    assert_eq!(lines.count(), 0);
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let said = crate::command::plain(&said.join("\n"), &workshop.path(""));
    insta::assert_snapshot!(said);
}

#[test]
fn a_taken_port_is_a_usage_error() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let done = Workshop::new().run(&["serve", "--port", &port]);
    assert_eq!((done.exit, done.stdout.as_str()), (2, ""));
    insta::assert_snapshot!(done.stderr.replace(&port, "PORT"), @"
    error: port PORT is taken, perhaps by a sandbox that still runs
      help: choose another with --port, or 0 for a free one
    ");
}
