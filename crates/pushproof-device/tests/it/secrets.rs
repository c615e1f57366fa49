//! What a phone knows does not show: not in `Debug`, not in an error, not in a refusal.

use pushproof_device::{Decision, Forgery, Which, ticket};
use serde_json::json;

use crate::judge::jwt_of;
use crate::world::{SEED, asked_phone, enrolment, guardian_error, json_reply, new_phone, now};

const BEARER: &str = "bearer-of-new";
const TOKEN: &str = "opaque-device-account-token";
/// How every JWT of a phone begins.
const JWT: &str = "eyJhbGci";

fn assert_silent(shown: &str) {
    for secret in [SEED, BEARER, TOKEN, "T-ticket", JWT] {
        assert!(!shown.contains(secret), "`{secret}` is in {shown}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let phone = asked_phone(&["new"]);
    let answer = phone
        .answer(Decision::Approve, Which::Newest, now())
        .unwrap();
    let enrol = phone
        .enrol("otpauth://totp/x?enrollment_tx_id=T-ticket")
        .unwrap();
    let shown = format!(
        "{phone:?} {answer:?} {enrol:?} {:?}",
        phone.unenrol(now()).unwrap()
    );
    assert!(
        shown.contains("device-local-id-0001"),
        "it does show the rest"
    );
    assert_silent(&shown);
}

#[test]
fn errors_and_refusals_show_no_secret() {
    let mut phone = asked_phone(&["new"]);
    let mut shown = String::new();
    for (member, value) in [
        ("totp", json!(SEED)),
        ("token", json!([TOKEN])),
        ("id", json!({ "T-ticket": BEARER })),
    ] {
        let mut body = enrolment();
        body[member] = value;
        shown.push_str(&format!(
            "{:?}\n",
            phone.enrolled(&json_reply(200, &body)).unwrap_err()
        ));
    }
    for code in [SEED, BEARER, TOKEN, "T-ticket"] {
        shown.push_str(&format!(
            "{:?}\n",
            phone.answered(&guardian_error(400, code))
        ));
        shown.push_str(&format!(
            "{:?}\n",
            phone.receive(json!([code]).to_string().as_bytes())
        ));
        shown.push_str(&format!(
            "{:?}\n",
            ticket(&format!("otpauth://totp/x?enrollment_tx_id={code}%0a"))
        ));
        shown.push_str(&format!(
            "{:?}\n",
            new_phone().answer(Decision::Approve, Which::Transaction(code), now())
        ));
    }
    assert_silent(&shown);
}

/// Whoever writes records must learn every one of them.
#[test]
fn all_secrets_are_listed() {
    let phone = asked_phone(&["new"]);
    let jwt = jwt_of(
        &phone
            .answer(Decision::Approve, Which::Newest, now())
            .unwrap(),
    );
    let _ = phone.forge(Forgery::Expired, Decision::Approve, Which::Newest, now());
    let secrets: Vec<(&str, &str)> = phone.secrets().collect();
    assert_eq!(
        secrets,
        [
            ("device_token", TOKEN),
            ("totp_secret", SEED),
            ("txtkn", BEARER),
            ("challenge_response", jwt.as_str())
        ]
    );
    assert_eq!(new_phone().secrets().count(), 0);
}
