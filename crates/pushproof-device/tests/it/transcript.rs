//! The requests of a phone, word for word; tokens shortened.

use std::fmt::Write as _;

use data_encoding::BASE64URL_NOPAD;
use http::Request;
use http::header::AUTHORIZATION;
use pushproof_device::{Decision, Platform, Which};
use serde_json::Value;

use crate::judge::{is_signed, part};
use crate::world::{asked_phone, enrolled_phone, key, new_phone, now};

const BARCODE: &str = "otpauth://totp/Acme:ada%40example.com?enrollment_tx_id=T1&base_url=https%3A%2F%2Fother.example%2Fappliance-mfa";

/// A request as text. JWTs are shown as their claims, the key's modulus by its length, this program's version not at all.
fn text(request: &Request<Vec<u8>>) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        let value = value.to_str().unwrap();
        let value = if name == "auth0-client" {
            decoded(value)
        } else {
            without_version(value)
        };
        writeln!(
            text,
            "{name}: {}",
            if name == AUTHORIZATION {
                bearer(&value)
            } else {
                value
            }
        )
        .unwrap();
    }
    if !request.body().is_empty() {
        let mut body: Value = serde_json::from_slice(request.body()).unwrap();
        shorten(&mut body);
        writeln!(text, "\n{body:#}").unwrap();
    }
    text
}

fn decoded(value: &str) -> String {
    let json = BASE64URL_NOPAD.decode(value.as_bytes()).unwrap();
    without_version(std::str::from_utf8(&json).unwrap())
}

fn without_version(value: &str) -> String {
    value.replace(env!("CARGO_PKG_VERSION"), "[version]")
}

fn bearer(value: &str) -> String {
    match value.strip_prefix("Bearer ") {
        Some(jwt) if jwt.contains('.') => format!("Bearer {}", part(jwt, 1)),
        _ => value.to_owned(),
    }
}

fn shorten(body: &mut Value) {
    if let Some(n) = body.pointer_mut("/public_key/n") {
        let octets = BASE64URL_NOPAD
            .decode(n.as_str().unwrap().as_bytes())
            .unwrap();
        let zero = if octets[0] == 0 { ", the first 0" } else { "" };
        *n = format!("[{} octets{zero}]", octets.len()).into();
    }
    if let Some(jwt) = body.get_mut("challenge_response") {
        let claims = part(jwt.as_str().unwrap(), 1);
        *jwt = claims;
    }
}

#[test]
fn enrol() {
    insta::assert_snapshot!(text(&new_phone().enrol(BARCODE).unwrap()), @r#"
    POST https://tenant.example/appliance-mfa/api/enroll
    authorization: Ticket id="T1"
    auth0-client: {"name":"pushproof","version":"[version]","env":{}}
    user-agent: pushproof/[version]
    accept-language: en
    content-type: application/json

    {
      "identifier": "device-local-id-0001",
      "name": "Ada's phone",
      "push_credentials": {
        "service": "GCM",
        "token": "fcm-registration-token"
      },
      "public_key": {
        "kty": "RSA",
        "alg": "RS256",
        "use": "sig",
        "e": "AQAB",
        "n": "[256 octets]"
      }
    }
    "#);
}

#[test]
fn enrol_as_the_platforms_do() {
    let android = text(&new_phone().on(Platform::Android).enrol(BARCODE).unwrap());
    let ios = text(&new_phone().on(Platform::Ios).enrol(BARCODE).unwrap());
    let plain = text(&new_phone().enrol(BARCODE).unwrap());
    insta::assert_snapshot!(difference(&plain, &android), @r#"
    content-type: application/json; charset=utf-8
    "n": "[257 octets, the first 0]"
    "#);
    insta::assert_snapshot!(difference(&plain, &ios), @r#"
    "service": "APNS",
    "#);
}

/// The lines of `other` that differ from those of `plain`.
fn difference(plain: &str, other: &str) -> String {
    let pairs = plain.lines().zip(other.lines());
    pairs
        .filter(|(plain, other)| plain != other)
        .map(|(_, other)| format!("{}\n", other.trim()))
        .collect()
}

#[test]
fn approve() {
    let phone = asked_phone(&["challenge-1"]);
    insta::assert_snapshot!(text(&phone.answer(Decision::Approve, Which::Newest, now()).unwrap()), @r#"
    POST https://tenant.example/appliance-mfa/api/resolve-transaction
    authorization: Bearer bearer-of-challenge-1
    auth0-client: {"name":"pushproof","version":"[version]","env":{}}
    user-agent: pushproof/[version]
    accept-language: en
    content-type: application/json

    {
      "challenge_response": {
        "iat": 1767225600,
        "exp": 1767225630,
        "aud": "https://tenant.example/appliance-mfa/api/resolve-transaction",
        "iss": "device-local-id-0001",
        "sub": "challenge-1",
        "auth0_guardian_method": "push",
        "auth0_guardian_accepted": true
      }
    }
    "#);
}

#[test]
fn reject() {
    let phone = asked_phone(&["challenge-1"]).on(Platform::Ios);
    let decision = Decision::Reject {
        reason: Some("not_me".into()),
    };
    insta::assert_snapshot!(text(&phone.answer(decision, Which::Newest, now()).unwrap()), @r#"
    POST https://tenant.example/appliance-mfa/api/resolve-transaction
    authorization: Bearer bearer-of-challenge-1
    auth0-client: {"name":"pushproof","version":"[version]","env":{}}
    user-agent: pushproof/[version]
    accept-language: en
    content-type: application/json

    {
      "challenge_response": {
        "iat": 1767225600.0,
        "exp": 1767225630.0,
        "aud": "https://tenant.example/appliance-mfa/api/resolve-transaction",
        "iss": "device-local-id-0001",
        "sub": "challenge-1",
        "auth0_guardian_method": "push",
        "auth0_guardian_accepted": false,
        "auth0_guardian_reason": "not_me"
      }
    }
    "#);
}

#[test]
fn reject_without_a_reason() {
    let phone = asked_phone(&["challenge-1"]);
    let request = phone
        .answer(Decision::Reject { reason: None }, Which::Newest, now())
        .unwrap();
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    let claims = part(body["challenge_response"].as_str().unwrap(), 1);
    assert_eq!(claims["auth0_guardian_accepted"], false);
    assert_eq!(claims.get("auth0_guardian_reason"), None);
}

#[test]
fn unenrol() {
    let request = enrolled_phone().unenrol(now()).unwrap();
    let jwt = request.headers()[AUTHORIZATION]
        .to_str()
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap();
    assert!(is_signed(jwt, &key().public_jwk()));
    insta::assert_snapshot!(text(&request), @r#"
    DELETE https://tenant.example/appliance-mfa/api/device-accounts/dev_0123456789abcdef
    authorization: Bearer {"iat":1767225600,"exp":1767232800,"aud":"https://tenant.example/appliance-mfa/api/device-accounts","iss":"dev_0123456789abcdef","sub":"auth0|5f0000000000000000000001"}
    auth0-client: {"name":"pushproof","version":"[version]","env":{}}
    user-agent: pushproof/[version]
    accept-language: en
    "#);
}
