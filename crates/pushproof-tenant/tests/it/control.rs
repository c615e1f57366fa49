//! The control surface and the users it is about (§5 of the design; the Management API subset).

use serde_json::{Value, json};

use crate::world::{World, address};

fn device(world: &mut World, action: &str, with: Value) -> String {
    let body = json!({ "action": action, "user": address("ada"), "with": with });
    world.json("/__control/device", None, &body).brief()
}

#[test]
fn the_tenant_plays_a_phone() {
    let mut world = World::honest();
    world.user("ada");
    let login = world.login("ada");
    let begun = world.associate_push(&login);
    let mut told: Vec<String> = Vec::new();
    let mut tell = |what: &str, answer: String| told.push(format!("{what:<28} {answer}"));
    tell(
        "approve, no phone",
        device(&mut world, "approve", json!({})),
    );
    tell(
        "enrol, strange barcode",
        device(&mut world, "enrol", json!({ "barcode_uri": "otpauth://x" })),
    );
    tell(
        "enrol",
        device(
            &mut world,
            "enrol",
            json!({ "barcode_uri": begun.body["barcode_uri"] }),
        ),
    );
    tell(
        "enrol again",
        device(
            &mut world,
            "enrol",
            json!({ "barcode_uri": begun.body["barcode_uri"] }),
        ),
    );
    tell("poll", world.poll(&login, &begun.text("oob_code")).brief());
    tell(
        "approve, nothing waits",
        device(&mut world, "approve", json!({})),
    );
    let (first, second) = (world.push(&login), world.push(&login));
    tell(
        "approve the newest",
        device(&mut world, "approve", json!({})),
    );
    tell("poll the newest", world.poll(&login, &second).brief());
    tell("ignore", device(&mut world, "ignore", json!({})));
    tell("poll the other", world.poll(&login, &first).brief());
    tell(
        "reject the other",
        device(
            &mut world,
            "reject",
            json!({ "oob_code": first, "reason": "not_me" }),
        ),
    );
    tell("poll the other", world.poll(&login, &first).brief());
    tell(
        "approve it after all",
        device(&mut world, "approve", json!({ "oob_code": first })),
    );
    tell(
        "forge",
        device(&mut world, "approve", json!({ "forge": "alg_none" })),
    );
    tell("unknown action", device(&mut world, "dance", json!({})));
    tell(
        "code",
        device(&mut world, "code", json!({ "shift": "-30s" })),
    );
    tell("unenrol", device(&mut world, "unenrol", json!({})));
    tell("list", world.list(&login).entries());
    let unknown = world.json(
        "/__control/device",
        None,
        &json!({ "action": "approve", "user": "nobody" }),
    );
    tell("unknown user", unknown.brief());
    insta::assert_snapshot!(told.join("\n"), @"
    approve, no phone            409 refused
    enrol, strange barcode       409 refused
    enrol                        200 result
    enrol again                  409 enrollment_conflict
    poll                         200 tokens
    approve, nothing waits       409 refused
    approve the newest           200 result
    poll the newest              200 tokens
    ignore                       200 result
    poll the other               400 authorization_pending
    reject the other             200 result
    poll the other               400 access_denied
    approve it after all         404 login_transaction_not_found
    forge                        501 not_supported
    unknown action               501 not_supported
    code                         200 result code
    unenrol                      200 result
    list                         recovery-code active
    unknown user                 409 refused
    ");
}

#[test]
fn codes_of_the_kept_phone_are_good() {
    let mut world = World::honest();
    world.user("ada");
    let login = world.login("ada");
    let begun = world.associate_push(&login);
    device(
        &mut world,
        "enrol",
        json!({ "barcode_uri": begun.body["barcode_uri"] }),
    );
    let body = json!({ "action": "code", "user": address("ada") });
    let code = world.json("/__control/device", None, &body).text("code");
    assert_eq!(world.otp(&login, &code).brief(), "200 tokens");
}

#[test]
fn switches_change_together_or_not_at_all() {
    let mut world = World::honest();
    let mut set = |body: Value| world.json("/__control/settings", None, &body).full();
    let told = [
        set(
            json!({ "recovery_codes": false, "factors": ["push"], "profile": "documented", "faults": ["def-001"] }),
        ),
        set(json!({ "recovery_codes": true, "colour": "red" })),
        set(json!({ "recovery_codes": "yes" })),
        set(json!({ "faults": ["DEF-000"] })),
        set(json!({ "profile": "strict" })),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    200 recovery_codes profile factors faults mfa_requirements statuses lifetimes_ms buckets login_failures_max users_max
    400 invalid_request "There is no such switch."
    400 invalid_request "recovery_codes must be a boolean"
    400 invalid_request "faults must be a list of faults"
    400 invalid_request "profile must be documented or observed"
    "#);
    insta::assert_snapshot!(world.json("/__control/settings", None, &json!({})).raw, @r#"{"recovery_codes":false,"profile":"documented","factors":["push"],"faults":["DEF-001"],"mfa_requirements":"absent","statuses":{"mfa_required":403,"pending":400,"slow_down":429},"lifetimes_ms":{"mfa_token":600000,"oob_code":300000,"enrolment":300000,"management_token":600000,"access_token":86400000,"refresh_token":2592000000,"remembered":900000,"block":900000,"user":86400000},"buckets":{"poll":{"burst":12,"refill_ms":5000},"push":{"burst":5,"refill_ms":12000},"otp":{"burst":10,"refill_ms":360000},"recovery":{"burst":10,"refill_ms":360000},"sms":{"burst":10,"refill_ms":3600000},"email":{"burst":20,"refill_ms":60000},"login":{"burst":20,"refill_ms":6000}},"login_failures_max":10,"users_max":100000}"#);
}

#[test]
fn users_are_made_shown_and_removed() {
    let mut world = World::honest();
    let manager = world.manager();
    let user = json!({ "connection": "Username-Password-Authentication", "email": "ada@example.com",
        "password": "x", "email_verified": true });
    let with = |name: &str, value: Value| {
        let mut user = user.clone();
        user[name] = value;
        user
    };
    let mut told: Vec<String> = Vec::new();
    let path = "/api/v2/users";
    told.push(world.json(path, None, &user).full());
    told.push(
        world
            .json(path, Some(&with("x", json!(1)).to_string()), &user)
            .full(),
    );
    told.push(
        world
            .json(path, Some(&manager), &with("connection", json!("ldap")))
            .full(),
    );
    told.push(
        world
            .json(path, Some(&manager), &with("email", json!("ada")))
            .full(),
    );
    told.push(
        world
            .json(path, Some(&manager), &with("password", Value::Null))
            .full(),
    );
    told.push(
        world
            .json(path, Some(&manager), &with("email_verified", json!("yes")))
            .full(),
    );
    let made = world.json(path, Some(&manager), &user);
    told.push(made.full());
    told.push(
        world
            .json(
                path,
                Some(&manager),
                &with("email", json!("ADA@example.com")),
            )
            .full(),
    );
    let own = format!("{path}/{}", made.text("user_id").replace('|', "%7C"));
    told.push(world.get(&own, Some(&manager)).full());
    told.push(world.delete(&own, None).full());
    told.push(world.delete(&own, Some(&manager)).full());
    told.push(world.delete(&own, Some(&manager)).full());
    told.push(world.get(&own, Some(&manager)).full());
    let audience = [("audience", "https://tenant.example/api/v2/")];
    let restricted = ("restricted-client", Some("restricted-client-secret"));
    told.push(
        world
            .grant_as(restricted, "client_credentials", &audience)
            .full(),
    );
    told.push(
        world
            .grant("client_credentials", &[("audience", "urn:other")])
            .full(),
    );
    insta::assert_snapshot!(told.join("\n"), @r#"
    401 invalid_token "Invalid token."
    401 invalid_token "Invalid token."
    400 invalid_request "The connection does not exist."
    400 invalid_request "email must be an address"
    400 invalid_request "Missing required parameter: password"
    400 invalid_request "email_verified must be a boolean"
    201 user_id email email_verified identities
    409 auth0_idp_error "The user already exists."
    200 user_id email email_verified identities
    401 invalid_token "Invalid token."
    204
    204
    404 inexistent_user "The user does not exist."
    403 unauthorized_client "Grant type is not allowed for the client."
    400 invalid_request "invalid audience specified for client credentials exchange"
    "#);
}

#[test]
fn a_removed_user_leaves_nothing_that_works() {
    let mut world = World::honest();
    let ada = world.enrolled("ada");
    let login = world.login("ada");
    let code = world.push(&login);
    let push = world.read_push(&ada.phone).unwrap();
    world.remove_user(&ada.phone.user_id);
    let now = world.unix_time();
    let told = [
        world.list(&login).brief(),
        world.poll(&login, &code).brief(),
        world.recover(&login, &ada.recovery_code.unwrap()).brief(),
        world.send(ada.phone.answer(&push, true, now)).brief(),
        world.delete_phone(&ada.phone).brief(),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    401 invalid_grant
    401 expired_token
    401 expired_token
    404 login_transaction_not_found
    404 device_account_not_found
    ");
}
