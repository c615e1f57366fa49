//! The record: whole, readable by anybody, and enough to make every report again, even when it was cut.

use std::fs;

use pushproof_report::Run;
use pushproof_report::render::terminal::{self, Style};
use serde_json::{Value, json};

use crate::command::Workshop;

const ARGS: [&str; 7] = [
    "conformance",
    "recovery.rotation",
    "login.password",
    "--fault",
    "DEF-001",
    "--record",
    "record.jsonl",
];

#[test]
fn every_line_is_an_object_with_the_same_head() {
    let workshop = Workshop::new();
    workshop.run(&ARGS);
    let record = workshop.read("record.jsonl");
    assert!(record.ends_with('\n'));
    let lines: Vec<Value> = record
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut before = 0;
    for (seq, line) in lines.iter().enumerate() {
        assert_eq!(json!([line["v"], line["seq"]]), json!([1, seq]));
        let at_ms = line["at_ms"].as_u64().unwrap();
        assert!(
            at_ms >= before,
            "line {seq} was written before the one above it"
        );
        before = at_ms;
    }
    let kinds: Vec<&str> = lines
        .iter()
        .map(|line| line["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        (kinds[0], kinds[kinds.len() - 1]),
        ("run-started", "run-finished")
    );
    assert_eq!(lines[lines.len() - 1]["exit"], 10);
    assert_eq!(lines[lines.len() - 1]["complete"], true);
    let once = |kind| kinds.iter().filter(|known| **known == kind).count();
    assert_eq!(
        (
            once("run-started"),
            once("run-finished"),
            once("case-planned"),
            once("case-finished")
        ),
        (1, 1, 2, 2)
    );
    for kind in [
        "case-started",
        "step-started",
        "exchanged",
        "acted",
        "judged",
    ] {
        assert!(once(kind) > 0, "no `{kind}`");
    }
}

#[test]
fn its_path_is_the_first_line_on_stderr() {
    let workshop = Workshop::new();
    let done = workshop.run(&["conformance", "-q", "login.password"]);
    let path = done
        .stderr
        .lines()
        .next()
        .unwrap()
        .strip_prefix("record: ")
        .unwrap();
    let text = workshop.read(path);
    assert!(
        text.lines()
            .last()
            .unwrap()
            .contains(r#""kind":"run-finished""#)
    );
    let others: Vec<_> = fs::read_dir(workshop.path("reports")).unwrap().collect();
    assert_eq!(others.len(), 1);
}

/// The same text, the same JSON, the same exit code.
#[test]
fn a_report_made_again_is_the_report() {
    let workshop = Workshop::new();
    for (detail, strict) in [(&[][..], &[][..]), (&["-v"], &["--strict"]), (&["-q"], &[])] {
        let run =
            workshop.run(&[&ARGS[..], &["--report-json", "first.json"], detail, strict].concat());
        let again = ["report", "record.jsonl", "--report-json", "second.json"];
        let again = workshop.run(&[&again[..], detail, strict].concat());
        assert_eq!(again.stdout, run.stdout, "{detail:?}");
        assert_eq!(again.exit, run.exit);
        assert_eq!(workshop.read("second.json"), workshop.read("first.json"));
    }
}

/// As design §6 draws it: fields may be added, none may go.
#[test]
fn the_json_report_has_the_documented_members() {
    let workshop = Workshop::new();
    workshop.run(&[&ARGS[..], &["--report-json", "report.json", "--seed", "7"]].concat());
    let report: Value = serde_json::from_str(&workshop.read("report.json")).unwrap();
    let head = ["format", "kind", "pushproof", "exit", "complete"].map(|name| &report[name]);
    assert_eq!(
        json!(head),
        json!([1, "conformance", env!("CARGO_PKG_VERSION"), 10, true])
    );
    let run = ["seed", "target", "dialect", "profile"].map(|name| &report["run"][name]);
    assert_eq!(json!(run), json!([7, "sandbox", "auth0", "observed"]));
    assert!(report["run"]["id"].is_string() && report["run"]["took_ms"].is_u64());
    assert!(report["run"]["started"].as_str().unwrap().ends_with('Z'));

    let named = |list: &str, id: &str| {
        let entries = report[list].as_array().unwrap();
        entries
            .iter()
            .find(|entry| entry["id"] == id)
            .unwrap_or_else(|| panic!("`{list}` names `{id}`"))
            .clone()
    };
    let requirement = named("requirements", "RECOV-003");
    let shown = ["level", "verdict", "cases"].map(|name| &requirement[name]);
    assert_eq!(json!(shown), json!(["must", "fail", ["recovery.rotation"]]));
    let case = named("cases", "login.password");
    assert_eq!(
        json!([case["verdict"], case["reason"]]),
        json!(["pass", null])
    );
    assert!(
        case["file"]
            .as_str()
            .unwrap()
            .ends_with("scenarios/auth0/login/password.yaml")
            && case["line"].is_u64()
    );

    let finding = &report["findings"][requirement["findings"][0].as_u64().unwrap() as usize];
    assert_eq!(finding["requirements"], json!(["RECOV-003"]));
    for (name, value) in [
        ("level", "must"),
        ("case", "recovery.rotation"),
        ("step", "old-code"),
        ("check", "expect"),
        ("verdict", "fail"),
        ("expected", "refused"),
        ("actual", "tokens (200)"),
    ] {
        assert_eq!(finding[name], value, "{name}");
    }
    assert!(finding["exchange"].is_u64());
    let place = &finding["place"];
    assert!(place["file"].is_string() && place["line"].is_u64() && place["column"].is_u64());
}

/// Nobody exercised these, and the report says so instead of leaving them out.
#[test]
fn requirements_without_a_case_are_no_pass() {
    let workshop = Workshop::new();
    workshop.run(&[
        "conformance",
        "login.password",
        "--report-json",
        "report.json",
    ]);
    let report: Value = serde_json::from_str(&workshop.read("report.json")).unwrap();
    let requirements = report["requirements"].as_array().unwrap();
    assert!(requirements.len() >= 157);
    let idle = requirements
        .iter()
        .filter(|requirement| requirement["cases"].as_array().unwrap().is_empty());
    for requirement in idle {
        let verdict = requirement["verdict"].as_str().unwrap();
        assert!(
            matches!(verdict, "could-not-run" | "not-applicable"),
            "{requirement}"
        );
    }
}

/// Whatever was written when the power went: what stands before the cut is told, and it is no green run.
#[test]
fn a_record_cut_anywhere_still_reports() {
    let workshop = Workshop::new();
    workshop.run(&ARGS);
    let record = workshop.read("record.jsonl");
    let first_line = record.find('\n').unwrap() + 1;
    let (mut reported, last_line) = (0, record[..record.len() - 1].rfind('\n').unwrap());
    // Every byte of the last line; before it every place where a line ends, and a byte now and then.
    let ends = record
        .bytes()
        .enumerate()
        .filter(|(_, byte)| *byte == b'\n')
        .flat_map(|(at, _)| [at, at + 1, at + 2]);
    for cut in (0..record.len())
        .step_by(331)
        .chain(ends)
        .chain(last_line..record.len())
    {
        let part = &record.as_bytes()[..cut.min(record.len())];
        let read = pushproof_report::read(part)
            .unwrap_or_else(|error| panic!("cut at byte {cut}: {error}"));
        let run = Run::fold(read.events());
        if cut < first_line {
            assert!(
                run.head().is_none() || cut + 1 == first_line,
                "cut at byte {cut}"
            );
            continue;
        }
        let text = terminal::render(&run, &Style::default());
        let report: Value =
            serde_json::from_str(&pushproof_report::render::json::render(&run, false)).unwrap();
        let whole = cut + 1 >= record.len();
        assert_eq!(report["complete"], whole, "cut at byte {cut}");
        assert!(
            whole || run.exit_code(false) != 0,
            "cut at byte {cut}: a run that was cut is not green\n{text}"
        );
        reported += 1;
    }
    assert!(reported > 100, "only {reported} cuts");
}

#[test]
fn reports_of_cut_records() {
    let workshop = Workshop::new();
    // One case, so that its events come in one order.
    workshop.run(&[
        "conformance",
        "recovery.rotation",
        "--record",
        "record.jsonl",
    ]);
    let record = workshop.read("record.jsonl");
    let started = record.find(r#"{"v":1,"seq":12,"#).unwrap();
    let mut transcript = String::new();
    for (name, cut) in [
        ("in the middle of a line", started + 40),
        ("in the first line", 100),
        ("before anything", 0),
    ] {
        fs::write(workshop.path("cut.jsonl"), &record.as_bytes()[..cut]).unwrap();
        transcript.push_str(&format!(
            "===== {name}\n{}",
            workshop.transcript(&["report", "cut.jsonl"])
        ));
    }
    fs::write(workshop.path("cut.jsonl"), "no record\nat all\n").unwrap();
    transcript.push_str(&format!(
        "===== no record\n{}",
        workshop.transcript(&["report", "cut.jsonl"])
    ));
    insta::assert_snapshot!(transcript);
}
