//! What can be asked without sending anything: `--help`, `check`, `list`, `explain`.

use insta::assert_snapshot;

use crate::command::{Workshop, transcript};

#[test]
fn help() {
    assert_snapshot!(transcript(&["--help"]));
}

#[test]
fn help_of_the_main_command() {
    assert_snapshot!(transcript(&["conformance", "--help"]));
}

#[test]
fn check_counts_what_it_looked_at() {
    let told = transcript(&["check"]);
    assert!(
        told.starts_with("exit: 0\n") && told.contains(": nothing wrong\n"),
        "{told}"
    );
}

#[test]
fn list_is_a_line_each() {
    let workshop = Workshop::new();
    for (args, holds) in [
        (
            &["list"][..],
            "recovery.rotation\tA recovery code works once, and using it hands out the next one",
        ),
        (
            &["list", "--requirements"],
            "RECOV-003\tmust\tA recovery code that was spent does not work again.",
        ),
        (&["list", "--faults"], "DEF-001\t"),
    ] {
        let done = workshop.run(args);
        assert_eq!((done.exit, done.stderr.as_str()), (0, ""));
        assert!(
            done.stdout.lines().any(|line| line.starts_with(holds)),
            "{args:?} without {holds:?}:\n{}",
            done.stdout
        );
        assert!(
            done.stdout.lines().all(|line| line.contains('\t')),
            "{args:?}: fields are separated by tabs"
        );
    }
}

#[test]
fn explain_an_operation() {
    assert_snapshot!(transcript(&["explain", "mfa.associate"]));
}

#[test]
fn list_of_operations() {
    assert_snapshot!(transcript(&["list", "--operations"]));
}

#[test]
fn list_names_every_fault_of_the_sandbox() {
    let done = Workshop::new().run(&["list", "--faults"]);
    let listed: Vec<&str> = done
        .stdout
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect();
    let known = pushproof_tenant::Fault::ALL.iter().map(|fault| fault.id());
    let forms = pushproof_tenant::ReplyFault::FORMS.map(|(form, ..)| form);
    let known: Vec<&str> = known.chain(forms).collect();
    assert_eq!(listed, known);
}

#[test]
fn help_of_the_sandbox() {
    assert_snapshot!(transcript(&["serve", "--help"]));
}

#[test]
fn explain_a_requirement() {
    assert_snapshot!(transcript(&["explain", "RECOV-003"]));
}

/// No step names it, and still every case that gets tokens judges it.
#[test]
fn explain_a_requirement_of_every_reply() {
    let told = transcript(&["explain", "HTTP-003"]);
    assert!(
        told.contains("Cases that judge it:\n") && told.contains("  recovery.rotation\n"),
        "{told}"
    );
}

#[test]
fn explain_a_case() {
    assert_snapshot!(transcript(&[
        "explain",
        "push.challenge.rejected[decide_after=0]"
    ]));
}

#[test]
fn explain_a_fault() {
    assert_snapshot!(transcript(&["explain", "DEF-028"]));
}

#[test]
fn explain_what_is_not_there() {
    assert_snapshot!(transcript(&["explain", "RECOV-03"]));
}
