//! `kill -9` at any moment: what was written is whole up to its last line, and a report can be made of it.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::command::Workshop;

/// So often it is killed; fifty times have been tried, and take a minute on a busy machine.
const KILLS: usize = 12;

/// What is run: long enough to be killed in its midst, short enough to be run again and again.
const SELECTED: &str = "push.challenge.*";

/// How many lines the record of a run has that nobody disturbs.
fn undisturbed(workshop: &Workshop) -> usize {
    let run = ["conformance", SELECTED, "--record", "whole.jsonl", "-q"];
    assert_eq!(workshop.run(&run).exit, 0);
    workshop.read("whole.jsonl").lines().count()
}

/// How many lines there are so far.
fn lines(path: &Path) -> usize {
    let text = fs::read(path).unwrap_or_default();
    text.iter().filter(|byte| **byte == b'\n').count()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a process of its own is watched, and killed at a real moment"
)]
#[test]
fn a_killed_run_leaves_a_record_that_can_be_reported() {
    let workshop = Workshop::new();
    let whole = undisturbed(&workshop);
    let mut cut_short = 0;
    for kill in 0..KILLS {
        let name = format!("killed-{kill}.jsonl");
        let path = workshop.path(&name);
        let mut command = workshop.command(&["conformance", SELECTED, "--record", &name]);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Spread over the whole run by what it has written, so that it does not matter how fast this machine is. The first is killed at once,
        // perhaps before it has opened its record.
        while lines(&path) < whole * kill / KILLS && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(500));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        match fs::read(&path) {
            Ok(text) => cut_short += usize::from(examine(&workshop, &name, &text)),
            Err(_) => cut_short += 1,
        }
    }
    assert!(cut_short > 0, "no kill met a running run");
}

/// Looks at a record and at the report that is made of it; true if the run had not ended.
fn examine(workshop: &Workshop, name: &str, record: &[u8]) -> bool {
    let whole_lines: Vec<&[u8]> = record
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.ends_with(b"\n"))
        .collect();
    for (number, line) in whole_lines.iter().enumerate() {
        let line: Value = serde_json::from_slice(line).expect("every line but the last is whole");
        assert_eq!(line["seq"], number);
    }
    let ended = whole_lines
        .last()
        .is_some_and(|line| String::from_utf8_lossy(line).contains("\"kind\":\"run-finished\""));
    let done = workshop.run(&[
        "report",
        name,
        "--report-json",
        "report.json",
        "--report-junit",
        "report.xml",
    ]);
    if whole_lines.is_empty() {
        assert_eq!(done.exit, 3, "{}", done.stderr);
        return true;
    }
    let report: Value = serde_json::from_str(&workshop.read("report.json")).unwrap();
    assert_eq!(report["complete"], ended);
    if !ended {
        assert!(
            [4, 5].contains(&done.exit),
            "exit {}: {}",
            done.exit,
            done.stderr
        );
        assert!(
            done.stderr
                .contains("note: the record ends before the run did"),
            "{}",
            done.stderr
        );
    }
    !ended
}
