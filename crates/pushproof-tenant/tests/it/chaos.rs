//! Nothing that arrives makes the tenant panic, answer 5xx, or say something that is neither JSON nor empty.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::World;

const PATHS: [&str; 20] = [
    "/oauth/token",
    "/mfa/associate",
    "/mfa/challenge",
    "/mfa/authenticators",
    "/mfa/authenticators/push%7Cdev_1",
    "/mfa/authenticators/%ff%7",
    "/userinfo",
    "/.well-known/jwks.json",
    "/.well-known/openid-configuration",
    "/api/enroll",
    "/appliance-mfa/api/resolve-transaction",
    "/api/device-accounts/dev_1",
    "/api/v2/users",
    "/api/v2/users/auth0%7C1",
    "/api/v2/users/auth0%7C1/recovery-code-regeneration",
    "/__control/inbox/%f0%9f",
    "/__control/messages/x",
    "/__control/device",
    "/__control/settings",
    "/nowhere",
];

fn header_value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "(Basic|Bearer|Ticket|bearer) [ -~]{0,40}".prop_map(String::into_bytes),
        "Ticket id=\"[a-z]{0,3}\"?".prop_map(String::into_bytes),
        "Bearer [A-Za-z0-9_-]{0,9}\\.[A-Za-z0-9_-]{0,9}\\.[A-Za-z0-9_-]{0,9}"
            .prop_map(String::into_bytes),
        "application/(json|x-www-form-urlencoded)(; charset=.{0,4})?".prop_map(String::into_bytes),
    ]
}

const NAMES: [&str; 20] = [
    "grant_type",
    "client_id",
    "client_secret",
    "mfa_token",
    "oob_code",
    "otp",
    "recovery_code",
    "username",
    "password",
    "audience",
    "realm",
    "scope",
    "authenticator_types",
    "oob_channels",
    "challenge_type",
    "with",
    "action",
    "user",
    "faults",
    "public_key",
];

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just("password".to_owned()),
        Just("client_credentials".to_owned()),
        "http://auth0.com/oauth/grant-type/mfa-(oob|otp|recovery-code)",
        "sandbox-client(-secret)?",
        Just("ada@example.com".to_owned()),
        Just("correct horse ada".to_owned()),
        "(enrol|approve|code|oob|otp)",
        "Fe26\\.2\\*SERVER_1700000000\\*[0-9a-z*]{0,60}",
        ".{0,20}",
    ];
    prop_oneof![
        8 => text.prop_map(Value::String),
        1 => any::<f64>().prop_map(|number| json!(number)),
        1 => prop::sample::select(vec![json!(null), json!([]), json!([1]), json!(["oob"]), json!({}), json!({ "a": 1 })]),
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let pair = || (prop::sample::select(NAMES.as_slice()), value());
    let pairs = || prop::collection::vec(pair(), 0..7);
    let form = pairs().prop_map(|pairs| {
        let pairs = pairs
            .iter()
            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or("%")));
        pairs.collect::<Vec<_>>().join("&").into_bytes()
    });
    let object = pairs().prop_map(|pairs| {
        let object: serde_json::Map<_, _> = pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Value::Object(object).to_string().into_bytes()
    });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..200), form, object]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_arrives_is_answered(
        calls in prop::collection::vec((
            "(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|BREW)",
            prop::sample::select(PATHS.as_slice()),
            prop::collection::vec((prop::sample::select(vec!["authorization", "content-type", "host"]), header_value()), 0..3),
            body(),
            0_u64..4_000_000,
        ), 1..8),
    ) {
        let mut world = World::honest();
        world.enrolled("ada");
        for (method, path, headers, body, wait) in calls {
            world.wait(wait);
            let mut request = http::Request::builder().method(&*method).uri(path);
            for (name, value) in headers {
                if let Ok(value) = http::HeaderValue::from_bytes(&value) {
                    request = request.header(name, value);
                }
            }
            let reply = world.send(request.body(body).unwrap());
            prop_assert!(reply.status < 500 || reply.status == 501, "{} {} {}", method, path, reply.raw);
            prop_assert!(reply.raw.is_empty() == (reply.status == 204), "{} {} {}", method, path, reply.raw);
            prop_assert!(reply.raw.is_empty() || !reply.body.is_null());
            prop_assert!(reply.status < 400 || reply.body["error"].is_string());
        }
    }
}
