//! `kill -9` at any moment: what was written is whole up to its last line, and a report can be made of it.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use pushproof_runner::clock::Stopwatch;
use serde_json::Value;

use crate::command::Workshop;

/// So often it is killed; ten times take a few seconds.
const KILLS: u32 = 10;

/// How long a run takes that nobody disturbs.
fn undisturbed(workshop: &Workshop) -> Duration {
    let stopwatch = Stopwatch::start();
    assert_eq!(
        workshop
            .run(&["conformance", "--record", "whole.jsonl", "-q"])
            .exit,
        0
    );
    stopwatch.elapsed()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a process of its own is killed at a real moment"
)]
#[test]
fn a_killed_run_leaves_a_record_that_can_be_reported() {
    let workshop = Workshop::new();
    let whole = undisturbed(&workshop);
    let mut cut_short = 0;
    for kill in 0..KILLS {
        let name = format!("killed-{kill}.jsonl");
        let mut command = workshop.command(&["conformance", "--record", &name]);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Spread over the whole run, at no round moment.
        std::thread::sleep(
            whole * (2 * kill + 1) / (2 * KILLS) + Duration::from_micros(u64::from(kill) * 137),
        );
        child.kill().unwrap();
        child.wait().unwrap();
        let path = workshop.path(&name);
        // Killed before it had opened its record.
        let Ok(text) = fs::read(&path) else { continue };
        cut_short += u32::from(examine(&workshop, &name, &text));
    }
    assert!(
        cut_short > KILLS / 3,
        "only {cut_short} of {KILLS} kills met a running run"
    );
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
