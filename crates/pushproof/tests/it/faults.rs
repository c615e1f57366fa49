//! The suite itself, without sockets: what it says of a clean tenant, and which defects it finds.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pushproof_report::Verdict;
use pushproof_scenario::{Library, Program};
use pushproof_tenant::{Fault, Profile};

use crate::command::Workshop;
use crate::tenantry::{Batch, Outcome, in_process, library, name, programs};

/// Defects that no case tells from a clean tenant although a case judges a requirement they break, each with what is missing. The list can
/// only shrink.
const SURVIVORS: [&str; 0] = [];

#[test]
fn a_clean_tenant_is_never_accused() {
    let library = library();
    let batches = [Profile::Documented, Profile::Observed].map(|profile| Batch {
        programs: programs(&library, profile),
        profile,
        fault: None,
    });
    for (batch, outcome) in batches.iter().zip(in_process(&library, &batches, None)) {
        let bad = |case: &&pushproof_report::Case| case.verdict() != Verdict::Pass;
        let accused: Vec<_> = outcome
            .run
            .cases()
            .iter()
            .filter(bad)
            .map(|case| (&case.head.id, case.reason()))
            .collect();
        assert!(
            accused.is_empty(),
            "profile {}: {accused:#?}",
            name(batch.profile)
        );
        assert_eq!(
            outcome.run.contradictions(),
            [""; 0],
            "profile {}",
            name(batch.profile)
        );
        assert_eq!(
            outcome.run.exit_code(true),
            0,
            "profile {}",
            name(batch.profile)
        );
    }
}

#[test]
fn sockets_make_no_difference() {
    let workshop = Workshop::new();
    assert_eq!(
        workshop
            .run(&["conformance", "--record", "record.jsonl"])
            .exit,
        0
    );
    let record = workshop.read("record.jsonl");
    let over_http =
        pushproof_report::Run::fold(pushproof_report::read(record.as_bytes()).unwrap().events());

    let library = library();
    let batch = Batch {
        programs: programs(&library, Profile::Observed),
        profile: Profile::Observed,
        fault: None,
    };
    let without = in_process(&library, &[batch], None).remove(0).run;
    assert_eq!(verdicts(&without), verdicts(&over_http));
}

/// A line for each requirement and each case.
fn verdicts(run: &pushproof_report::Run) -> String {
    let mut text = String::new();
    for requirement in run.requirements() {
        writeln!(
            text,
            "{} {:?} {:?}",
            requirement.head.id, requirement.verdict, requirement.cases
        )
        .unwrap();
    }
    for case in run.cases() {
        writeln!(text, "{} {:?}", case.head.id, case.verdict()).unwrap();
    }
    text
}

/// Each fault against the cases that judge what it breaks. A fault whose requirements no case judges yet is not run.
#[test]
fn every_fault_that_a_case_could_find_is_found() {
    let library = library();
    let all = programs(&library, Profile::Observed);
    let batch = |fault: &Fault| Batch {
        programs: all
            .iter()
            .filter(|program| judges(&library, program, fault.breaks()))
            .cloned()
            .collect(),
        profile: Profile::Observed,
        fault: Some(*fault),
    };
    let batches: Vec<Batch> = Fault::ALL.iter().map(batch).collect();
    let outcomes = in_process(&library, &batches, None);

    let mut table = String::new();
    let mut survivors = BTreeSet::new();
    for (fault, outcome) in Fault::ALL.iter().zip(&outcomes) {
        let found = row(&mut table, *fault, outcome);
        if !outcome.run.cases().is_empty() && !found {
            survivors.insert(fault.id());
        }
    }
    insta::assert_snapshot!(table);
    assert_eq!(
        survivors,
        BTreeSet::from(SURVIVORS),
        "left: the faults that were not told from a clean tenant"
    );
}

/// By a step or check of its own, or by what the dialect demands of every reply.
fn judges(library: &Library, program: &Program, requirements: &[&str]) -> bool {
    let bindings = program.bindings();
    let own = bindings.iter().flat_map(|binding| &binding.covers);
    let always = library
        .dialect
        .always
        .iter()
        .flat_map(|always| &always.covers);
    own.chain(always)
        .any(|cover| requirements.contains(&cover.requirement.as_str()))
}

/// What a fault came to, and whether the run was anything but green.
fn row(table: &mut String, fault: Fault, outcome: &Outcome) -> bool {
    let found = outcome.run.exit_code(false) != 0;
    let requirements = outcome.run.requirements();
    let broken = fault.breaks().iter().map(|id| {
        let judged = requirements
            .iter()
            .find(|requirement| requirement.head.id == *id && requirement.is_selected());
        let unseen = judged.is_some_and(|requirement| requirement.observed == Some(false));
        let verdict = match judged {
            None => "no case".to_owned(),
            Some(_) if unseen => "not observed".to_owned(),
            Some(requirement) => requirement.verdict.to_string(),
        };
        let verdict_tells = judged.is_some_and(|requirement| {
            matches!(
                requirement.verdict,
                Verdict::Fail | Verdict::Warn | Verdict::Flaky
            )
        });
        (unseen || verdict_tells, format!("{id} {verdict}"))
    });
    let (accused, broken): (Vec<bool>, Vec<String>) = broken.unzip();
    let accused = accused.contains(&true);
    let word = match (outcome.run.cases().is_empty(), found, accused) {
        (true, ..) => "no case",
        (_, _, true) => "killed",
        // Seen, but what was accused is another requirement, or nobody.
        (_, true, false) => "noticed",
        (_, false, false) => "survived",
    };
    writeln!(table, "{:19} {word:9} {}", fault.id(), broken.join(", ")).unwrap();
    found || accused
}
