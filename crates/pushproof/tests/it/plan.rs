//! What is told before anything is sent, and what several runs of a case or with several profiles come to.

use insta::assert_snapshot;
use pushproof_tenant::Settings;
use serde_json::Value;

use crate::command::{Workshop, transcript};
use crate::host::{Host, example};

const SECRETS: [(&str, &str); 3] = [
    ("SANDBOX_CLIENT_SECRET", pushproof_tenant::SANDBOX_CLIENT_SECRET),
    ("SANDBOX_OTHER_SECRET", pushproof_tenant::OTHER_CLIENT_SECRET),
    ("SANDBOX_RESTRICTED_SECRET", pushproof_tenant::RESTRICTED_CLIENT_SECRET),
];

fn workshop(target: &str) -> Workshop {
    let workshop = SECRETS.into_iter().fold(Workshop::new(), |workshop, (name, value)| workshop.with(name, value));
    workshop.write("target.yaml", target);
    workshop
}

#[test]
fn a_plan_of_the_sandbox() {
    assert_snapshot!(transcript(&["conformance", "recovery.*", "push.challenge.two-at-once", "--plan"]), @"");
}

/// Real time is what a plan is for: five minutes are more than `limits.wait` allows.
#[test]
fn a_plan_in_real_time_sends_nothing() {
    let host = Host::virtual_time(Settings::default());
    let target = host.target().replace("clock: {", "# clock: {");
    let workshop = workshop(&target);
    let args = ["conformance", "--target", "target.yaml", "-E", "id(push.challenge.*) & not covers(MTK-*)", "--plan", "--repeat", "3", "-j", "4"];
    assert_snapshot!(workshop.transcript(&args), @"");
    assert_eq!(host.seen().len(), 0);
}

#[test]
fn a_plan_keeps_to_the_limits() {
    let target = example("http://127.0.0.1:4010").replace("concurrency: 8", "pushes: 2, requests_per_second: 1, concurrency: 8").replace("clock: {", "# clock: {");
    let done = workshop(&target).run(&["conformance", "--target", "target.yaml", "push.challenge.approved", "--plan"]);
    let totals = done.stdout.split("\n\n").last().unwrap();
    assert_snapshot!(totals, @"");
}

#[test]
fn both_profiles_are_two_runs_with_a_record_each() {
    let workshop = Workshop::new();
    let args = ["conformance", "recovery.rotation", "--profile", "both", "--record", "run.jsonl", "--report-json", "report.json", "-q"];
    assert_snapshot!(workshop.transcript(&args), @"");
    for profile in ["documented", "observed"] {
        let report: Value = serde_json::from_str(&workshop.read(&format!("report.{profile}.json"))).unwrap();
        assert_eq!(report["run"]["profile"], profile);
        let again = workshop.run(&["report", &format!("run.{profile}.jsonl"), "-q"]);
        assert_eq!(again.exit, 0);
    }
}

#[test]
fn repeated_cases_keep_their_ids() {
    let workshop = Workshop::new();
    let args = ["conformance", "recovery.rotation", "--repeat", "3", "--record", "run.jsonl", "--report-json", "report.json", "-q"];
    assert_eq!(workshop.run(&args).exit, 0);
    let report: Value = serde_json::from_str(&workshop.read("report.json")).unwrap();
    assert_eq!(report["cases"].as_array().unwrap().len(), 1);
    let verdicts: Vec<&Value> = report["cases"][0]["instances"].as_array().unwrap().iter().map(|instance| &instance["verdict"]).collect();
    assert_eq!(verdicts, ["pass", "pass", "pass"]);
}

#[test]
fn what_is_known_does_not_fail_and_what_holds_again_does() {
    let workshop = Workshop::new();
    let run = |more: &[&str]| workshop.run(&[&["conformance", "recovery.rotation", "--record", "run.jsonl", "-q"], more].concat());
    let broken = ["--fault", "DEF-001"];
    assert_eq!(run(&broken).exit, 10);
    let list = run(&[&broken[..], &["--print-known"]].concat());
    assert_eq!(list.exit, 10);
    assert_snapshot!(list.stdout, @"");
    workshop.write("known.yaml", &list.stdout);
    let known = ["--known", "known.yaml"];
    assert_eq!(run(&[&broken[..], &known].concat()).exit, 0);
    assert_snapshot!(workshop.show(&run(&known)), @"");
    let expired = list.stdout.replace(" }", ", expires: 2020-01-31 }");
    workshop.write("known.yaml", &expired);
    assert_eq!(run(&[&broken[..], &known].concat()).exit, 10);
    workshop.write("known.yaml", &list.stdout.replace("old-code.expect", "old-code.outcomes"));
    assert_snapshot!(workshop.show(&run(&known)), @"");
    // An entry about another target is none of our business.
    workshop.write("known.yaml", &expired.replace("\"sandbox\"", "staging"));
    assert_eq!(run(&known).exit, 0);
}

#[test]
fn what_is_wrong_in_a_list_is_told_before_anything_is_sent() {
    let workshop = Workshop::new();
    workshop.write("known.yaml", "format: 1\nknown:\n  - { case: recovery.*, check: expect, reason: why, expires: 31.1.2027, tickets: MFA-1 }\n");
    assert_snapshot!(workshop.transcript(&["conformance", "--known", "known.yaml"]), @"");
}
