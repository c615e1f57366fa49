//! Which cases are meant: SELECT and `-E`.

use insta::assert_snapshot;

use crate::command::{Workshop, transcript};

/// The ids that a filter leaves, one a line.
fn ids(args: &[&str]) -> String {
    let done = Workshop::new().run(&[&["list"], args].concat());
    assert_eq!((done.exit, done.stderr.as_str()), (0, ""), "{args:?}");
    done.stdout
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn words_and_filters_meet() {
    assert_snapshot!(ids(&["recovery.rotation", "recovery.wrong-code", "-E", "not covers(RECOV-003)"]), @"recovery.wrong-code");
    assert_snapshot!(ids(&["-E", "id(push.challenge.rejected[*]) & not id(*=1])"]), @"
    push.challenge.rejected[decide_after=0]
    push.challenge.rejected[decide_after=3]
    ");
    assert_snapshot!(ids(&["-E", "id(login.*) & (tag(smoke) | covers(MTK-003))"]), @"
    login.expired-associate
    login.expired-code
    login.expired-recovery
    login.expired-token-says-so
    login.expired-under-push
    login.mfa-token-expires
    login.password
    ");
    assert_snapshot!(ids(&["-E", "id(recovery.rotation) & needs(factor.recovery_code) & (covers(RECOV-001) | tag(no-such-tag))"]), @"recovery.rotation");
}

#[test]
fn not_binds_tighter_than_and_and_and_than_or() {
    let plain = ids(&[
        "-E",
        "id(recovery.rotation) | id(recovery.*) & not covers(RECOV-003)",
    ]);
    assert_eq!(
        plain,
        ids(&[
            "-E",
            "id(recovery.rotation) | (id(recovery.*) & (not covers(RECOV-003)))"
        ])
    );
    assert_ne!(
        plain,
        ids(&[
            "-E",
            "(id(recovery.rotation) | id(recovery.*)) & not covers(RECOV-003)"
        ])
    );
}

#[test]
fn what_cannot_be_understood_is_pointed_at() {
    for (filter, told) in [
        ("tagg(smoke)", "unknown test `tagg`"),
        ("tag(smoke) and id(x)", "unknown operator `and`"),
        ("(tag(smoke) | id(x)", "this parenthesis is never closed"),
        ("tag", "`tag` has no value"),
        (
            "tag(smoke) id(x)",
            "expected `&`, `|` or the end, found `i`",
        ),
        (
            "tag(smoke) &",
            "expected a test such as `tag(smoke)`, found the end",
        ),
        (
            "!tag(smoke)",
            "expected a test such as `tag(smoke)`, found `!`",
        ),
    ] {
        let done = Workshop::new().run(&["conformance", "-E", filter]);
        assert_eq!(done.exit, 2, "{filter}");
        assert!(
            done.stderr
                .starts_with(&format!("error: filter: {told}\n  | {filter}\n  | ")),
            "{}",
            done.stderr
        );
        assert!(done.stderr.contains("  help: "), "{}", done.stderr);
    }
    assert_snapshot!(transcript(&["conformance", "-E", "tag(smoke) & (covrs(RECOV-003) | id(x))"]), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: filter: unknown test `covrs`
      | tag(smoke) & (covrs(RECOV-003) | id(x))
      |               ^^^^^
      help: did you mean `covers`?
    ");
}

#[test]
fn nothing_selected_names_the_test_that_nothing_passes() {
    assert_snapshot!(transcript(&["conformance", "-E", "tag(push) & covers(RECOV-03)"]), @"
    exit: 4
    ----- stdout -----
    ----- stderr -----
    error: filter: no case passes this test
      | tag(push) & covers(RECOV-03)
      |                    ^^^^^^^^
      help: did you mean `RECOV-003`?
    ");
    assert_snapshot!(transcript(&["conformance", "-E", "id(recovery.rotation) & tag(rate)"]), @"
    exit: 4
    ----- stdout -----
    ----- stderr -----
    error: the filter `id(recovery.rotation) & tag(rate)` selects no case
      help: each of its tests is passed by some case, but no case by all that must be passed together
    ");
}
