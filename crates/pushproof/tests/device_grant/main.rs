//! The second dialect, judged end to end: the command against a small server of the device authorization grant that shares no line with
//! any crate of the house. [`stub`] is the server, [`defect`] what can be wrong with it, [`judged`] one run of the command.

#![expect(clippy::unwrap_used, reason = "tests")]

mod defect;
mod judged;
mod stub;

use defect::Defect;
use judged::{Target, judge};
use stub::Stub;

/// Everything that can be judged is, and nothing is accused.
#[test]
fn a_clean_server_is_not_accused() {
    insta::assert_snapshot!(judge(Stub::clean(), &Target::default()).table());
}

/// Paths, inputs and the way clients prove themselves are the target's: the same server elsewhere, with secrets in the body.
#[test]
fn the_same_server_in_another_place_is_judged_the_same() {
    let mut elsewhere = Stub::clean();
    elsewhere.prefix = "/realms/tv/protocol";
    elsewhere.basic = false;
    elsewhere.scope_needed = true;
    let target = Target {
        prefix: "/realms/tv/protocol",
        auth: "body",
        more: "inputs: { scope: openid }\n",
    };
    let there = judge(elsewhere, &target);
    let here = judge(Stub::clean(), &Target::default());
    assert_eq!(there.table(), here.table());
}

/// Every defect is found by a requirement that it breaks; what else falls with it is told beside it.
#[test]
fn each_defect_is_found_by_its_requirement() {
    let mut found = String::new();
    for defect in Defect::ALL {
        let judged = judge(Stub::with(defect), &Target::default());
        let (requirement, verdict) = defect.breaks();
        assert_eq!(
            judged.verdict(requirement),
            verdict,
            "{defect:?}\n{}",
            judged.table()
        );
        found.push_str(&format!("{defect:?}: {}\n", judged.breached()));
    }
    insta::assert_snapshot!(found);
}

/// A server may be without a metadata document, and something before it may turn away who polls too fast, in its own words.
#[test]
fn what_a_server_may_do_without_is_no_accusation() {
    let mut bare = Stub::clean();
    bare.described = false;
    bare.guarded = true;
    let judged = judge(bare, &Target::default());
    insta::assert_snapshot!(judged.breached(), @"exit 0, ");
    assert_eq!(judged.verdict("META-002"), "not-applicable");
}

/// Where a person can only approve or go away, nothing is said of refusals.
#[test]
fn an_approver_that_cannot_refuse_is_not_asked_to() {
    let target = Target {
        more: "features: [approver, client.secret, client.other, clock]\n",
        ..Target::default()
    };
    let judged = judge(Stub::clean(), &target);
    insta::assert_snapshot!(judged.breached(), @"exit 0, ");
    assert_eq!(judged.verdict("POLL-003"), "not-applicable");
    assert_eq!(judged.verdict("POLL-002"), "pass");
}

/// A target that does not fit the dialect is told so before anything is sent.
#[test]
fn a_target_that_does_not_fit() {
    let target = |endpoints: &str| {
        format!(
            "format: 1\ntarget: t\nbase_url: http://127.0.0.1:9\ndialect: device-grant\nclient: {{ id: tv }}\n{endpoints}"
        )
    };
    let mut said = String::new();
    for endpoints in [
        "",
        "endpoints: { device_authorization: /d, tokne: /t }\n",
        "endpoints: { device_authorization: /d, token: /t }\ninputs: { scpoe: x }\n",
        "endpoints: { device_authorization: d, token: \"/t?x=1\" }\n",
    ] {
        said.push_str(&judged::refused(&target(endpoints)));
        said.push_str("---\n");
    }
    insta::assert_snapshot!(said);
}

/// Without a target there is only the sandbox, and that speaks another dialect.
#[test]
fn the_sandbox_speaks_another_dialect() {
    insta::assert_snapshot!(judged::without_target(), @r"
    exit 2
    error: the built-in sandbox speaks `auth0` and not `device-grant`
      help: name an endpoint that speaks it: `--target FILE`
    ");
}

#[test]
fn the_doctor_knows_the_profile_of_a_dialect_that_has_but_one() {
    insta::assert_snapshot!(judged::doctors_head(), @"doctor of `stub`: dialect device-grant, profile documented");
}
