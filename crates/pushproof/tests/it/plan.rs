//! What is told before anything is sent, and what several runs of a case or with several profiles come to.

use insta::assert_snapshot;
use pushproof_tenant::Settings;
use serde_json::Value;

use crate::command::{Workshop, transcript};
use crate::host::{Host, example};

const SECRETS: [(&str, &str); 3] = [
    (
        "SANDBOX_CLIENT_SECRET",
        pushproof_tenant::SANDBOX_CLIENT_SECRET,
    ),
    (
        "SANDBOX_OTHER_SECRET",
        pushproof_tenant::OTHER_CLIENT_SECRET,
    ),
    (
        "SANDBOX_RESTRICTED_SECRET",
        pushproof_tenant::RESTRICTED_CLIENT_SECRET,
    ),
];

fn workshop(target: &str) -> Workshop {
    let workshop = SECRETS
        .into_iter()
        .fold(Workshop::new(), |workshop, (name, value)| {
            workshop.with(name, value)
        });
    workshop.write("target.yaml", target);
    workshop
}

/// Without what changes with every new scenario.
fn without_counts(text: &str) -> String {
    text.lines()
        .filter(|line| !line.starts_with("requirements  "))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn a_plan_of_the_sandbox() {
    assert_snapshot!(transcript(&["conformance", "recovery.rotation", "push.challenge.two-at-once", "--plan"]), @"
    exit: 0
    ----- stdout -----
    plan for `sandbox`: dialect auth0, profile observed; nothing is sent

    case                        requests  pushes  users  protocol time  real time
    push.challenge.two-at-once  12 to 20       2      1      5s to 45s          -
    recovery.rotation           10 to 18       0      1      5s to 45s          -

    2 cases: 22 to 38 requests of their own, at most 2 pushes, 2 users, 3 device actions
    protocol time 10s to 1m 30s
    real time: a moment, since the clock of the target is advanced
    ----- stderr -----
    ");
}

/// Real time is what a plan is for: five minutes are more than `limits.wait` allows.
#[test]
fn a_plan_in_real_time_sends_nothing() {
    let host = Host::virtual_time(Settings::default());
    let target = host.target().replace("clock: {", "# clock: {");
    let workshop = workshop(&target);
    let args = [
        "conformance",
        "--target",
        "target.yaml",
        "push.challenge.rejected",
        "push.challenge.expires",
        "push.challenge.two-at-once",
        "--plan",
        "--repeat",
        "3",
        "-j",
        "4",
    ];
    assert_snapshot!(workshop.transcript(&args), @"
    exit: 0
    ----- stdout -----
    plan for `served-sandbox`: dialect auth0, profile observed; nothing is sent

    case                                     requests  pushes  users  protocol time      real time
    push.challenge.rejected[decide_after=0]  30 to 90       3      3   1m to 7m 30s   1m to 7m 30s
    push.challenge.rejected[decide_after=1]  30 to 90       3      3   1m to 7m 30s   1m to 7m 30s
    push.challenge.rejected[decide_after=3]  30 to 90       3      3   1m to 7m 30s   1m to 7m 30s
    push.challenge.two-at-once               36 to 60       6      3  15s to 2m 15s  15s to 2m 15s

    not applicable, the target lacks clock (it waits 5m 10s of real time, and `limits.wait` is 30s):
      push.challenge.expires

    4 cases: 126 to 330 requests of their own, at most 15 pushes, 12 users, 33 device actions
    protocol time 3m 15s to 24m 45s
    real time 1m to 13m 42s with 4 cases at a time
    ----- stderr -----
    ");
    assert_eq!(host.seen().len(), 0);
}

#[test]
fn a_plan_keeps_to_the_limits() {
    let target = example("http://127.0.0.1:9")
        .replace(
            "concurrency: 8",
            "pushes: 2, requests_per_second: 1, concurrency: 8",
        )
        .replace("clock: {", "# clock: {");
    let done = workshop(&target).run(&[
        "conformance",
        "--target",
        "target.yaml",
        "push.challenge.approved",
        "--plan",
    ]);
    let totals = done.stdout.split("\n\n").last().unwrap();
    assert_snapshot!(totals, @"
    3 cases: 33 to 90 requests of their own, at most 3 pushes, 3 users, 6 device actions
    protocol time 30s to 5m 15s
    real time 33s to 2m 25s with 8 cases at a time
    note: `limits.pushes` is 2, so the run may be stopped by its own limits
    ");
}

#[test]
fn both_profiles_are_two_runs_with_a_record_each() {
    let workshop = Workshop::new();
    let args = [
        "conformance",
        "recovery.rotation",
        "--profile",
        "both",
        "--record",
        "run.jsonl",
        "--report-json",
        "report.json",
        "-q",
    ];
    assert_snapshot!(without_counts(&workshop.transcript(&args)), @"
    exit: 0
    ----- stdout -----
    cases         1 pass
    exit 0: nothing failed and nothing selected was left unjudged
    cases         1 pass
    exit 0: nothing failed and nothing selected was left unjudged
    ----- stderr -----
    record: run.documented.jsonl
    record: run.observed.jsonl
    ");
    for profile in ["documented", "observed"] {
        let report: Value =
            serde_json::from_str(&workshop.read(&format!("report.{profile}.json"))).unwrap();
        assert_eq!(report["run"]["profile"], profile);
        let again = workshop.run(&["report", &format!("run.{profile}.jsonl"), "-q"]);
        assert_eq!(again.exit, 0);
    }
}

#[test]
fn repeated_cases_keep_their_ids() {
    let workshop = Workshop::new();
    let args = [
        "conformance",
        "recovery.rotation",
        "--repeat",
        "3",
        "--record",
        "run.jsonl",
        "--report-json",
        "report.json",
        "-q",
    ];
    assert_eq!(workshop.run(&args).exit, 0);
    let report: Value = serde_json::from_str(&workshop.read("report.json")).unwrap();
    assert_eq!(report["cases"].as_array().unwrap().len(), 1);
    let verdicts: Vec<&Value> = report["cases"][0]["instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|instance| &instance["verdict"])
        .collect();
    assert_eq!(verdicts, ["pass", "pass", "pass"]);
}

#[test]
fn what_is_known_does_not_fail_and_what_holds_again_does() {
    let workshop = Workshop::new();
    let run = |more: &[&str]| {
        workshop.run(
            &[
                &[
                    "conformance",
                    "recovery.rotation",
                    "--record",
                    "run.jsonl",
                    "-q",
                ],
                more,
            ]
            .concat(),
        )
    };
    let broken = ["--fault", "DEF-001"];
    assert_eq!(run(&broken).exit, 10);
    let list = run(&[&broken[..], &["--print-known"]].concat());
    assert_eq!(list.exit, 10);
    assert_snapshot!(list.stdout, @r#"
    format: 1
    known:
      - { case: "recovery.rotation", check: "old-code.expect", target: "sandbox", reason: "got tokens (200), expected refused" }
    "#);
    workshop.write("known.yaml", &list.stdout);
    let known = ["--known", "known.yaml"];
    // What the deviation kept from being looked at is not excused with it.
    assert_eq!(run(&[&broken[..], &known].concat()).exit, 5);
    assert_snapshot!(without_counts(&workshop.show(&run(&known))), @"
    exit: 10
    ----- stdout -----
    cases         1 pass

    known deviations that must be revised
      known.yaml:3: recovery.rotation old-code.expect is stale: what it excuses
      holds now: remove it
    exit 10: non-conformant: 1 known deviation must be revised
    ----- stderr -----
    record: run.jsonl
    ");
    let expired = list.stdout.replace(" }", ", expires: 2020-01-31 }");
    workshop.write("known.yaml", &expired);
    assert_eq!(run(&[&broken[..], &known].concat()).exit, 10);
    workshop.write(
        "known.yaml",
        &list.stdout.replace("old-code.expect", "old-code.outcomes"),
    );
    assert_snapshot!(without_counts(&workshop.show(&run(&known))), @"
    exit: 10
    ----- stdout -----
    cases         1 pass

    known deviations that must be revised
      known.yaml:3: recovery.rotation old-code.outcomes is unmatched: no case has
      this id and this check: correct it, or remove it
    exit 10: non-conformant: 1 known deviation must be revised
    ----- stderr -----
    record: run.jsonl
    ");
    // An entry about another target is none of our business.
    workshop.write("known.yaml", &expired.replace("\"sandbox\"", "staging"));
    assert_eq!(run(&known).exit, 0);
}

#[test]
fn what_is_wrong_in_a_list_is_told_before_anything_is_sent() {
    let workshop = Workshop::new();
    workshop.write("known.yaml", "format: 1\nknown:\n  - { case: recovery.*, check: expect, reason: why, expires: 31.1.2027, tickets: MFA-1 }\n");
    assert_snapshot!(workshop.transcript(&["conformance", "--known", "known.yaml"]), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0401]: `expect` is not a step and its check
     --> known.yaml:3:32
      |
    3 |   - { case: recovery.*, check: expect, reason: why, expires: 31.1.2027, tickets: MFA-1 }
      |                                ^^^^^^
      |
      = help: a finding names it in its first line: `fail[wait.settles_within]`

    error[E0403]: `31.1.2027` is not a day
     --> known.yaml:3:62
      |
    3 |   - { case: recovery.*, check: expect, reason: why, expires: 31.1.2027, tickets: MFA-1 }
      |                                                              ^^^^^^^^^
      |
      = help: write year, month and day: `2027-01-31`

    error[E0101]: unknown key in a known deviation `tickets`
     --> known.yaml:3:73
      |
    3 |   - { case: recovery.*, check: expect, reason: why, expires: 31.1.2027, tickets: MFA-1 }
      |                                                                         ^^^^^^^
      |
      = help: did you mean `ticket`?

    error: 3 errors; nothing was sent
    ");
}
