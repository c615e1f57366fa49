//! Failures as a reader meets them. Each transcript must explain itself: the story in time, the place in the scenario, the requirement, and
//! the request to send again.

use insta::assert_snapshot;

use crate::command::transcript;

/// The caret stands under the element of the pattern that was due.
#[test]
fn tokens_where_a_rejection_was_due() {
    assert_snapshot!(transcript(&[
        "conformance",
        "push.challenge.rejected[decide_after=1]",
        "--fault",
        "DEF-027"
    ]));
}

/// The pattern's first element is missed already: nobody has confirmed anything.
#[test]
fn tokens_before_anybody_confirmed() {
    assert_snapshot!(transcript(&[
        "conformance",
        "push.enrol.confirmed-while-polling",
        "--fault",
        "DEF-016"
    ]));
}

/// A decision that does not show within two polls.
#[test]
fn a_rejection_that_never_arrives() {
    assert_snapshot!(transcript(&[
        "conformance",
        "push.challenge.rejected[decide_after=1]",
        "--fault",
        "DEF-028"
    ]));
}

/// What was spent is accepted again.
#[test]
fn a_recovery_code_that_works_twice() {
    assert_snapshot!(transcript(&[
        "conformance",
        "recovery.rotation",
        "--fault",
        "DEF-001"
    ]));
}

/// What should be over after five minutes is not; the wait stands in the story.
#[test]
fn an_enrolment_that_does_not_expire() {
    assert_snapshot!(transcript(&[
        "conformance",
        "push.enrol.expires",
        "--fault",
        "DEF-041"
    ]));
}

/// Three rows of one scenario fail and others pass: a line each, the counts, the exit code.
#[test]
fn a_failure_among_others() {
    assert_snapshot!(transcript(&[
        "conformance",
        "-q",
        "push.challenge.*",
        "--fault",
        "DEF-028"
    ]));
}
