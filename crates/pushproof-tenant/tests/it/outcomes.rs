//! The outcome table of `mfa-oob`, §5.4, in both profiles, and the errors around it.

use pushproof_tenant::{
    OTHER_CLIENT_ID, OTHER_CLIENT_SECRET, Profile, RESTRICTED_CLIENT_ID, RESTRICTED_CLIENT_SECRET,
    SANDBOX_CLIENT_ID,
};
use serde_json::json;

use crate::world::{OOB, World, altered};

const OTHER: (&str, Option<&str>) = (OTHER_CLIENT_ID, Some(OTHER_CLIENT_SECRET));
const RESTRICTED: (&str, Option<&str>) = (RESTRICTED_CLIENT_ID, Some(RESTRICTED_CLIENT_SECRET));

/// Every row of the table, as `situation -> answer`.
fn table(profile: Profile) -> String {
    let mut world = World::with_profile(profile);
    let mut rows: Vec<String> = Vec::new();
    let mut row = |situation: &str, answer: String| rows.push(format!("{situation:<34} {answer}"));
    let ada = world.enrolled("ada").phone;
    world.enrolled("bob");
    let (login, bobs) = (world.login("ada"), world.login("bob"));

    let code = world.push(&login);
    row("push unanswered", world.poll(&login, &code).full());
    world.decide(&ada, true);
    row("approved", world.poll(&login, &code).full());
    row("redeemed", world.poll(&login, &code).full());
    let rejected = world.push(&login);
    world.decide(&ada, false);
    row("rejected", world.poll(&login, &rejected).full());
    row(
        "rejected, asked again",
        world.poll(&login, &rejected).full(),
    );

    let open = world.push(&login);
    row(
        "no oob_code",
        world.grant(OOB, &[("mfa_token", &login)]).full(),
    );
    row(
        "no mfa_token",
        world.grant(OOB, &[("oob_code", &open)]).full(),
    );
    row(
        "tampered oob_code",
        world.poll(&login, &altered(&open)).full(),
    );
    row(
        "tampered mfa_token",
        world.poll(&altered(&login), &open).full(),
    );
    row("oob_code of another user", world.poll(&bobs, &open).full());
    let second = world.login("ada");
    row(
        "oob_code of another login",
        world.poll(&second, &open).full(),
    );
    let fields = [("mfa_token", &*login), ("oob_code", &*open)];
    row(
        "mfa_token of another client",
        world.grant_as(OTHER, OOB, &fields).full(),
    );
    row(
        "client without the MFA grant",
        world.grant_as(RESTRICTED, OOB, &fields).full(),
    );
    row(
        "wrong client secret",
        world
            .grant_as((SANDBOX_CLIENT_ID, Some("no")), OOB, &fields)
            .full(),
    );
    row(
        "no client secret",
        world
            .grant_as((SANDBOX_CLIENT_ID, None), OOB, &fields)
            .full(),
    );
    row(
        "unknown client",
        world.grant_as(("nobody", None), OOB, &fields).full(),
    );
    row(
        "unknown grant",
        world
            .grant("http://auth0.com/oauth/grant-type/mfa-oops", &fields)
            .full(),
    );
    row(
        "https grant",
        world
            .grant("https://auth0.com/oauth/grant-type/mfa-oob", &fields)
            .full(),
    );
    row(
        "empty binding_code",
        world
            .grant(OOB, &[fields[0], fields[1], ("binding_code", "")])
            .full(),
    );
    row(
        "extra member",
        world
            .grant(OOB, &[fields[0], fields[1], ("foo", "bar")])
            .full(),
    );
    row(
        "oob_code twice",
        world.grant(OOB, &[fields[0], fields[1], fields[1]]).full(),
    );

    world.wait(300_000);
    row("expired oob_code", world.poll(&login, &open).full());
    row("redeemed, after its time", world.poll(&login, &code).full());
    row(
        "rejected, after its time",
        world.poll(&login, &rejected).full(),
    );
    world.wait(300_000);
    row("expired mfa_token", world.poll(&login, &open).full());

    world.user("eve");
    let eves = world.login("eve");
    row(
        "challenge, nothing enrolled",
        world.challenge(&eves, &json!({})).full(),
    );
    rows.join("\n")
}

#[test]
fn observed() {
    insta::assert_snapshot!(table(Profile::Observed), @r#"
    push unanswered                    400 authorization_pending "Authorization pending: please repeat the request in a few seconds."
    approved                           200 tokens
    redeemed                           403 invalid_grant "oob_code has already been used"
    rejected                           400 access_denied "MFA Authorization rejected."
    rejected, asked again              400 access_denied "MFA Authorization rejected."
    no oob_code                        400 invalid_request "Missing required parameter: oob_code"
    no mfa_token                       400 invalid_request "Missing required parameter: mfa_token"
    tampered oob_code                  403 invalid_grant "Malformed oob_code"
    tampered mfa_token                 403 invalid_grant "Malformed mfa_token"
    oob_code of another user           400 invalid_request "The oob_code doesn't match the mfa_token"
    oob_code of another login          400 invalid_request "The oob_code doesn't match the mfa_token"
    mfa_token of another client        400 invalid_request "mfa_token not issued to this client"
    client without the MFA grant       403 unauthorized_client "Grant type is not allowed for the client."
    wrong client secret                401 invalid_client "Client authentication failed."
    no client secret                   401 invalid_client "Client authentication failed."
    unknown client                     401 invalid_client "Client authentication failed."
    unknown grant                      400 unsupported_grant_type "The grant type is not supported."
    https grant                        400 unsupported_grant_type "The grant type is not supported."
    empty binding_code                 400 authorization_pending "Authorization pending: please repeat the request in a few seconds."
    extra member                       400 authorization_pending "Authorization pending: please repeat the request in a few seconds."
    oob_code twice                     400 invalid_request "A parameter is repeated."
    expired oob_code                   403 expired_token "oob_code is expired"
    redeemed, after its time           403 invalid_grant "oob_code has already been used"
    rejected, after its time           400 access_denied "MFA Authorization rejected."
    expired mfa_token                  401 expired_token "mfa_token is expired"
    challenge, nothing enrolled        401 unsupported_challenge_type "User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator."
    "#);
}

#[test]
fn documented_differs_where_the_sources_do() {
    let (documented, observed) = (table(Profile::Documented), table(Profile::Observed));
    let different = documented
        .lines()
        .zip(observed.lines())
        .filter(|(a, b)| a != b);
    let shown: Vec<_> = different.map(|(documented, _)| documented).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    rejected                           403 invalid_grant "MFA Authorization rejected."
    rejected, asked again              403 invalid_grant "MFA Authorization rejected."
    tampered oob_code                  401 invalid_grant "Malformed oob_code"
    tampered mfa_token                 401 invalid_grant "Malformed mfa_token"
    rejected, after its time           403 invalid_grant "MFA Authorization rejected."
    challenge, nothing enrolled        400 association_required "User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator."
    "#);
}

#[test]
fn first_factor() {
    let mut world = World::honest();
    // There are more rows than logins in a burst.
    let wide = json!({ "buckets": { "login": { "burst": 100, "refill_ms": 6000 } } });
    world.json("/__control/settings", None, &wide);
    let id = world.user("ada");
    let mut rows: Vec<String> = Vec::new();
    let mut row = |situation: &str, answer: String| rows.push(format!("{situation:<26} {answer}"));
    let right = [
        ("username", "Ada@Example.com"),
        ("password", "correct horse ada"),
    ];
    row("right", world.grant("password", &right).full());
    let realm = "http://auth0.com/oauth/grant-type/password-realm";
    let in_realm = [
        right[0],
        right[1],
        ("realm", pushproof_tenant::SANDBOX_CONNECTION),
    ];
    row("in the realm", world.grant(realm, &in_realm).full());
    row("no realm", world.grant(realm, &right).full());
    row(
        "other realm",
        world
            .grant(realm, &[right[0], right[1], ("realm", "ldap")])
            .full(),
    );
    row(
        "wrong password",
        world
            .grant("password", &[right[0], ("password", "x")])
            .full(),
    );
    row(
        "unknown user",
        world
            .grant("password", &[("username", "eve@example.com"), right[1]])
            .full(),
    );
    row("no password", world.grant("password", &[right[0]]).full());
    row(
        "foreign audience",
        world
            .grant("password", &[right[0], right[1], ("audience", "urn:x")])
            .full(),
    );
    row(
        "restricted client",
        world.grant_as(RESTRICTED, "password", &right).full(),
    );
    row(
        "public client",
        world
            .grant_as(
                (pushproof_tenant::PUBLIC_CLIENT_ID, None),
                "password",
                &right,
            )
            .full(),
    );
    let json = json!({ "grant_type": "password", "username": "ada@example.com", "password": "correct horse ada",
        "client_id": SANDBOX_CLIENT_ID, "client_secret": pushproof_tenant::SANDBOX_CLIENT_SECRET });
    row("as JSON", world.json("/oauth/token", None, &json).full());
    let basic = data_encoding::BASE64.encode(b"sandbox-client:sandbox-client-secret");
    let body = crate::world::encode(&[("grant_type", "password"), right[0], right[1]]);
    row(
        "by HTTP Basic",
        world
            .call(
                "POST",
                "/oauth/token",
                &[("authorization", &format!("Basic {basic}"))],
                body.clone(),
            )
            .full(),
    );
    let wrong = world.call(
        "POST",
        "/oauth/token",
        &[("authorization", "Basic eDp5")],
        body,
    );
    row(
        "by HTTP Basic, wrong",
        format!("{} {}", wrong.full(), wrong.header("www-authenticate")),
    );
    row("removed", {
        world.remove_user(&id);
        world.grant("password", &right).full()
    });
    assert_ne!(world.user("bob"), id);
    let tokens: std::collections::BTreeSet<_> = (0..50).map(|_| world.login("bob")).collect();
    assert_eq!(tokens.len(), 50, "each login has its own mfa_token");
    insta::assert_snapshot!(rows.join("\n"), @r#"
    right                      403 mfa_required "Multifactor authentication required"
    in the realm               403 mfa_required "Multifactor authentication required"
    no realm                   400 invalid_request "Missing required parameter: realm"
    other realm                400 invalid_request "Unknown or invalid realm."
    wrong password             403 invalid_grant "Wrong email or password."
    unknown user               403 invalid_grant "Wrong email or password."
    no password                400 invalid_request "Missing required parameter: password"
    foreign audience           400 invalid_request "invalid audience specified for password grant exchange"
    restricted client          403 mfa_required "Multifactor authentication required"
    public client              403 mfa_required "Multifactor authentication required"
    as JSON                    403 mfa_required "Multifactor authentication required"
    by HTTP Basic              403 mfa_required "Multifactor authentication required"
    by HTTP Basic, wrong       401 invalid_client "Client authentication failed." Basic realm="oauth"
    removed                    403 invalid_grant "Wrong email or password."
    "#);
}
