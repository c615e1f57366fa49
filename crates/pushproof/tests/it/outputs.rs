//! Where reports go: beside what stands there, through what is no file, and never over what is read.

use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use crate::command::Workshop;

const CASE: &str = "login.password";

/// A folder with the record of a run.
fn recorded() -> Workshop {
    let workshop = Workshop::new();
    let done = workshop.run(&["conformance", CASE, "--record", "run.jsonl"]);
    assert_eq!(done.exit, 0, "{}{}", done.stdout, done.stderr);
    workshop
}

#[test]
fn a_link_stays_and_its_file_is_written() {
    let workshop = recorded();
    workshop.write("deep/report.json", "old");
    symlink("deep/report.json", workshop.path("link.json")).unwrap();
    symlink("deep/new.json", workshop.path("dangling.json")).unwrap();
    for link in ["link.json", "dangling.json"] {
        let done = workshop.run(&["report", "run.jsonl", "--report-json", link]);
        assert_eq!(done.exit, 0, "{}{}", done.stdout, done.stderr);
        let kept = fs::symlink_metadata(workshop.path(link)).unwrap();
        assert!(kept.is_symlink(), "{link}");
    }
    for file in ["deep/report.json", "deep/new.json"] {
        assert!(workshop.read(file).starts_with('{'), "{file}");
    }
}

#[test]
fn what_is_no_file_is_written_through() {
    let workshop = recorded();
    symlink("/dev/null", workshop.path("null")).unwrap();
    let done = workshop.run(&["report", "run.jsonl", "--report-json", "null"]);
    assert_eq!(done.exit, 0, "{}{}", done.stdout, done.stderr);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    assert!(
        fs::symlink_metadata(workshop.path("null"))
            .unwrap()
            .is_symlink()
    );
    let done = workshop.run(&["report", "run.jsonl", "-q", "--report-junit", "/dev/stdout"]);
    assert!(
        done.stdout.contains("<testsuites"),
        "{}{}",
        done.stdout,
        done.stderr
    );
}

#[test]
fn two_outputs_on_one_path_are_refused() {
    let workshop = recorded();
    let before = workshop.read("run.jsonl");
    workshop.write("target.yaml", "format: 1\n");
    let mut told = String::new();
    for args in [
        &["report", "run.jsonl", "--report-json", "./run.jsonl"][..],
        &[
            "report",
            "run.jsonl",
            "--report-json",
            "x",
            "--report-junit",
            "x",
        ],
        &["conformance", CASE, "--record", "y", "--report-json", "y"],
        &[
            "conformance",
            CASE,
            "--target",
            "target.yaml",
            "--report-json",
            "target.yaml",
        ],
    ] {
        told.push_str(&workshop.transcript(args));
    }
    assert_eq!(workshop.read("run.jsonl"), before);
    assert_snapshot!(told, @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: `RECORD` and `--report-json` are one file, `./run.jsonl`
      help: give each a file of its own
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: `--report-json` and `--report-junit` are one file, `x`
      help: give each a file of its own
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: `--record` and `--report-json` are one file, `y`
      help: give each a file of its own
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: `--target` and `--report-json` are one file, `target.yaml`
      help: give each a file of its own
    ");
}

/// The disk is full: nobody asked for anything wrong, and all that the run came to is still told.
#[test]
fn a_record_that_cannot_be_written() {
    let workshop = Workshop::new();
    let args = [
        "conformance",
        CASE,
        "--record",
        "/dev/full",
        "--report-json",
        "report.json",
    ];
    let done = workshop.run(&args);
    assert!(workshop.read("report.json").contains(r#""exit": 5"#));
    assert_eq!(done.exit, 5, "{}{}", done.stdout, done.stderr);
    assert!(
        done.stdout.contains("1 pass") && done.stderr.contains("the record is not whole"),
        "{}{}",
        done.stdout,
        done.stderr
    );
}

#[test]
fn a_report_that_cannot_be_written() {
    let workshop = recorded();
    let done = workshop.run(&[
        "conformance",
        "-q",
        CASE,
        "--report-json",
        "/dev/full",
        "--report-junit",
        "junit.xml",
    ]);
    assert!(workshop.read("junit.xml").contains("<testsuites"));
    assert_snapshot!(workshop.show(&done), @"
    exit: 5
    ----- stdout -----
    requirements  13 pass, 1 not-applicable, 143 without a selected scenario
    cases         1 pass
    exit 0: nothing failed and nothing selected was left unjudged
    ----- stderr -----
    record: reports/[stamp]-[run id]/record.jsonl
    error: writing `/dev/full`: No space left on device (os error 28)
    ");
}
