//! A signal in the middle of a case.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use serde_json::{Value, json};

use crate::codes::aimed;
use crate::command::{Done, Workshop};
use crate::host::Host;

/// Long enough for any machine; nobody waits for it unless something is broken.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn an_interrupted_run_cleans_up_and_says_so() {
    let (workshop, done) = signalled("INT");
    insta::assert_snapshot!(workshop.show(&done));
    assert_eq!(workshop.run(&["report", "record.jsonl"]).exit, 130);
}

#[test]
fn a_terminated_run_too() {
    let (workshop, done) = signalled("TERM");
    assert_eq!(done.exit, 143, "{}{}", done.stdout, done.stderr);
    assert_eq!(workshop.run(&["report", "record.jsonl"]).exit, 143);
}

/// The case runs in real time. While its request for an enrolment is with the tenant the signal comes: the run ends without the reply, its user
/// is deleted, its record is whole.
fn signalled(signal: &str) -> (Workshop, Done) {
    let (asked, asks) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let host = Host::real_time(Arc::new(move |seen| {
        if seen.path == "/mfa/associate" {
            asked.send(()).unwrap();
            // The reply leaves when the run has heard the signal, or when there is nobody left to tell.
            let _ = held.lock().unwrap().recv_timeout(PATIENCE);
        }
    }));
    let workshop = aimed(&host.target().replace("clock:", "# clock:"));
    let args = [
        "conformance",
        "--target",
        "target.yaml",
        "--record",
        "record.jsonl",
        "push.challenge.approved[decide_after=1]",
    ];
    let mut command = workshop.command(&args);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    asks.recv_timeout(PATIENCE)
        .expect("the case asks for an enrolment");
    kill(signal, child.id());

    let mut stderr = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    while !stderr.contains("cleaning up") {
        assert_ne!(
            lines.read_line(&mut stderr).unwrap(),
            0,
            "it says that it has heard: {stderr}"
        );
    }
    release.send(()).unwrap();
    let mut stdout = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut stdout)
        .unwrap();
    lines.read_to_string(&mut stderr).unwrap();
    let exit = child
        .wait()
        .unwrap()
        .code()
        .expect("it ends by itself, not by the signal");

    let seen = host.seen();
    let created = seen
        .iter()
        .filter(|seen| seen.path == "/api/v2/users" && seen.status == 201);
    let deleted = seen
        .iter()
        .filter(|seen| seen.method == "DELETE" && seen.path.starts_with("/api/v2/users/"));
    assert_eq!((created.count(), deleted.count()), (1, 1));
    let record = workshop.read("record.jsonl");
    let last: Value = serde_json::from_str(record.lines().last().unwrap()).unwrap();
    assert_eq!(
        json!([last["kind"], last["exit"], last["complete"]]),
        json!(["run-finished", exit, false])
    );
    (
        workshop,
        Done {
            exit,
            stdout,
            stderr,
        },
    )
}

/// The second signal does not wait for the clean-up. Whoever is left by it is named, on the terminal and in any report that is made of the record.
#[test]
fn a_run_that_is_stopped_at_once_says_who_is_left() {
    let (asked, asks) = mpsc::channel();
    let (deleting, deletes) = mpsc::channel();
    let (_never, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let host = Host::real_time(Arc::new(move |seen| {
        if seen.path == "/mfa/associate" {
            asked.send(()).unwrap();
        }
        if seen.method == "DELETE" {
            deleting.send(()).unwrap();
            let _ = held.lock().unwrap().recv_timeout(PATIENCE);
        }
    }));
    let workshop = aimed(&host.target().replace("clock:", "# clock:"));
    let args = [
        "conformance",
        "--target",
        "target.yaml",
        "--record",
        "record.jsonl",
        "push.challenge.approved[decide_after=1]",
    ];
    let mut command = workshop.command(&args);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    asks.recv_timeout(PATIENCE)
        .expect("the case asks for an enrolment");
    kill("INT", child.id());
    deletes
        .recv_timeout(PATIENCE)
        .expect("the run deletes its user");
    kill("INT", child.id());
    let mut stderr = String::new();
    let mut lines = child.stderr.take().unwrap();
    lines.read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{stderr}");
    drop(_never);

    let made = host.seen();
    let made = made
        .iter()
        .find(|seen| seen.path == "/api/v2/users" && seen.status == 201)
        .unwrap();
    let made: Value = serde_json::from_str(&made.reply).unwrap();
    let (user, id) = (
        made["email"].as_str().unwrap(),
        made["user_id"].as_str().unwrap(),
    );
    let left = format!("user `{user}` (id `{id}`): made, and not seen to be deleted");
    assert!(stderr.contains(&left), "{stderr}");
    let report = workshop.run(&["report", "record.jsonl", "--report-json", "report.json"]);
    let report_json: Value = serde_json::from_str(&workshop.read("report.json")).unwrap();
    assert_eq!(
        report_json["left_behind"],
        json!([{ "case": "push.challenge.approved[decide_after=1]", "what": left }])
    );
    assert!(report.stdout.contains("left behind"), "{}", report.stdout);
}

pub(crate) fn kill(signal: &str, process: u32) {
    let command = format!("kill -{signal} {process}");
    assert!(
        Command::new("sh")
            .arg("-c")
            .arg(command)
            .status()
            .unwrap()
            .success()
    );
}
