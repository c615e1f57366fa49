//! Ctrl-C in the middle of a case.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::codes::aimed;
use crate::command::Done;
use crate::host::Host;

/// The case polls every five seconds of real time. As soon as its first poll is answered it is interrupted: it ends at once, its users are
/// deleted, its record is whole, and the exit code says why.
#[test]
fn an_interrupted_run_cleans_up_and_says_so() {
    let (tell, told) = mpsc::channel();
    let host = Host::real_time(Arc::new(move |seen| {
        if seen.path == "/mfa/associate" {
            let _ = tell.send(());
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
    let mut child = workshop
        .command(&args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let wait = std::time::Duration::from_secs(30);
    told.recv_timeout(wait)
        .expect("the case asks for an enrolment");
    let sent = Command::new("sh")
        .arg("-c")
        .arg(format!("kill -INT {}", child.id()))
        .status()
        .unwrap();
    assert!(sent.success());

    let (mut stdout, mut stderr) = (String::new(), String::new());
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut stdout)
        .unwrap();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    let exit = child
        .wait()
        .unwrap()
        .code()
        .expect("it ends by itself, not by the signal");
    insta::assert_snapshot!(workshop.show(&Done {
        exit,
        stdout,
        stderr
    }));

    let seen = host.seen();
    let created = seen
        .iter()
        .filter(|seen| seen.path == "/api/v2/users" && seen.status == 201)
        .count();
    let deleted = seen
        .iter()
        .filter(|seen| seen.method == "DELETE" && seen.path.starts_with("/api/v2/users/"))
        .count();
    assert_eq!((created, deleted), (1, 1));

    let record = workshop.read("record.jsonl");
    let last: Value = serde_json::from_str(record.lines().last().unwrap()).unwrap();
    assert_eq!(
        json!([last["kind"], last["exit"], last["complete"]]),
        json!(["run-finished", 130, false])
    );
    assert_eq!(workshop.run(&["report", "record.jsonl"]).exit, 130);
}
