//! Association, list, deletion and challenge of factors (§2 to §4), one-time and prompted codes.

use pushproof_tenant::SANDBOX_OTHER_AUDIENCE;
use serde_json::json;

use crate::phone::totp;
use crate::world::{OOB, ORIGIN, World, address, altered};

#[test]
fn what_an_association_refuses() {
    let mut world = World::honest();
    world.user("ada");
    let login = world.login("ada");
    let bodies = [
        json!({}),
        json!({ "authenticator_types": [] }),
        json!({ "authenticator_types": ["carrier-pigeon"] }),
        json!({ "authenticator_types": 7 }),
        json!({ "authenticator_types": ["oob"] }),
        json!({ "authenticator_types": ["oob"], "oob_channels": ["smoke"] }),
        json!({ "authenticator_types": ["oob"], "oob_channels": ["sms"] }),
        json!({ "authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "abc" }),
        json!({ "authenticator_types": ["oob"], "oob_channels": ["email"], "email": "nobody" }),
        json!({ "authenticator_types": ["otp"], "client_id": "sandbox-client", "client_secret": "no" }),
        json!({ "authenticator_types": ["otp"], "client_id": "other-client" }),
    ];
    let mut told: Vec<String> = bodies
        .iter()
        .map(|body| world.associate(&login, body).full())
        .collect();
    let json = [
        ("authorization", &*format!("Bearer {login}")),
        ("content-type", "application/json"),
    ];
    told.push(world.call("POST", "/mfa/associate", &json, "{").full());
    told.push(
        world
            .json(
                "/mfa/associate",
                None,
                &json!({ "authenticator_types": ["otp"] }),
            )
            .full(),
    );
    told.push(world.associate_push(&altered(&login)).full());
    insta::assert_snapshot!(told.join("\n"), @r#"
    400 invalid_request "Missing required parameter: authenticator_types"
    400 invalid_request "authenticator_types must be ["oob"] or ["otp"]"
    400 invalid_request "authenticator_types must be ["oob"] or ["otp"]"
    400 invalid_request "authenticator_types must be an array of strings"
    400 invalid_request "Missing required parameter: oob_channels"
    400 invalid_request "oob_channels must name one of auth0, sms, voice, email"
    400 invalid_request "Missing required parameter: phone_number"
    400 invalid_request "phone_number must be in E.164 form"
    400 invalid_request "email must be an address"
    401 invalid_client "Client authentication failed."
    400 invalid_request "mfa_token not issued to this client"
    400 invalid_request "The body is not a well-formed JSON object."
    401 invalid_grant "The mfa_token provided is invalid. Try getting a new token."
    401 invalid_grant "The mfa_token provided is invalid. Try getting a new token."
    "#);
    assert_eq!(world.list(&login).entries(), "", "nothing was created");

    assert_eq!(world.associate_push(&login).status, 200);
    assert_eq!(world.associate_otp(&login).status, 200);
    let again = world.associate(
        &login,
        &json!({ "authenticator_types": ["oob"], "oob_channels": "auth0",
        "client_id": "sandbox-client", "client_secret": "sandbox-client-secret" }),
    );
    assert_eq!(again.status, 200, "three in a row, while nothing is active");
    world.enrol_phone("ada");
    let before = world.list(&login).raw;
    assert_eq!(
        world.associate_otp(&login).full(),
        "403 access_denied \"User is already enrolled.\""
    );
    assert_eq!(world.list(&login).raw, before);
}

#[test]
fn a_forbidden_factor_is_refused() {
    let mut world = World::honest();
    world.user("ada");
    world.json("/__control/settings", None, &json!({ "factors": ["otp"] }));
    let login = world.login("ada");
    assert_eq!(world.associate_push(&login).brief(), "403 access_denied");
    assert_eq!(world.associate_otp(&login).status, 200);
}

#[test]
fn unconfirmed_factors_are_bounded() {
    let mut world = World::honest();
    world.user("ada");
    let login = world.login("ada");
    for _ in 0..100 {
        world.associate_push(&login);
    }
    assert!(world.list(&login).body.as_array().unwrap().len() < 30);
}

#[test]
fn one_time_codes_confirm_and_are_used_up() {
    let mut world = World::honest();
    world.user("ada");
    let login = world.login("ada");
    let secret = world.associate_otp(&login).text("secret");
    let mut told: Vec<String> = Vec::new();
    let now = world.unix_time();
    told.push(format!("wrong: {}", world.otp(&login, "000000").full()));
    told.push(format!(
        "two minutes old: {}",
        world.otp(&login, &totp(&secret, now - 120)).brief()
    ));
    told.push(format!("list: {}", world.list(&login).entries()));
    told.push(format!(
        "one step old: {}",
        world.otp(&login, &totp(&secret, now - 30)).brief()
    ));
    told.push(format!(
        "the same again: {}",
        world.otp(&login, &totp(&secret, now - 30)).brief()
    ));
    told.push(format!("list: {}", world.list(&login).entries()));
    let login = world.login("ada");
    told.push(format!(
        "challenge: {}",
        world
            .challenge(&login, &json!({ "challenge_type": "otp" }))
            .raw
    ));
    told.push(format!(
        "current: {}",
        world.otp(&login, &totp(&secret, now)).brief()
    ));
    told.push(format!(
        "one step ahead: {}",
        world.otp(&login, &totp(&secret, now + 30)).brief()
    ));
    told.push(format!(
        "current, after a later one: {}",
        world.otp(&login, &totp(&secret, now)).brief()
    ));
    insta::assert_snapshot!(told.join("\n"), @r#"
    wrong: 403 invalid_grant "Invalid otp_code."
    two minutes old: 403 invalid_grant
    list: totp inactive, recovery-code inactive
    one step old: 200 tokens
    the same again: 403 invalid_grant
    list: totp active, recovery-code active
    challenge: {"challenge_type":"otp"}
    current: 200 tokens
    one step ahead: 200 tokens
    current, after a later one: 403 invalid_grant
    "#);
}

#[test]
fn the_otp_sibling_counts_only_with_its_phone() {
    let mut world = World::honest();
    let phone = world.enrolled("ada").phone;
    let login = world.login("ada");
    let now = world.unix_time();
    assert_eq!(world.otp(&login, &phone.code(now)).brief(), "200 tokens");
}

/// Who has stolen a password before its owner enrolled must not keep a way in (ASSOC-008).
#[test]
fn an_app_begun_with_a_password_alone_is_void_once_a_factor_is_active() {
    let mut world = World::honest();
    world.user("ada");
    let thief = world.login("ada");
    let secret = world.associate_otp(&thief).text("secret");
    world.enrol_phone("ada");
    let now = world.unix_time();
    assert_eq!(
        world.otp(&thief, &totp(&secret, now)).brief(),
        "403 invalid_grant"
    );
}

#[test]
fn prompted_codes() {
    let mut world = World::honest();
    world.user("ada");
    let login = world.login("ada");
    let sms = json!({ "authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+15550101" });
    let begun = world.associate(&login, &sms);
    let mut told = vec![format!("associate: {}", begun.brief())];
    let oob_code = begun.text("oob_code");
    let message = world.get("/__control/messages/%2B15550101", None).body;
    let code = message[0]["code"].as_str().unwrap().to_owned();
    assert_eq!(
        (message.as_array().unwrap().len(), &message[0]["channel"]),
        (1, &json!("sms"))
    );
    let verify = |world: &mut World, login: &str, oob_code: &str, code: &str| {
        world
            .grant(
                OOB,
                &[
                    ("mfa_token", login),
                    ("oob_code", oob_code),
                    ("binding_code", code),
                ],
            )
            .full()
    };
    told.push(format!(
        "no code: {}",
        verify(&mut world, &login, &oob_code, "")
    ));
    let wrong = if code == "000000" { "111111" } else { "000000" };
    told.push(format!(
        "wrong code: {}",
        verify(&mut world, &login, &oob_code, wrong)
    ));
    told.push(format!("list: {}", world.list(&login).entries()));
    told.push(format!(
        "code: {}",
        verify(&mut world, &login, &oob_code, &code)
    ));
    told.push(format!("list: {}", world.list(&login).entries()));
    let login = world.login("ada");
    let voice = world.list(&login).id_of("voice|");
    let asked = world.challenge(&login, &json!({ "authenticator_id": voice }));
    told.push(format!("challenge: {}", asked.brief()));
    let message = world.get("/__control/messages/%2B15550101", None).body;
    told.push(format!("channel: {}", message[0]["channel"]));
    let code = message[0]["code"].as_str().unwrap();
    told.push(format!(
        "code: {}",
        verify(&mut world, &login, &asked.text("oob_code"), code)
    ));
    insta::assert_snapshot!(told.join("\n"), @r#"
    associate: 200 authenticator_type binding_method oob_channel oob_code recovery_codes
    no code: 400 invalid_request "Missing required parameter: binding_code"
    wrong code: 403 invalid_grant "Invalid binding_code."
    list: sms inactive "XXXX0101", voice inactive "XXXX0101", recovery-code inactive
    code: 200 tokens
    list: sms active "XXXX0101", voice active "XXXX0101", recovery-code active
    challenge: 200 challenge_type oob_code binding_method
    channel: "voice"
    code: 200 tokens
    "#);
}

#[test]
fn a_verified_address_is_a_factor_without_enrolment() {
    let mut world = World::honest();
    world.make_user("ada", true);
    let login = world.login("ada");
    let list = world.list(&login);
    assert_eq!(list.entries(), "email active \"****@exam*******\"");
    let asked = world.challenge(&login, &json!({ "challenge_type": "oob otp" }));
    assert_eq!(asked.body["binding_method"], "prompt");
    let path = format!("/__control/messages/{}", address("ada"));
    let code = world.get(&path, None).body[0]["code"]
        .as_str()
        .unwrap()
        .to_owned();
    let fields = [
        ("mfa_token", &*login),
        ("oob_code", &*asked.text("oob_code")),
        ("binding_code", &*code),
    ];
    assert_eq!(world.grant(OOB, &fields).brief(), "200 tokens");
    world.enrol_phone("ada");
    assert!(
        world
            .list(&login)
            .entries()
            .ends_with("email active \"****@exam*******\""),
        "the implicit one is last"
    );
    assert_eq!(
        world.challenge(&login, &json!({})).brief(),
        "200 challenge_type oob_code",
        "a phone comes first"
    );
}

#[test]
fn which_factor_is_challenged() {
    let mut world = World::honest();
    world.enrolled("ada");
    world.enrolled("bob");
    let (login, bob) = (world.login("ada"), world.login("bob"));
    let list = world.list(&login);
    let (push, sibling, recovery) = (
        list.id_of("push|"),
        list.id_of("totp|"),
        list.id_of("recovery-code|"),
    );
    let bobs = world.list(&bob).id_of("push|");
    let asked = [
        json!({}),
        json!({ "challenge_type": "oob" }),
        json!({ "challenge_type": "OTP" }),
        json!({ "challenge_type": "oob otp" }),
        json!({ "challenge_type": "otp oob" }),
        json!({ "challenge_type": "pigeon" }),
        json!({ "authenticator_id": push }),
        json!({ "authenticator_id": sibling }),
        json!({ "authenticator_id": push, "challenge_type": "otp" }),
        json!({ "authenticator_id": recovery }),
        json!({ "authenticator_id": bobs }),
        json!({ "authenticator_id": "push|dev_0000000000000000" }),
        json!({ "mfa_token": 7 }),
        json!({ "mfa_token": altered(&login) }),
        json!({ "client_secret": "no" }),
        json!({ "client_id": "other-client", "client_secret": "other-client-secret" }),
    ];
    let told: Vec<_> = asked
        .iter()
        .map(|more| world.challenge(&login, more).full())
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    200 challenge_type oob_code
    200 challenge_type oob_code
    200 challenge_type
    200 challenge_type oob_code
    200 challenge_type oob_code
    400 unsupported_challenge_type "The user does not support the requested challenge type(s)."
    200 challenge_type oob_code
    200 challenge_type
    400 unsupported_challenge_type "The user does not support the requested challenge type(s)."
    400 invalid_authenticator "The authenticator cannot be challenged."
    400 invalid_authenticator "The authenticator cannot be challenged."
    400 invalid_authenticator "The authenticator cannot be challenged."
    400 invalid_request "mfa_token must be a string"
    403 invalid_grant "Malformed mfa_token"
    401 invalid_client "Client authentication failed."
    400 invalid_request "mfa_token not issued to this client"
    "#);
}

#[test]
fn an_unconfirmed_factor_cannot_be_challenged() {
    let mut world = World::honest();
    world.user("ada");
    let login = world.login("ada");
    world.associate_push(&login);
    let push = world.list(&login).id_of("push|");
    assert_eq!(
        world
            .challenge(&login, &json!({ "authenticator_id": push }))
            .brief(),
        "400 invalid_authenticator"
    );
    assert_eq!(
        world.challenge(&login, &json!({})).brief(),
        "401 unsupported_challenge_type"
    );
}

#[test]
fn who_may_delete_what() {
    let mut world = World::honest();
    world.user("ada");
    let scope = "enroll read:authenticators remove:authenticators";
    let token = world.management_token("ada", scope);
    let reader = world.management_token("ada", "read:authenticators");
    let phone = world.enrol_phone("ada").phone;
    let bobs = world.enrolled("bob").phone;
    world.user("eve");
    let audience = [("audience", SANDBOX_OTHER_AUDIENCE), ("scope", scope)];
    let foreign = world.login_for("eve", &audience).text("mfa_token");
    let secret = world.associate_otp(&foreign).text("secret");
    let now = world.unix_time();
    let foreign = world
        .otp(&foreign, &totp(&secret, now))
        .text("access_token");
    let login = world.login("ada");
    let path = |id: &str| format!("/mfa/authenticators/push%7C{id}");
    let mut told: Vec<String> = Vec::new();
    let mut tell = |what: &str, answer: String| told.push(format!("{what:<28} {answer}"));
    tell(
        "login token",
        world.delete(&path(&phone.id), Some(&login)).full(),
    );
    tell(
        "scope missing",
        world.delete(&path(&phone.id), Some(&reader)).full(),
    );
    tell(
        "foreign audience",
        world.delete(&path(&phone.id), Some(&foreign)).full(),
    );
    tell("no token", world.delete(&path(&phone.id), None).full());
    tell(
        "another user's",
        world.delete(&path(&bobs.id), Some(&token)).full(),
    );
    tell("unknown", world.delete(&path("dev_0"), Some(&token)).full());
    tell(
        "badly encoded",
        world
            .delete("/mfa/authenticators/push%7", Some(&token))
            .full(),
    );
    tell("list before", world.list(&token).entries());
    tell(
        "own, as %7C",
        world.delete(&path(&phone.id), Some(&token)).brief(),
    );
    tell(
        "own, again",
        world.delete(&path(&phone.id), Some(&token)).brief(),
    );
    tell("list after", world.list(&token).entries());
    tell("associate, enrolled", {
        world.enrol_phone("ada");
        world.associate_otp(&token).brief()
    });
    let id = world.list(&token).id_of("push|");
    tell(
        "own, as |",
        world
            .delete(&format!("/mfa/authenticators/{id}"), Some(&token))
            .brief(),
    );
    tell("bob's is intact", {
        let login = world.login("bob");
        world.list(&login).entries()
    });
    insta::assert_snapshot!(told.join("\n"), @r#"
    login token                  401 invalid_grant "The mfa_token provided is invalid. Try getting a new token."
    scope missing                403 insufficient_scope "Insufficient scope, expected: remove:authenticators"
    foreign audience             401 invalid_grant "The mfa_token provided is invalid. Try getting a new token."
    no token                     401 invalid_grant "The mfa_token provided is invalid. Try getting a new token."
    another user's               404 not_found "Not found."
    unknown                      404 not_found "Not found."
    badly encoded                404 not_found "Not found."
    list before                  push active "ada's phone", totp active, recovery-code active
    own, as %7C                  204
    own, again                   404 not_found
    list after                   recovery-code active
    associate, enrolled          200 authenticator_type secret barcode_uri
    own, as |                    204
    bob's is intact              push active "bob's phone", totp active, recovery-code active
    "#);
}

#[test]
fn access_tokens_are_for_their_audience() {
    let mut world = World::honest();
    let id = world.user("ada");
    let direct = world.login_for("ada", &[("audience", &format!("{ORIGIN}/mfa/"))]);
    assert_eq!(
        (direct.brief(), direct.body["expires_in"].clone()),
        ("200 tokens".into(), json!(600))
    );
    assert_eq!(
        direct.claims("access_token")["scope"],
        "enroll read:authenticators remove:authenticators"
    );
    world.enrol_phone("ada");
    assert_eq!(
        world
            .login_for("ada", &[("audience", &format!("{ORIGIN}/mfa/"))])
            .brief(),
        "403 mfa_required"
    );

    let login = world
        .login_for("ada", &[("scope", "openid email offline_access admin")])
        .text("mfa_token");
    let code = world.push(&login);
    let phone = crate::phone::Phone::new("ada");
    world.decide(&phone, true);
    let tokens = world.poll(&login, &code);
    assert_eq!(
        tokens.body["scope"], "openid email offline_access",
        "unknown scopes are not granted"
    );
    assert!(tokens.body["refresh_token"].is_string());
    let (access, ident) = (tokens.claims("access_token"), tokens.claims("id_token"));
    assert_eq!(
        (&access["sub"], &ident["sub"], &ident["aud"]),
        (&json!(id), &json!(id), &json!("sandbox-client"))
    );
    let userinfo = world.get("/userinfo", Some(&tokens.text("access_token")));
    assert_eq!((userinfo.status, &userinfo.body["sub"]), (200, &json!(id)));
    assert_eq!(
        world.get("/userinfo", Some(&login)).brief(),
        "401 invalid_token"
    );
    assert_eq!(
        world
            .get("/userinfo", Some(&direct.text("access_token")))
            .brief(),
        "401 invalid_token"
    );
    let altered = altered(&tokens.text("access_token"));
    assert_eq!(
        world.get("/userinfo", Some(&altered)).brief(),
        "401 invalid_token"
    );
}

#[test]
fn whoever_passed_the_second_factor_manages_factors() {
    let mut world = World::honest();
    let phone = world.enrolled("ada").phone;
    let wish = [
        ("audience", &*format!("{ORIGIN}/mfa/")),
        ("scope", "enroll remove:authenticators"),
    ];
    let login = world.login_for("ada", &wish).text("mfa_token");
    let now = world.unix_time();
    let tokens = world.otp(&login, &phone.code(now));
    assert_eq!(
        (tokens.brief(), &tokens.body["expires_in"]),
        ("200 tokens".into(), &json!(600))
    );
    let token = tokens.text("access_token");
    let begun = world.associate_push(&token);
    assert_eq!(
        begun.brief(),
        "200 authenticator_type barcode_uri oob_channel oob_code"
    );

    let oob_code = begun.text("oob_code");
    assert_eq!(
        world.poll(&token, &oob_code).full(),
        "403 invalid_grant \"Malformed mfa_token\""
    );
    let another = world.login("ada");
    assert_eq!(
        world.poll(&another, &oob_code).brief(),
        "400 authorization_pending"
    );
    let mut second = crate::phone::Phone::new("second");
    world.scan(&mut second, &begun.text("barcode_uri"));
    assert_eq!(
        world.poll(&another, &oob_code).brief(),
        "200 tokens",
        "any login of the user confirms"
    );
    let list = world.list(&another).entries();
    assert_eq!(list.matches("push active").count(), 2);
    let deleted = world.delete(
        &format!("/mfa/authenticators/push|{}", phone.id),
        Some(&token),
    );
    assert_eq!(deleted.brief(), "204");
    let code = world.push(&another);
    assert_eq!(
        world.decide(&second, true).status,
        204,
        "the phone that is left is asked"
    );
    assert_eq!(world.poll(&another, &code).brief(), "200 tokens");
}
