//! What stands beside the second factor: renewing tokens, clients that sign, users that are shut out or forgotten,
//! guessing passwords, and the knobs of §11.3.

use pushproof_tenant::{
    Client, OTHER_CLIENT_ID, OTHER_CLIENT_SECRET, SANDBOX_CONNECTION, Settings,
};
use serde_json::{Value, json};

use crate::phone::{Signing, public_jwk, sign, totp};
use crate::world::{ORIGIN, World, address, settings};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The reply to the second factor of a user with an app, for a scope.
fn tokens_for(world: &mut World, scope: &str) -> crate::world::Reply {
    world.user("ada");
    let login = world
        .login_for("ada", &[("scope", scope)])
        .text("mfa_token");
    let secret = world.associate_otp(&login).text("secret");
    let code = totp(&secret, world.unix_time());
    world.otp(&login, &code)
}

#[test]
fn a_refresh_token_renews_what_was_granted_and_no_more() {
    let mut world = World::honest();
    let without = tokens_for(&mut World::honest(), "openid profile");
    let set = tokens_for(&mut world, "openid profile offline_access");
    let token = set.text("refresh_token");
    let mut told = vec![
        format!("without the scope: {}", without.body["refresh_token"]),
        format!("granted: {}", set.text("scope")),
    ];
    let mut tell = |what: &str, reply: crate::world::Reply| {
        let members = reply.body.as_object().unwrap().keys();
        let members = members.cloned().collect::<Vec<_>>().join(" ");
        told.push(format!(
            "{what}: {} [{members}] scope {}",
            reply.full(),
            reply.body["scope"]
        ));
    };
    world.wait(60_000);
    let renewed = world.grant("refresh_token", &[("refresh_token", &token)]);
    let (old, new) = (set.claims("access_token"), renewed.claims("access_token"));
    assert_eq!((&old["sub"], &old["aud"]), (&new["sub"], &new["aud"]));
    assert_eq!(
        new["iat"].as_u64().unwrap() - old["iat"].as_u64().unwrap(),
        60
    );
    tell("renewed", renewed);
    let narrow = [("refresh_token", &*token), ("scope", "openid")];
    tell("narrowed", world.grant("refresh_token", &narrow));
    let wide = [("refresh_token", &*token), ("scope", "openid email")];
    tell("widened", world.grant("refresh_token", &wide));
    let other = (OTHER_CLIENT_ID, Some(OTHER_CLIENT_SECRET));
    let mine = [("refresh_token", &*token)];
    tell(
        "other client",
        world.grant_as(other, "refresh_token", &mine),
    );
    tell(
        "made up",
        world.grant("refresh_token", &[("refresh_token", "v1.made-up")]),
    );
    tell("missing", world.grant("refresh_token", &[]));
    world.wait(30 * 86_400_000);
    tell("after thirty days", world.grant("refresh_token", &mine));
    insta::assert_snapshot!(told.join("\n"), @r#"
    without the scope: null
    granted: openid profile offline_access
    renewed: 200 tokens [access_token id_token scope expires_in token_type] scope "openid profile offline_access"
    narrowed: 200 tokens [access_token id_token scope expires_in token_type] scope "openid"
    widened: 400 invalid_scope "The scope is wider than the one that was granted." [error error_description] scope null
    other client: 403 invalid_grant "Unknown or invalid refresh token." [error error_description] scope null
    made up: 403 invalid_grant "Unknown or invalid refresh token." [error error_description] scope null
    missing: 400 invalid_request "Missing required parameter: refresh_token" [error error_description] scope null
    after thirty days: 403 invalid_grant "Unknown or invalid refresh token." [error error_description] scope null
    "#);
}

#[test]
fn a_refresh_token_dies_with_its_user() {
    let mut world = World::honest();
    let set = tokens_for(&mut world, "openid offline_access");
    let token = set.text("refresh_token");
    let id = set.claims("id_token")["sub"].as_str().unwrap().to_owned();
    world.remove_user(&id);
    let reply = world.grant("refresh_token", &[("refresh_token", &token)]);
    assert_eq!(reply.brief(), "403 invalid_grant");
}

#[test]
fn a_client_may_sign_instead_of_knowing_a_secret() {
    let mut settings = settings();
    settings
        .clients
        .push(Client::with_assertions("signer", public_jwk(false)));
    let mut world = World::new(settings);
    world.user("ada");
    let mut told = Vec::new();
    let mut tell = |what: &str, bend: &dyn Fn(&mut Value), signing: Signing| {
        let mut claims = json!({ "iss": "signer", "sub": "signer", "aud": format!("{ORIGIN}/"),
            "exp": world.unix_time() + 60, "jti": "1" });
        bend(&mut claims);
        let assertion = sign(&claims, signing);
        let fields = [
            ("client_assertion_type", ASSERTION),
            ("client_assertion", &assertion),
            ("username", &address("ada")),
            ("password", "correct horse ada"),
        ];
        let mut all = vec![("grant_type", "password")];
        all.extend(fields);
        told.push(format!(
            "{what:<22} {}",
            world.form("/oauth/token", &all).brief()
        ));
    };
    tell("right", &|_| {}, Signing::Own);
    let endpoint = format!("{ORIGIN}/oauth/token");
    tell(
        "for the endpoint",
        &|claims| claims["aud"] = json!([endpoint]),
        Signing::Own,
    );
    tell("unsigned", &|_| {}, Signing::None);
    tell(
        "for somebody else",
        &|claims| claims["aud"] = json!("https://x/"),
        Signing::Own,
    );
    tell(
        "over time",
        &|claims| claims["exp"] = json!(1),
        Signing::Own,
    );
    tell(
        "another's subject",
        &|claims| claims["sub"] = json!("x"),
        Signing::Own,
    );
    tell(
        "of a client with secret",
        &|claims| claims["iss"] = json!(OTHER_CLIENT_ID),
        Signing::Own,
    );
    let bare = world.grant_as(
        ("signer", None),
        "password",
        &[("username", "x"), ("password", "y")],
    );
    told.push(format!("by its bare id         {}", bare.brief()));
    insta::assert_snapshot!(told.join("\n"), @"
    right                  403 mfa_required
    for the endpoint       403 mfa_required
    unsigned               401 invalid_client
    for somebody else      401 invalid_client
    over time              401 invalid_client
    another's subject      401 invalid_client
    of a client with secret 401 invalid_client
    by its bare id         401 invalid_client
    ");
}

fn patch(world: &mut World, id: &str, body: &Value) -> crate::world::Reply {
    let bearer = format!("Bearer {}", world.manager());
    let path = format!("/api/v2/users/{}", id.replace('|', "%7C"));
    world.call(
        "PATCH",
        &path,
        &[("authorization", &bearer)],
        body.to_string(),
    )
}

#[test]
fn a_blocked_user_is_shut_out_everywhere_until_let_in_again() {
    let mut world = World::honest();
    let phone = world.enrolled("ada").phone;
    let id = phone.user_id.clone();
    let login = world.login("ada");
    let code = world.push(&login);
    world.decide(&phone, true);
    let mut told =
        vec![patch(&mut world, &id, &json!({ "blocked": true })).body["blocked"].to_string()];
    told.push(world.login_for("ada", &[]).full());
    let wrong = [("username", &*address("ada")), ("password", "x")];
    told.push(world.grant("password", &wrong).full());
    told.push(world.poll(&login, &code).full());
    told.push(world.challenge(&login, &json!({})).full());
    told.push(world.list(&login).full());
    told.push(patch(&mut world, &id, &json!({ "blocked": "no" })).full());
    told.push(patch(&mut world, &id, &json!({ "nickname": "a" })).full());
    told.push(patch(&mut world, "auth0|x", &json!({})).full());
    patch(
        &mut world,
        &id,
        &json!({ "blocked": false, "password": "new" }),
    );
    told.push(world.poll(&login, &code).brief());
    told.push(world.login_for("ada", &[]).brief());
    insta::assert_snapshot!(told.join("\n"), @r#"
    true
    403 invalid_grant "user is blocked"
    403 invalid_grant "Wrong email or password."
    403 invalid_grant "user is blocked"
    403 invalid_grant "user is blocked"
    401 invalid_grant "The mfa_token provided is invalid. Try getting a new token."
    400 invalid_request "blocked must be a boolean"
    400 invalid_request "Only blocked, email_verified and password can be changed."
    404 inexistent_user "The user does not exist."
    200 tokens
    403 invalid_grant
    "#);
}

#[test]
fn wrong_passwords_block_a_name_for_a_while_whether_it_exists_or_not() {
    let mut world = World::honest();
    world.user("ada");
    let mut told = Vec::new();
    for name in ["ada@example.com", "nobody@example.com"] {
        let wrong = [("username", name), ("password", "x")];
        let replies: Vec<_> = (0..11).map(|_| world.grant("password", &wrong)).collect();
        let last = &replies[10];
        told.push(format!(
            "{name}: tenth {}, eleventh {} retry-after {}",
            replies[9].brief(),
            last.full(),
            last.header("retry-after")
        ));
    }
    told.push(format!(
        "the right one: {}",
        world.login_for("ada", &[]).brief()
    ));
    world.wait(900_000);
    told.push(format!(
        "15 min later: {}",
        world.login_for("ada", &[]).brief()
    ));
    let wrong = [("username", "ADA@example.com"), ("password", "x")];
    for _ in 0..3 {
        for _ in 0..9 {
            world.grant("password", &wrong);
        }
        world.wait(120_000);
        told.push(format!(
            "nine wrong, then {}",
            world.login_for("ada", &[]).brief()
        ));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    ada@example.com: tenth 403 invalid_grant, eleventh 429 too_many_attempts "Your account has been blocked after multiple consecutive login attempts." retry-after 900
    nobody@example.com: tenth 403 invalid_grant, eleventh 429 too_many_attempts "Your account has been blocked after multiple consecutive login attempts." retry-after 900
    the right one: 429 too_many_attempts
    15 min later: 403 mfa_required
    nine wrong, then 403 mfa_required
    nine wrong, then 403 mfa_required
    nine wrong, then 403 mfa_required
    "#);
}

#[test]
fn logins_under_one_name_are_twenty_at_once_and_then_ten_a_minute() {
    let mut world = World::honest();
    world.user("ada");
    world.user("bob");
    let burst: Vec<_> = (0..21)
        .map(|_| world.login_for("ada", &[]).full())
        .collect();
    let mut told = vec![burst[19].clone(), burst[20].clone()];
    told.push(format!("bob: {}", world.login_for("bob", &[]).brief()));
    world.wait(6_000);
    told.push(world.login_for("ada", &[]).brief());
    told.push(world.login_for("ada", &[]).brief());
    insta::assert_snapshot!(told.join("\n"), @r#"
    403 mfa_required "Multifactor authentication required"
    429 too_many_requests "Rate limit exceeded. Wait before logging in again."
    bob: 403 mfa_required
    403 mfa_required
    429 too_many_requests
    "#);
}

#[test]
fn users_leave_when_unseen_or_when_there_are_too_many() {
    let mut world = World::new(Settings {
        users_max: 3,
        ..settings()
    });
    let is_there = |world: &mut World, name: &str| {
        world.login_for(name, &[]).status == 403
            && world.login_for(name, &[]).body["mfa_token"].is_string()
    };
    for name in ["ada", "bob", "cyd"] {
        world.user(name);
        world.wait(1_000);
    }
    world.login("ada");
    world.wait(1_000);
    world.user("dan");
    let mut told = Vec::new();
    for name in ["bob", "ada", "cyd", "dan"] {
        told.push(format!("{name} {}", is_there(&mut world, name)));
    }
    world.wait(86_400_001);
    let created = json!({ "connection": SANDBOX_CONNECTION, "email": address("eve"), "password": "correct horse eve" });
    let audience = format!("{ORIGIN}/api/v2/");
    let manager = world
        .grant("client_credentials", &[("audience", &audience)])
        .text("access_token");
    assert_eq!(
        world.json("/api/v2/users", Some(&manager), &created).status,
        201
    );
    for name in ["ada", "cyd", "dan", "eve"] {
        told.push(format!("a day later {name} {}", is_there(&mut world, name)));
    }
    insta::assert_snapshot!(told.join("\n"), @"
    bob false
    ada true
    cyd true
    dan true
    a day later ada false
    a day later cyd false
    a day later dan false
    a day later eve true
    ");
}

#[test]
fn a_login_can_tell_what_can_be_asked_and_enrolled() {
    let mut world = World::honest();
    let mut told = Vec::new();
    for shape in ["absent", "types", "challenge_types"] {
        world.json(
            "/__control/settings",
            None,
            &json!({ "mfa_requirements": shape, "factors": ["push", "otp"] }),
        );
        let fresh = format!("fresh-{shape}");
        let verified = format!("verified-{shape}");
        let enrolled = format!("enrolled-{shape}");
        world.user(&fresh);
        world.make_user(&verified, true);
        world.enrolled(&enrolled);
        for name in [fresh, verified, enrolled] {
            told.push(format!(
                "{name}: {}",
                world.login_for(&name, &[]).body["mfa_requirements"]
            ));
        }
        let login = world.login(&format!("enrolled-{shape}"));
        let types = world.list(&login).body;
        let types: Vec<_> = types
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["type"].clone())
            .collect();
        told.push(format!("    list: {}", json!(types)));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    fresh-absent: null
    verified-absent: null
    enrolled-absent: null
        list: [null,null,null]
    fresh-types: {"enroll":[{"type":"push-notification"},{"type":"otp"}]}
    verified-types: {"enroll":[{"type":"push-notification"},{"type":"otp"}]}
    enrolled-types: {"challenge":[{"type":"push-notification"},{"type":"otp"},{"type":"recovery-code"}]}
        list: ["push-notification","otp","recovery-code"]
    fresh-challenge_types: {"challenge_types":[]}
    verified-challenge_types: {"challenge_types":[]}
    enrolled-challenge_types: {"challenge_types":["oob","otp"]}
        list: [null,null,null]
    "#);
}

#[test]
fn knobs_are_turned_while_the_tenant_runs() {
    let mut world = World::honest();
    let mut told = Vec::new();
    let knobs = json!({
        "statuses": { "mfa_required": 401, "pending": 403, "slow_down": 400 },
        "lifetimes_ms": { "mfa_token": 20_000, "enrolment": 10_000, "access_token": 60_000 },
        "buckets": { "poll": { "burst": 1, "refill_ms": 2_000 } },
    });
    assert_eq!(world.json("/__control/settings", None, &knobs).status, 200);
    world.user("ada");
    let login = world.login_for("ada", &[]);
    told.push(login.brief());
    let login = login.text("mfa_token");
    let code = world.associate_push(&login).text("oob_code");
    told.push(world.poll(&login, &code).brief());
    let slowed = world.poll(&login, &code);
    told.push(format!(
        "{} retry-after {}",
        slowed.brief(),
        slowed.header("retry-after")
    ));
    world.wait(9_999);
    told.push(world.poll(&login, &code).brief());
    world.wait(2_001);
    told.push(world.poll(&login, &code).brief());
    world.wait(8_000);
    told.push(world.poll(&login, &code).brief());
    for strange in [
        json!({ "statuses": { "pending": 200 } }),
        json!({ "statuses": { "teapot": 418 } }),
        json!({ "lifetimes_ms": { "mfa_token": -1 } }),
        json!({ "lifetimes_ms": { "mfa_token": u64::MAX } }),
        json!({ "buckets": { "poll": { "burst": 1 } } }),
        json!({ "mfa_requirements": "some" }),
        json!({ "recovery_codes": false, "users_max": "many" }),
    ] {
        told.push(world.json("/__control/settings", None, &strange).full());
    }
    let now = world.json("/__control/settings", None, &json!({})).body;
    told.push(format!(
        "still {} {}",
        now["statuses"], now["recovery_codes"]
    ));
    insta::assert_snapshot!(told.join("\n"), @r#"
    401 mfa_required
    403 authorization_pending
    400 slow_down retry-after 2
    403 authorization_pending
    403 expired_token
    401 expired_token
    400 invalid_request "statuses must be an object of statuses from 400 to 599"
    400 invalid_request "statuses must be an object of statuses from 400 to 599"
    400 invalid_request "lifetimes_ms must be an object of milliseconds"
    400 invalid_request "lifetimes_ms must be an object of milliseconds"
    400 invalid_request "buckets must be an object of {burst, refill_ms}"
    400 invalid_request "mfa_requirements must be absent, types or challenge_types"
    400 invalid_request "users_max must be a number"
    still {"mfa_required":401,"pending":403,"slow_down":400} true
    "#);
}
