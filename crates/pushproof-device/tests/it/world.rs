//! What the tests share: keys, a phone at some stage of its life, and replies.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Response;
use pushproof_device::{KeyPair, Phone, Reading};
use serde_json::{Value, json};

pub(crate) const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

static KEY: LazyLock<KeyPair> = LazyLock::new(KeyPair::generate);

pub(crate) fn key() -> KeyPair {
    KEY.clone()
}

/// The instant of the published examples.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

pub(crate) fn new_phone() -> Phone {
    Phone::new(
        "https://tenant.example",
        "Ada's phone",
        "device-local-id-0001",
        "fcm-registration-token",
        key(),
    )
}

pub(crate) fn enrolled_phone() -> Phone {
    let mut phone = new_phone();
    assert_eq!(
        phone.enrolled(&json_reply(200, &enrolment())),
        Ok(Reading::Acknowledged)
    );
    phone
}

/// A phone with one push for each challenge, oldest first.
pub(crate) fn asked_phone(challenges: &[&str]) -> Phone {
    let mut phone = enrolled_phone();
    for challenge in challenges {
        assert_eq!(phone.receive(inbox(&[challenge]).as_bytes()), Ok(1));
    }
    phone
}

pub(crate) fn inbox(challenges: &[&str]) -> String {
    let payloads: Vec<Value> = challenges
        .iter()
        .map(|challenge| payload(challenge))
        .collect();
    Value::from(payloads).to_string()
}

pub(crate) fn payload(challenge: &str) -> Value {
    json!({
        "sh": "tenant.example",
        "dai": "dev_0123456789abcdef",
        "txtkn": format!("bearer-of-{challenge}"),
        "c": challenge,
        "d": "2026-01-01T00:00:00.000Z",
        "s": "{\"b\":{\"n\":\"Chrome\",\"v\":\"143\"},\"os\":{\"n\":\"Linux\",\"v\":\"6\"}}",
    })
}

pub(crate) fn enrolment() -> Value {
    json!({
        "id": "dev_0123456789abcdef",
        "url": "tenant.guardian.us.auth0.com",
        "issuer": "Acme Test",
        "user_id": "auth0|5f0000000000000000000001",
        "token": "opaque-device-account-token",
        "totp": { "secret": SEED, "algorithm": "SHA1", "digits": 6, "period": 30 },
    })
}

pub(crate) fn json_reply(status: u16, body: &Value) -> Response<Vec<u8>> {
    reply(
        status,
        Some("application/json; charset=utf-8"),
        body.to_string(),
    )
}

pub(crate) fn reply(
    status: u16,
    content_type: Option<&str>,
    body: impl Into<Vec<u8>>,
) -> Response<Vec<u8>> {
    let mut builder = Response::builder().status(status);
    if let Some(content_type) = content_type {
        builder = builder.header("content-type", content_type);
    }
    builder.body(body.into()).unwrap()
}

pub(crate) fn guardian_error(status: u16, code: &str) -> Response<Vec<u8>> {
    json_reply(
        status,
        &json!({ "statusCode": status, "errorCode": code, "error": "Words", "message": "More words" }),
    )
}
