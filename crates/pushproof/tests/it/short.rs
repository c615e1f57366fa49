//! Requirements that a short file is enough for: what it is called, how long it is, and which faults it finds.

use std::fmt::Write as _;
use std::sync::Arc;

use pushproof_report::Verdict;
use pushproof_scenario::Program;
use pushproof_tenant::{Fault, Profile};

use crate::tenantry::{Batch, Outcome, in_process, library, programs};

/// Whoever reads such a file aloud still knows at its end how it began.
const LINES_MAX: usize = 24;

const SHORT: [(&str, &str); 13] = [
    ("OOB-POLL-008", "push.challenge.crossed-users"),
    ("OOB-POLL-015", "push.challenge.race"),
    ("OOB-POLL-019", "polling.too-fast"),
    ("RATE-001", "polling.steady"),
    ("DEV-003", "device.forged"),
    ("HTTP-005", "http.repeated-parameter"),
    ("MTK-003", "login.mfa-token-expires"),
    ("SMS-003", "sms.code"),
    ("OTP-VERIFY-003", "otp.code-twice"),
    ("CHAL-015", "device.right-phone"),
    ("LIST-002", "push.list-entries"),
    ("PWD-008", "login.form-or-json"),
    ("ASSOC-014", "recovery.disabled"),
];

#[test]
fn thirteen_requirements_have_a_short_scenario_that_finds_their_faults() {
    let library = library();
    let all = programs(&library, Profile::Observed);
    let mut rows: Vec<(&str, &str, Option<Fault>)> = Vec::new();
    for (requirement, scenario) in SHORT {
        rows.push((requirement, scenario, None));
        let faults = Fault::ALL
            .iter()
            .filter(|fault| fault.breaks().contains(&requirement));
        rows.extend(faults.map(|fault| (requirement, scenario, Some(*fault))));
    }
    let batch = |(_, scenario, fault): &(&str, &str, Option<Fault>)| Batch {
        programs: cases(&all, scenario),
        profile: Profile::Observed,
        fault: *fault,
    };
    let batches: Vec<Batch> = rows.iter().map(batch).collect();

    let mut table = String::new();
    for ((requirement, _, fault), (batch, outcome)) in rows
        .iter()
        .zip(batches.iter().zip(in_process(&library, &batches, None)))
    {
        let verdict = verdict(&outcome, requirement);
        match fault {
            None => {
                let (file, lines) = file(&batch.programs[0]);
                assert!(lines <= LINES_MAX, "{file} has {lines} lines");
                assert_eq!(verdict, Verdict::Pass, "{requirement} on a clean tenant");
                writeln!(table, "{requirement:14} {lines:2} lines  {file}").unwrap();
            }
            Some(fault) => {
                let is_breach = matches!(verdict, Verdict::Fail | Verdict::Warn);
                assert!(is_breach, "{requirement} with {fault}: {verdict}");
                writeln!(table, "  {fault}: {verdict}").unwrap();
            }
        }
    }
    insta::assert_snapshot!(table);
}

fn cases(all: &[Arc<Program>], scenario: &str) -> Vec<Arc<Program>> {
    let is_of = |program: &&Arc<Program>| program.id.split('[').next() == Some(scenario);
    let cases: Vec<_> = all.iter().filter(is_of).cloned().collect();
    assert!(!cases.is_empty(), "there is no scenario `{scenario}`");
    cases
}

fn verdict(outcome: &Outcome, requirement: &str) -> Verdict {
    let requirements = outcome.run.requirements();
    let found = requirements
        .iter()
        .find(|found| found.head.id == requirement);
    found.expect("the dialect has it").verdict
}

/// Where a case is written, and how many lines that file has.
fn file(program: &Program) -> (String, usize) {
    let path = program.source.path().to_owned();
    let inside = path.strip_prefix("scenarios/").unwrap();
    let text = pushproof_dialects::FILES
        .iter()
        .find(|(known, _)| *known == inside);
    (inside.to_owned(), text.unwrap().1.lines().count())
}
