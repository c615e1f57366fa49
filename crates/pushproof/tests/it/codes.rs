//! Exit codes, and what is said with each. The one that applies first wins (design §6).

use insta::assert_snapshot;

use crate::command::{Workshop, transcript};
use crate::host::{deserted, example};

/// Variables that the example target reads its secrets from.
pub(crate) const SECRETS: [(&str, &str); 3] = [
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

/// A folder with a target file and its secrets.
pub(crate) fn aimed(target: &str) -> Workshop {
    let workshop = SECRETS
        .iter()
        .fold(Workshop::new(), |workshop, (name, value)| {
            workshop.with(name, value)
        });
    workshop.write("target.yaml", target);
    workshop
}

/// A copy of the dialect in which one file differs.
fn bent(file: &str, from: &str, to: &str) -> Workshop {
    let workshop = Workshop::new();
    for (path, text) in pushproof_dialects::FILES {
        let bent = if *path == file {
            text.replacen(from, to, 1)
        } else {
            (*text).to_owned()
        };
        assert!(*path != file || bent != *text, "`{file}` holds `{from}`");
        workshop.write(&format!("dialects/{path}"), &bent);
    }
    workshop
}

#[test]
fn usage_2_unknown_option() {
    assert_snapshot!(transcript(&["conformance", "--tarject", "x"]));
}

#[test]
fn usage_2_unknown_fault() {
    assert_snapshot!(transcript(&["conformance", "--fault", "DEF-0O1"]));
}

#[test]
fn usage_2_unknown_profile() {
    assert_snapshot!(transcript(&["conformance", "--profile", "observd"]));
}

#[test]
fn invalid_3_scenario() {
    let workshop = bent(
        "auth0/recovery/rotation.yaml",
        "expect: tokens",
        "expect: tokns",
    );
    assert_snapshot!(workshop.transcript(&["--dialects", "dialects", "conformance"]));
}

#[test]
fn invalid_3_dialect() {
    let workshop = bent("auth0/dialect.yaml", "operations:", "operatons:");
    assert_snapshot!(workshop.transcript(&["--dialects", "dialects", "conformance"]));
}

/// Every mistake in one pass, a secret that is not there among them; nothing is sent.
#[test]
fn invalid_3_target() {
    let text = example("http://127.0.0.1:9")
        .replace("timeout: 10s", "timeout: soon")
        .replace("settings:", "seting:");
    let workshop = Workshop::new()
        .with("SANDBOX_CLIENT_SECRET", "x")
        .with("SANDBOX_OTHER_SECRET", "y");
    workshop.write("target.yaml", &text);
    assert_snapshot!(workshop.transcript(&["conformance", "--target", "target.yaml"]));
}

#[test]
fn nothing_selected_4() {
    assert_snapshot!(transcript(&["conformance", "recovery.rotaton"]));
}

/// Every case needs what the target does not have: nothing is judged, and nothing is sent.
#[test]
fn unjudged_5_nothing_applies() {
    let text = example("http://127.0.0.1:9").replace("clock:", "features: []\n# clock:");
    let workshop = aimed(&text);
    assert_snapshot!(workshop.transcript(&[
        "conformance",
        "--target",
        "target.yaml",
        "recovery.rotation"
    ]));
}

/// Pushes go to the wrong phone, so one case cannot go on: that accuses nobody, and it is not green.
#[test]
fn unjudged_5_setup_fails() {
    assert_snapshot!(transcript(&[
        "conformance",
        "login.password",
        "login.subject",
        "--fault",
        "DEF-067"
    ]));
}

#[test]
fn failed_10() {
    let done = Workshop::new().run(&[
        "conformance",
        "-q",
        "recovery.rotation",
        "--fault",
        "DEF-001",
    ]);
    assert_eq!(done.exit, 10, "{}", done.stdout);
    assert!(
        done.stdout
            .ends_with("exit 10: non-conformant: 1 case failed\n"),
        "{}",
        done.stdout
    );
}

/// A SHOULD is a warning, until it is asked to count.
#[test]
fn warned_0_and_strict_10() {
    let workshop = Workshop::new();
    let args = ["conformance", "-q", "polling.burst", "--fault", "DEF-035"];
    assert_eq!(workshop.run(&args).exit, 0);
    assert_eq!(workshop.run(&[&args[..], &["--strict"]].concat()).exit, 10);
}

/// Nobody answers the clock hook, so no case begins.
#[test]
fn unusable_20_clock() {
    let workshop = aimed(&example(&deserted()));
    assert_snapshot!(workshop.transcript(&["conformance", "--target", "target.yaml"]));
}

/// Without a clock hook the first thing that is missing is a user.
#[test]
fn unusable_20_users() {
    let workshop = aimed(&example(&deserted()).replace("clock:", "# clock:"));
    assert_snapshot!(workshop.transcript(&[
        "conformance",
        "--target",
        "target.yaml",
        "recovery.wrong-code"
    ]));
}
