//! The language at its boundary: texts in, messages or transcripts out.

mod checked;
mod diagnostics;
mod fixes;
mod footprint;
mod fuzz;
mod laws;
mod many;
mod polling;
mod stage;
mod steps;
mod support;
mod waiting;
mod wire;

use pushproof_scenario::Diagnostic;

#[test]
fn the_dialect_of_the_repository_is_right() {
    let mut problems = support::problems(&support::auth0_files());
    problems.retain(Diagnostic::is_error);
    insta::assert_snapshot!(support::rendered(&problems), @"nothing is wrong");
}
