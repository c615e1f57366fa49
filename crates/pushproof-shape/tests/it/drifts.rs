//! What the gate says when a reply is no longer what was stored.

use pushproof_shape::{Hints, Severity, Shape, compare};
use serde_json::{Value, json};

use crate::replies::hints;

fn check(stored: &str, seen: &Value) -> String {
    let stored: Shape = stored.parse().unwrap();
    let seen = Shape::infer(seen, &hints().and(Hints::of(&stored)));
    lines(&stored, &seen)
}

fn lines(stored: &Shape, seen: &Shape) -> String {
    compare(stored, seen)
        .iter()
        .map(|drift| format!("{drift}\n"))
        .collect()
}

const PUSH: &str = r#"
authenticator_type: "oob"
barcode_uri:        secret url
oob_channel:        "auth0"
oob_code:           secret string
recovery_codes?:    array of secret string
"#;

#[test]
fn a_push_association_that_holds() {
    let seen = json!({ "authenticator_type": "oob", "barcode_uri": "otpauth://totp/a", "oob_channel": "auth0", "oob_code": "Fe26" });
    insta::assert_snapshot!(check(PUSH, &seen), @"");
}

/// DEF-021, DEF-022 and DEF-060 of the protocol notes, all at once.
#[test]
fn a_push_association_with_defects() {
    let seen = json!({
        "authenticator_type": "oob", "barcode_uri": "otpauth://totp/a", "oob_channels": ["auth0"], "oob_code": "Fe26",
        "binding_method": "prompt", "access_token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
    });
    insta::assert_snapshot!(check(PUSH, &seen), @r#"
    additive: `access_token` is new: `secret jwt`
    additive: `binding_method` is new: `"prompt"`
    breaking: `oob_channel` is missing
    additive: `oob_channels` is new: `array of string`
    "#);
}

#[test]
fn strings_that_changed() {
    let stored = "error: \"access_denied\"\nid: uuid\nat: time\nlink: secret url";
    let seen = json!({ "error": "invalid_grant", "id": "17", "at": "https://example.com", "link": "none" });
    insta::assert_snapshot!(check(stored, &seen), @r#"
    breaking: `at` was a `time`, is a `url`
    breaking: `error` was always `"access_denied"`, is `"invalid_grant"`
    breaking: `id` was a `uuid`, is a `string`
    breaking: `link` was a `url`, is a `string`
    "#);
}

#[test]
fn types_that_changed() {
    let stored = "a: integer\nb: string\nc: null | string\nd: array of nothing\ne: map of integer\nf: object\n  g: string";
    let seen = json!({ "a": 1.5, "b": null, "c": 5, "d": [{ "x": 1 }], "e": { "ada@example.com": 1, "bob": "x" }, "f": [1] });
    insta::assert_snapshot!(check(stored, &seen), @"
    breaking: `a` was `integer`, is `number`
    breaking: `b` was `string`, is `null`
    breaking: `c` was `null | string`, is `integer`
    additive: `d.*` was never seen with content, is `object`
    breaking: `e.*` was `integer`, is also `string`
    breaking: `f` was `object`, is `array`
    ");
}

/// Many replies seen: what only some lack, and constants that are none.
#[test]
fn replies_that_differ_among_themselves() {
    let stored: Shape = "challenge_type: \"oob\"\noob_code: secret string"
        .parse()
        .unwrap();
    let seen: Shape = [
        json!({ "challenge_type": "otp" }),
        json!({ "challenge_type": "oob", "oob_code": "Fe26", "expires_in": 300 }),
    ]
    .iter()
    .map(|reply| Shape::infer(reply, &hints()))
    .collect();
    insta::assert_snapshot!(lines(&stored, &seen), @r#"
    breaking: `challenge_type` was always `"oob"`, is any `string`
    additive: `expires_in` is new and optional: `integer`
    breaking: `oob_code` is missing in some replies
    "#);
}

#[test]
fn deep_and_odd_places() {
    let stored = "array of object\n  \"a.b\": string\n  inner: array | object\n    - integer\n    x: integer";
    let seen = json!([{ "a.b": 1, "inner": [true] }, { "inner": { "x": "\u{1b}[2J", "new \u{202e}name": 1 } }]);
    insta::assert_snapshot!(check(stored, &seen), @r#"
    breaking: `*."a.b"` is missing in some replies
    breaking: `*."a.b"` was `string`, is `integer`
    breaking: `*.inner.*` was `integer`, is `boolean`
    additive: `*.inner."new \u202ename"` is new: `integer`
    breaking: `*.inner.x` was `integer`, is `string`
    "#);
}

#[test]
fn declared_secret_or_map_or_anything_later() {
    let reply = json!({ "code": "K6LG", "claims": { "a": 1 }, "rest": [1] });
    let stored = Shape::infer(&reply, &Hints::none());
    let seen = Shape::infer(
        &reply,
        &Hints::none().secret("code").map("claims").anything("rest"),
    );
    insta::assert_snapshot!(lines(&stored, &seen), @"
    breaking: `claims` had fixed members, is a `map` now
    additive: `code` is declared secret now
    breaking: `rest` can no longer be described: `anything`
    ");
}

#[test]
fn the_whole_reply() {
    insta::assert_snapshot!(check("array of nothing", &json!({ "error": "access_denied" })), @"breaking: the reply was `array`, is `object`");
}

#[test]
fn additive_is_less_than_breaking() {
    let stored: Shape = "a: integer".parse().unwrap();
    let seen = Shape::infer(&json!({ "b": 1 }), &Hints::none());
    let worst = compare(&stored, &seen)
        .iter()
        .map(pushproof_shape::Drift::severity)
        .max();
    assert_eq!(worst, Some(Severity::Breaking));
}
