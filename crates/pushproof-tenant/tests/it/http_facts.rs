//! Methods, media types, headers and other matters of HTTP (§9), for every route.

use serde_json::json;

use crate::world::{OOB, World, encode};

#[test]
fn wrong_methods_and_unknown_paths() {
    let mut world = World::honest();
    let tries = [
        ("GET", "/oauth/token"),
        ("GET", "/mfa/associate"),
        ("GET", "/mfa/challenge"),
        ("POST", "/mfa/authenticators"),
        ("GET", "/mfa/authenticators/x"),
        ("POST", "/.well-known/jwks.json"),
        ("GET", "/appliance-mfa/api/enroll"),
        ("PUT", "/api/resolve-transaction"),
        ("GET", "/api/device-accounts/x"),
        ("GET", "/api/v2/users"),
        ("POST", "/api/v2/users/x"),
        ("POST", "/__control/inbox/x"),
        ("GET", "/__control/device"),
        ("GET", "/__control/clock"),
        ("POST", "/mfa/authenticators/a/b"),
        ("POST", "/mfa/authenticators/"),
        ("GET", "/nothing"),
    ];
    let mut told: Vec<String> = Vec::new();
    for (method, path) in tries {
        let reply = world.call(method, path, &[], "");
        assert_eq!(
            reply.header("content-type").split(';').next(),
            Some("application/json")
        );
        told.push(format!(
            "{method:<4} {path:<28} {} allow {}",
            reply.brief(),
            reply.header("allow")
        ));
    }
    insta::assert_snapshot!(told.join("\n"), @"
    GET  /oauth/token                 405 method_not_allowed allow POST
    GET  /mfa/associate               405 method_not_allowed allow POST
    GET  /mfa/challenge               405 method_not_allowed allow POST
    POST /mfa/authenticators          405 method_not_allowed allow GET
    GET  /mfa/authenticators/x        405 method_not_allowed allow DELETE
    POST /.well-known/jwks.json       405 method_not_allowed allow GET
    GET  /appliance-mfa/api/enroll    405 method_not_allowed allow POST
    PUT  /api/resolve-transaction     405 method_not_allowed allow POST
    GET  /api/device-accounts/x       405 method_not_allowed allow PATCH, DELETE
    GET  /api/v2/users                405 method_not_allowed allow POST
    POST /api/v2/users/x              405 method_not_allowed allow GET, PATCH, DELETE
    POST /__control/inbox/x           405 method_not_allowed allow GET
    GET  /__control/device            405 method_not_allowed allow POST
    GET  /__control/clock             404 not_found allow -
    POST /mfa/authenticators/a/b      404 not_found allow -
    POST /mfa/authenticators/         404 not_found allow -
    GET  /nothing                     404 not_found allow -
    ");
}

#[test]
fn headers_of_each_part() {
    let mut world = World::honest();
    world.enrolled("ada");
    let login = world.login("ada");
    let code = world.push(&login);
    let replies = [
        ("poll", world.poll(&login, &code)),
        ("list", world.list(&login)),
        ("challenge", world.challenge(&login, &json!({}))),
        ("bad bearer", world.list("x")),
        ("userinfo", world.get("/userinfo", None)),
        ("enrol", world.call("POST", "/api/enroll", &[], "")),
        ("jwks", world.get("/.well-known/jwks.json", None)),
    ];
    let names = [
        "content-type",
        "cache-control",
        "pragma",
        "www-authenticate",
        "x-ratelimit-remaining",
    ];
    let told = replies.iter().map(|(what, reply)| {
        let headers: Vec<_> = names.iter().map(|name| reply.header(name)).collect();
        assert_eq!(reply.header("date"), "Thu, 01 Jan 2026 00:00:00 GMT");
        format!("{what:<11} {} | {}", reply.status, headers.join(" | "))
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    poll        400 | application/json | no-store | no-cache | - | 11
    list        200 | application/json; charset=utf-8 | no-store | no-cache | - | -
    challenge   200 | application/json; charset=utf-8 | no-store | no-cache | - | 3
    bad bearer  401 | application/json; charset=utf-8 | no-store | no-cache | Bearer error="invalid_token" | -
    userinfo    401 | application/json | - | - | Bearer error="invalid_token" | -
    enrol       401 | application/json | - | - | Bearer error="invalid_token" | -
    jwks        200 | application/json | - | - | - | -
    "#);
}

#[test]
fn a_204_has_no_body_and_no_media_type() {
    let mut world = World::honest();
    let id = world.user("ada");
    let reply = world.remove_user(&id);
    assert_eq!(
        (reply.status, &*reply.raw, reply.header("content-type")),
        (204, "", "-")
    );
}

/// The tools of the documentation's snippets label the challenge body in six ways (§0.4, item 2).
#[test]
fn a_challenge_with_any_label() {
    let mut world = World::honest();
    world.enrolled("ada");
    let login = world.login("ada");
    let fields = [
        ("client_id", "sandbox-client"),
        ("client_secret", "sandbox-client-secret"),
        ("mfa_token", &*login),
        ("challenge_type", "otp"),
    ];
    let form = encode(&fields);
    let json = json!(
        fields
            .into_iter()
            .collect::<std::collections::BTreeMap<_, _>>()
    )
    .to_string();
    let form_label = "application/x-www-form-urlencoded";
    let tries = [
        ("JSON as JSON", Some("application/json"), &json),
        ("form as form", Some(form_label), &form),
        ("JSON as form", Some(form_label), &json),
        ("JSON as text", Some("text/plain"), &json),
        ("JSON as undefined", Some("undefined"), &json),
        ("JSON without label", None, &json),
        ("form without label", None, &form),
        ("form as JSON", Some("application/json"), &form),
    ];
    let told = tries.map(|(what, label, body)| {
        let headers: Vec<_> = label
            .map(|label| ("content-type", label))
            .into_iter()
            .collect();
        format!(
            "{what:<18} {}",
            world
                .call("POST", "/mfa/challenge", &headers, body.as_str())
                .brief()
        )
    });
    insta::assert_snapshot!(told.join("\n"), @"
    JSON as JSON       200 challenge_type
    form as form       200 challenge_type
    JSON as form       200 challenge_type
    JSON as text       200 challenge_type
    JSON as undefined  200 challenge_type
    JSON without label 200 challenge_type
    form without label 200 challenge_type
    form as JSON       400 invalid_request
    ");
}

#[test]
fn raw_grants_needless_bearers_and_content_types_on_a_get_are_harmless() {
    let mut world = World::honest();
    world.enrolled("ada");
    let login = world.login("ada");
    let code = world.push(&login);
    let rest = encode(&[
        ("client_id", "sandbox-client"),
        ("client_secret", "sandbox-client-secret"),
        ("mfa_token", &*login),
        ("oob_code", &*code),
    ]);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let raw = world.call(
        "POST",
        "/oauth/token",
        &[form],
        format!("grant_type={OOB}&{rest}"),
    );
    assert_eq!(raw.brief(), "400 authorization_pending");
    let bearer = format!("Bearer {login}");
    let body = format!("{}&{rest}", encode(&[("grant_type", OOB)]));
    let with_bearer = world.call(
        "POST",
        "/oauth/token",
        &[form, ("authorization", &bearer)],
        body,
    );
    assert_eq!(with_bearer.brief(), "400 authorization_pending");
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
    ];
    assert_eq!(
        world
            .call("GET", "/mfa/authenticators", &headers, "")
            .brief(),
        "200 list of 3"
    );
}

#[test]
fn oversized_input_is_refused_cleanly() {
    let mut world = World::honest();
    world.user("ada");
    let long = "A".repeat(65_536);
    assert_eq!(world.poll(&long, &long).brief(), "403 invalid_grant");
    assert_eq!(
        world.poll(&"A".repeat(300_000), "x").brief(),
        "413 invalid_request"
    );
    assert_eq!(world.list(&long).brief(), "401 invalid_grant");
}

#[test]
fn the_issuer_follows_the_host_unless_it_is_set() {
    let settings = pushproof_tenant::Settings::default();
    let mut tenant = pushproof_tenant::Tenant::new(settings, pushproof_tenant::Keys::generate());
    let request =
        http::Request::get("/.well-known/openid-configuration").header("host", "127.0.0.1:4010");
    let reply = tenant.handle(
        std::time::SystemTime::UNIX_EPOCH,
        request.body(Vec::new()).unwrap(),
    );
    let body: serde_json::Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(
        (&body["issuer"], &body["jwks_uri"]),
        (
            &json!("http://127.0.0.1:4010/"),
            &json!("http://127.0.0.1:4010/.well-known/jwks.json")
        )
    );
    let mut world = World::honest();
    assert_eq!(
        world
            .get("/.well-known/openid-configuration", None)
            .text("issuer"),
        "https://tenant.example/"
    );
}

/// No error repeats what was sent (SEC-001): neither codes nor tokens nor names.
#[test]
fn errors_echo_nothing() {
    const MARK: &str = "echo-me-if-you-dare";
    let mut world = World::honest();
    world.enrolled("ada");
    let login = world.login("ada");
    let names = [
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
        "binding_code",
        "grant_type",
    ];
    let grants = [
        "password",
        "client_credentials",
        OOB,
        crate::world::OTP,
        crate::world::RECOVERY,
    ];
    for grant in grants {
        for marked in names {
            let mut fields = vec![
                ("grant_type", grant),
                ("client_id", "sandbox-client"),
                ("client_secret", "sandbox-client-secret"),
                ("mfa_token", &*login),
                ("username", "ada@example.com"),
                ("password", "wrong"),
                ("audience", "urn:unknown"),
            ];
            fields.retain(|(name, _)| *name != marked);
            fields.push((marked, MARK));
            let reply = world.form("/oauth/token", &fields);
            assert!(
                reply.status >= 400 && !reply.raw.contains(MARK),
                "{}",
                reply.raw
            );
        }
    }
    let replies = [
        world.list(MARK),
        world.get("/userinfo", Some(MARK)),
        world.challenge(&login, &json!({ "authenticator_id": MARK })),
        world.challenge(&login, &json!({ "challenge_type": MARK })),
        world.challenge(MARK, &json!({})),
        world.associate(MARK, &json!({})),
        world.json(
            "/api/resolve-transaction",
            Some(MARK),
            &json!({ "challenge_response": MARK }),
        ),
        world.call(
            "POST",
            "/api/enroll",
            &[("authorization", &format!("Ticket id=\"{MARK}\""))],
            MARK,
        ),
        world.json(
            "/__control/device",
            None,
            &json!({ "action": MARK, "user": MARK }),
        ),
        world.json("/__control/settings", None, &json!({ MARK: MARK })),
        world.get(&format!("/{MARK}"), None),
    ];
    for reply in replies {
        assert!(
            reply.status >= 400 && !reply.raw.contains(MARK),
            "{}",
            reply.raw
        );
    }
}
