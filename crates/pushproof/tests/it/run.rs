//! A run in which everything is as it should be.

use insta::assert_snapshot;
use serde_json::Value;

use crate::command::{Workshop, transcript};

#[test]
fn everything_passes() {
    assert_snapshot!(transcript(&["conformance"]));
}

#[test]
fn quiet_says_how_it_ended() {
    assert_snapshot!(transcript(&["conformance", "-q", "recovery.*"]));
}

#[test]
fn verbose_tells_the_whole_story() {
    assert_snapshot!(transcript(&[
        "conformance",
        "-v",
        "push.enrol.confirmed-while-polling"
    ]));
}

/// Two runs of different ids, at different times, on different ports.
#[test]
fn twice_in_a_row_the_same_verdicts_in_the_same_order() {
    // Some cases fail and some cannot go on, so that there is more to compare than passes.
    let args = [
        "conformance",
        "--fault",
        "DEF-028",
        "--fault",
        "DEF-001",
        "--report-json",
        "report.json",
    ];
    let report = || {
        let workshop = Workshop::new();
        let done = workshop.run(&args);
        let mut report: Value = serde_json::from_str(&workshop.read("report.json")).unwrap();
        for varies in ["id", "started", "took_ms"] {
            assert!(
                report["run"]
                    .as_object_mut()
                    .unwrap()
                    .shift_remove(varies)
                    .is_some(),
                "the report has `{varies}`"
            );
        }
        // Cases side by side draw the numbers of exchanges from one row.
        for (list, varies) in [("cases", "took_ms"), ("findings", "exchange")] {
            for entry in report[list].as_array_mut().unwrap() {
                entry.as_object_mut().unwrap().shift_remove(varies);
            }
        }
        (done.exit, workshop.show(&done), report)
    };
    let (first, second) = (report(), report());
    assert_eq!(first.2, second.2);
    assert_eq!((first.0, first.1), (second.0, second.1));
}

#[test]
fn cases_selected_by_case_path_requirement_and_glob_keep_their_order() {
    let workshop = Workshop::new();
    let selected = |words: &[&str]| {
        let done = workshop.run(&[&["conformance"], words].concat());
        assert_eq!(done.exit, 0, "{}{}", done.stdout, done.stderr);
        let lines = done
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix("pass  "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        selected(&["recovery.rotation", "login.password"]),
        ["login.password", "recovery.rotation"]
    );
    assert_eq!(selected(&["push.challenge.rejected"]).len(), 3);
    assert_eq!(
        selected(&["push.challenge.rejected[decide_after=1]"]),
        ["push.challenge.rejected[decide_after=1]"]
    );
    assert_eq!(
        selected(&["scenarios/auth0/recovery/rotation.yaml"]),
        ["recovery.rotation"]
    );
    assert!(selected(&["RECOV-003"]).contains(&"recovery.rotation".to_owned()));
    // What the dialect demands of every reply is judged by whoever gets one.
    assert!(selected(&["HTTP-003"]).contains(&"recovery.rotation".to_owned()));
    assert!(
        selected(&["recovery.*"])
            .iter()
            .all(|case| case.starts_with("recovery."))
    );
}

/// A pipe gets no colour unless it is asked for, and `--color` is stronger than `NO_COLOR`.
#[test]
fn colour_where_it_is_wanted() {
    let coloured = |workshop: &Workshop, args: &[&str]| {
        let done = workshop.run(&[&["conformance", "login.password"], args].concat());
        done.stdout.contains('\u{1b}')
    };
    let plain = Workshop::new();
    assert!(!coloured(&plain, &[]));
    assert!(!coloured(&plain, &["--color", "auto"]));
    assert!(coloured(&plain, &["--color", "always"]));
    let refused = Workshop::new().with("NO_COLOR", "1");
    assert!(!coloured(&refused, &[]));
    assert!(!coloured(&refused, &["--color", "never"]));
    assert!(coloured(&refused, &["--color", "always"]));
}

/// Colour adds nothing but colour.
#[test]
fn without_its_colours_a_report_is_the_plain_one() {
    let workshop = Workshop::new();
    let args = ["conformance", "recovery.rotation", "--fault", "DEF-001"];
    let plain = workshop.transcript(&args);
    let colours = regex_lite::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    let coloured = workshop.run(&[&args[..], &["--color", "always"]].concat());
    let stripped = crate::command::Done {
        stdout: colours.replace_all(&coloured.stdout, "").into_owned(),
        ..coloured
    };
    assert_eq!(workshop.show(&stripped), plain);
}
