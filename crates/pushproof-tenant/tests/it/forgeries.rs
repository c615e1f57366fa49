//! Answers of phones that must not be believed (§8.5; DEV-002 to DEV-005).

use serde_json::{Value, json};

use crate::phone::{Phone, Signing, p256_jwk, public_jwk, sign, sign_p256};
use crate::world::World;

#[test]
fn forged_answers_are_refused_and_leave_the_push_pending() {
    let mut world = World::honest();
    let phone = world.enrolled("ada").phone;
    let login = world.login("ada");
    world.push(&login);
    let earlier = world.read_push(&phone).unwrap();
    let code = world.push(&login);
    let push = world.read_push(&phone).unwrap();
    let now = world.unix_time();
    let honest = phone.claims(&push, true, now);
    let with = |name: &str, value: Value| {
        let mut claims = honest.clone();
        claims[name] = value;
        sign(&claims, Signing::Own)
    };
    let without = |name: &str| {
        let mut claims = honest.clone();
        claims.as_object_mut().unwrap().remove(name);
        sign(&claims, Signing::Own)
    };
    let signed = sign(&honest, Signing::Own);
    let forgeries = [
        ("wrong key", sign(&honest, Signing::StrangeKey)),
        ("alg none", sign(&honest, Signing::None)),
        (
            "HS256 with the public key",
            sign(&honest, Signing::PublicKeyAsSecret),
        ),
        (
            "signature cut off",
            signed.rsplit_once('.').unwrap().0.to_owned() + ".",
        ),
        ("signature altered", crate::world::altered(&signed)),
        ("wrong sub", with("sub", json!("other"))),
        ("sub of an earlier push", with("sub", earlier["c"].clone())),
        (
            "replayed from an earlier push",
            sign(&phone.claims(&earlier, true, now), Signing::Own),
        ),
        (
            "wrong aud",
            with("aud", json!("https://evil.example/api/resolve-transaction")),
        ),
        (
            "aud without the prefix",
            with(
                "aud",
                json!("https://tenant.example/api/resolve-transaction"),
            ),
        ),
        ("wrong iss", with("iss", json!(phone.id))),
        ("expired", with("exp", json!(now))),
        ("no exp", without("exp")),
        ("no decision", without("auth0_guardian_accepted")),
        (
            "decision as text",
            with("auth0_guardian_accepted", json!("true")),
        ),
        (
            "another method",
            with("auth0_guardian_method", json!("sms")),
        ),
        ("no token at all", "x".to_owned()),
    ];
    let mut told: Vec<String> = Vec::new();
    for (what, jwt) in &forgeries {
        let reply = world.send(phone.answer_with(&push, jwt));
        world.wait(100);
        told.push(format!("{what:<30} {}", reply.brief()));
    }
    world.wait(30_000);
    told.push(format!(
        "then the poll says             {}",
        world.poll(&login, &code).brief()
    ));
    insta::assert_snapshot!(told.join("\n"), @"
    wrong key                      401 invalid_challenge
    alg none                       401 invalid_challenge
    HS256 with the public key      401 invalid_challenge
    signature cut off              401 invalid_challenge
    signature altered              401 invalid_challenge
    wrong sub                      401 invalid_challenge
    sub of an earlier push         401 invalid_challenge
    replayed from an earlier push  401 invalid_challenge
    wrong aud                      401 invalid_challenge
    aud without the prefix         401 invalid_challenge
    wrong iss                      401 invalid_challenge
    expired                        401 invalid_challenge
    no exp                         401 invalid_challenge
    no decision                    401 invalid_challenge
    decision as text               401 invalid_challenge
    another method                 401 invalid_challenge
    no token at all                401 invalid_challenge
    then the poll says             400 authorization_pending
    ");

    let fractional =
        json!({ "exp": world.unix_time() as f64 + 30.5, "iat": world.unix_time() as f64 + 0.5 });
    let mut claims = honest.clone();
    claims
        .as_object_mut()
        .unwrap()
        .extend(fractional.as_object().unwrap().clone());
    assert_eq!(
        world
            .send(phone.answer_with(&push, &sign(&claims, Signing::Own)))
            .status,
        204
    );
    assert_eq!(world.poll(&login, &code).brief(), "200 tokens");
}

#[test]
fn an_answer_counts_once_and_for_one_push() {
    let mut world = World::honest();
    let phone = world.enrolled("ada").phone;
    let login = world.login("ada");
    let (first, second) = (world.push(&login), world.push(&login));
    let path = format!("/__control/inbox/{}", phone.push_token);
    let pushes = world.get(&path, None).body;
    let now = world.unix_time();
    let rejection = phone.answer(&pushes[0], false, now);
    assert_eq!(world.send(rejection.clone()).status, 204);
    assert_eq!(
        world.send(rejection).brief(),
        "404 login_transaction_not_found"
    );
    let approval = world.send(phone.answer(&pushes[0], true, now));
    assert_eq!(approval.brief(), "404 login_transaction_not_found");
    assert_eq!(world.poll(&login, &first).brief(), "400 access_denied");
    assert_eq!(
        world.poll(&login, &second).brief(),
        "400 authorization_pending"
    );
}

#[test]
fn only_the_challenged_phone_can_answer() {
    let mut world = World::honest();
    let phone = world.enrolled("ada").phone;
    let login = world.login("ada");
    let code = world.push(&login);
    let push = world.read_push(&phone).unwrap();
    let stranger = Phone::new("bob");
    let now = world.unix_time();
    assert_eq!(
        world.send(stranger.answer(&push, true, now)).brief(),
        "401 invalid_challenge"
    );
    let mut forged_bearer = push.clone();
    forged_bearer["txtkn"] = json!(crate::world::altered(push["txtkn"].as_str().unwrap()));
    assert_eq!(
        world.send(phone.answer(&forged_bearer, true, now)).brief(),
        "401 invalid_token"
    );
    assert_eq!(
        world.poll(&login, &code).brief(),
        "400 authorization_pending"
    );

    world.delete_phone(&phone);
    assert_eq!(
        world.send(phone.answer(&push, true, now)).brief(),
        "404 login_transaction_not_found"
    );
}

#[test]
fn enrolment_looks_at_ticket_and_key() {
    let mut world = World::honest();
    world.user("ada");
    let login = world.login("ada");
    let begun = world.associate_push(&login);
    let barcode = begun.text("barcode_uri");
    let phone = Phone::new("ada");
    let good = public_jwk(false);
    let key_with = |name: &str, value: Value| {
        let mut jwk = good.clone();
        jwk[name] = value;
        phone.body(&jwk)
    };
    let body_with = |name: &str, value: Value| {
        let mut body = phone.body(&good);
        body[name] = value;
        body
    };
    let short = good["n"].as_str().unwrap()[..172].to_owned();
    let tries = [
        ("kty oct", key_with("kty", json!("oct"))),
        ("alg HS256", key_with("alg", json!("HS256"))),
        ("use enc", key_with("use", json!("enc"))),
        ("1032 bits", key_with("n", json!(short))),
        ("n not base64url", key_with("n", json!("+/="))),
        ("e of 1", key_with("e", json!("AQ"))),
        ("e missing", key_with("e", Value::Null)),
        ("private key", key_with("d", json!("AQAB"))),
        ("no identifier", body_with("identifier", json!(""))),
        ("no name", body_with("name", Value::Null)),
        (
            "strange push service",
            body_with(
                "push_credentials",
                json!({ "service": "SMS", "token": "t" }),
            ),
        ),
        ("no body", json!([])),
    ];
    let mut told: Vec<String> = Vec::new();
    for (what, body) in &tries {
        told.push(format!(
            "{what:<22} {}",
            world.send(phone.enrol_with(&barcode, body)).full()
        ));
    }
    let strange = "otpauth://totp/x?enrollment_tx_id=00000000000000000000000000000000&base_url=x";
    told.push(format!(
        "unknown ticket         {}",
        world.send(phone.enrol(strange)).full()
    ));
    let bare = world.json("/api/enroll", None, &phone.body(&good));
    told.push(format!("no ticket              {}", bare.full()));
    assert_eq!(
        world.poll(&login, &begun.text("oob_code")).brief(),
        "400 authorization_pending"
    );
    let padded = world.send(phone.enrol_with(&barcode, &phone.body(&public_jwk(true))));
    told.push(format!("leading zero octet     {}", padded.brief()));
    insta::assert_snapshot!(told.join("\n"), @r#"
    kty oct                400 invalid_body "public_key.kty must be RSA or EC"
    alg HS256              400 invalid_body "public_key.alg must be RS256"
    use enc                400 invalid_body "public_key.use must be sig"
    1032 bits              400 invalid_body "public_key.n must have 2048 to 8192 bits"
    n not base64url        400 invalid_body "public_key.n must be base64url"
    e of 1                 400 invalid_body "public_key.e must be an odd number above 1"
    e missing              400 invalid_body "public_key.e must be base64url"
    private key            400 invalid_body "public_key must not hold a private key"
    no identifier          400 invalid_body "identifier is required."
    no name                400 invalid_body "name is required."
    strange push service   400 invalid_body "push_credentials.service must be GCM or APNS."
    no body                400 invalid_body "identifier is required."
    unknown ticket         404 enrollment_transaction_not_found "The enrollment transaction was not found."
    no ticket              401 invalid_token "Invalid token."
    leading zero octet     200 id url issuer user_id token totp
    "#);
    let login = world.login("ada");
    let code = world.push(&login);
    assert_eq!(
        world.decide(&phone, true).status,
        204,
        "the padded key verifies"
    );
    assert_eq!(world.poll(&login, &code).brief(), "200 tokens");
}

#[test]
fn both_paths_of_the_device_api_serve() {
    let mut world = World::honest();
    world.user("ada");
    let login = world.login("ada");
    let begun = world.associate_push(&login);
    let mut phone = Phone {
        prefix: "",
        ..Phone::new("ada")
    };
    assert_eq!(
        world.scan(&mut phone, &begun.text("barcode_uri")).status,
        200
    );
    let code = world.push(&login);
    assert_eq!(world.decide(&phone, true).status, 204);
    assert_eq!(world.poll(&login, &code).brief(), "200 tokens");
}

#[test]
fn a_phone_changes_its_account_and_leaves() {
    let mut world = World::honest();
    let mut phone = world.enrolled("ada").phone;
    let path = format!("/appliance-mfa/api/device-accounts/{}", phone.id);
    let own = json!({ "iss": phone.id, "sub": phone.user_id, "iat": world.unix_time(),
        "aud": "https://tenant.example/appliance-mfa/api/device-accounts", "exp": world.unix_time() + 7200 });
    let change =
        json!({ "name": "new phone", "push_credentials": { "token": "new-token" } }).to_string();
    let mut patch = |bearer: &str| {
        let authorization = format!("Bearer {bearer}");
        world
            .call(
                "PATCH",
                &path,
                &[("authorization", &authorization)],
                change.clone(),
            )
            .brief()
    };
    assert_eq!(patch("nonsense"), "401 invalid_token");
    assert_eq!(patch(&sign(&own, Signing::StrangeKey)), "401 invalid_token");
    assert_eq!(
        patch(&sign(&own, Signing::Own)),
        "200 id identifier name push_credentials"
    );
    phone.push_token = "new-token".into();
    let login = world.login("ada");
    assert!(
        world
            .list(&login)
            .entries()
            .contains("push active \"new phone\"")
    );
    world.push(&login);
    assert!(world.read_push(&phone).is_some());
    assert_eq!(world.delete_phone(&phone).brief(), "204");
    assert_eq!(
        world.delete_phone(&phone).brief(),
        "404 device_account_not_found"
    );
    assert_eq!(world.list(&login).entries(), "recovery-code active");
}

/// A phone may have a P-256 key instead of an RSA one (§8.3); nothing else about it differs.
#[test]
fn a_phone_with_a_p256_key() {
    let mut world = World::honest();
    world.user("ada");
    let login = world.login("ada");
    let begun = world.associate_push(&login);
    let barcode = begun.text("barcode_uri");
    let mut phone = Phone::new("ada");
    let good = p256_jwk();
    let key_with = |name: &str, value: Value| {
        let mut jwk = good.clone();
        jwk[name] = value;
        phone.body(&jwk)
    };
    let x = good["x"].as_str().unwrap();
    let tries = [
        ("another curve", key_with("crv", json!("P-384"))),
        ("alg RS256", key_with("alg", json!("RS256"))),
        ("use enc", key_with("use", json!("enc"))),
        ("short x", key_with("x", json!(x[..40]))),
        ("not on the curve", key_with("y", json!(x))),
        ("no y", key_with("y", Value::Null)),
        ("private key", key_with("d", json!("AQAB"))),
        ("good", phone.body(&good)),
    ];
    let mut enrolled = Value::Null;
    let told = tries.map(|(what, body)| {
        let reply = world.send(phone.enrol_with(&barcode, &body));
        enrolled = reply.body.clone();
        format!("{what:<17} {}", reply.full())
    });
    insta::assert_snapshot!(told.join("\n"), @r#"
    another curve     400 invalid_body "public_key.crv must be P-256"
    alg RS256         400 invalid_body "public_key.alg must be ES256"
    use enc           400 invalid_body "public_key.use must be sig"
    short x           400 invalid_body "public_key.x must be 32 octets in base64url"
    not on the curve  400 invalid_body "public_key is no point of P-256"
    no y              400 invalid_body "public_key.y must be 32 octets in base64url"
    private key       400 invalid_body "public_key must not hold a private key"
    good              200 id url issuer user_id token totp
    "#);
    phone.enrolled(&enrolled);
    let code = world.push(&login);
    let push = world.read_push(&phone).unwrap();
    let claims = phone.claims(&push, true, world.unix_time());
    let mut answer = |jwt: String| world.send(phone.answer_with(&push, &jwt)).brief();
    let signed = sign_p256(&claims, "ES256");
    let answers = [
        ("RSA key", answer(sign(&claims, Signing::Own))),
        ("alg RS256", answer(sign_p256(&claims, "RS256"))),
        ("altered", answer(crate::world::altered(&signed))),
        ("good", answer(signed)),
    ];
    let told = answers.map(|(what, reply)| format!("{what:<10} {reply}"));
    insta::assert_snapshot!(told.join("\n"), @"
    RSA key    401 invalid_challenge
    alg RS256  401 invalid_challenge
    altered    401 invalid_challenge
    good       204
    ");
    assert_eq!(world.poll(&login, &code).brief(), "200 tokens");
}
