//! Lifetimes, to the millisecond.

use serde_json::json;

use crate::phone::Phone;
use crate::world::World;

#[test]
fn an_oob_code_lives_300_seconds() {
    let mut world = World::honest();
    let phone = world.enrolled("ada").phone;
    let login = world.login("ada");
    let code = world.push(&login);
    let push = world.read_push(&phone).unwrap();
    world.wait(299_999);
    assert_eq!(
        world.poll(&login, &code).brief(),
        "400 authorization_pending"
    );
    world.wait(1);
    assert_eq!(world.poll(&login, &code).brief(), "403 expired_token");
    let late = world.send(phone.answer(&push, true, world.unix_time()));
    assert_eq!(late.brief(), "404 transaction_expired");
    assert_eq!(world.poll(&login, &code).brief(), "403 expired_token");
}

#[test]
fn an_approval_must_be_fetched_in_time() {
    let mut world = World::honest();
    let phone = world.enrolled("ada").phone;
    for (wait, outcome) in [(299_999, "200 tokens"), (300_000, "403 expired_token")] {
        let login = world.login("ada");
        let code = world.push(&login);
        world.decide(&phone, true);
        world.wait(wait);
        assert_eq!(world.poll(&login, &code).brief(), outcome);
    }
}

#[test]
fn what_is_long_forgotten_has_expired() {
    let mut world = World::honest();
    world.enrolled("ada");
    let login = world.login("ada");
    let code = world.push(&login);
    world.wait(86_400_000);
    let fresh = world.login("ada");
    world.push(&fresh);
    assert_eq!(world.poll(&login, &code).brief(), "401 expired_token");
    assert_eq!(world.poll(&fresh, &code).brief(), "403 expired_token");
}

#[test]
fn an_enrolment_ticket_lives_300_seconds_and_works_once() {
    let mut world = World::honest();
    world.user("ada");
    let login = world.login("ada");
    let begun = world.associate_push(&login);
    let mut phone = Phone::new("ada");
    world.wait(300_000);
    assert_eq!(
        world.scan(&mut phone, &begun.text("barcode_uri")).brief(),
        "404 enrollment_transaction_not_found"
    );
    assert_eq!(
        world.poll(&login, &begun.text("oob_code")).brief(),
        "403 expired_token"
    );
    assert_eq!(
        world.list(&login).entries(),
        "push inactive, totp inactive, recovery-code inactive"
    );

    let begun = world.associate_push(&login);
    world.wait(299_999);
    assert_eq!(
        world.scan(&mut phone, &begun.text("barcode_uri")).status,
        200
    );
    assert_eq!(
        world.scan(&mut phone, &begun.text("barcode_uri")).brief(),
        "409 enrollment_conflict"
    );
}

#[test]
fn an_mfa_token_lives_600_seconds_everywhere() {
    let mut world = World::honest();
    world.enrolled("ada");
    let login = world.login("ada");
    let asked = |world: &mut World| {
        let code = world.push(&login);
        [
            world.list(&login).brief(),
            world.associate_otp(&login).brief(),
            world
                .challenge(&login, &json!({ "challenge_type": "otp" }))
                .brief(),
            world.poll(&login, &code).brief(),
            world.otp(&login, "000000").brief(),
            world.recover(&login, "ABC").brief(),
        ]
        .join("\n")
    };
    world.wait(599_999);
    insta::assert_snapshot!(asked(&mut world), @"
    200 list of 3
    403 access_denied
    200 challenge_type
    400 authorization_pending
    403 invalid_grant
    403 invalid_grant
    ");
    world.wait(1);
    let refused = [
        world.list(&login).full(),
        world.associate_otp(&login).full(),
        world.challenge(&login, &json!({})).full(),
        world.poll(&login, "x").full(),
        world.otp(&login, "000000").full(),
        world.recover(&login, "ABC").full(),
    ];
    insta::assert_snapshot!(refused.join("\n"), @r#"
    401 invalid_grant "The mfa_token provided is invalid. Try getting a new token."
    401 invalid_grant "The mfa_token provided is invalid. Try getting a new token."
    401 expired_token "mfa_token is expired"
    401 expired_token "mfa_token is expired"
    401 expired_token "mfa_token is expired"
    401 expired_token "mfa_token is expired"
    "#);
}

#[test]
fn a_management_token_lives_600_seconds() {
    let mut world = World::honest();
    world.user("ada");
    let token = world.management_token("ada", "read:authenticators");
    world.wait(599_999);
    assert_eq!(world.list(&token).brief(), "200 list of 0");
    world.wait(1);
    assert_eq!(world.list(&token).brief(), "401 invalid_grant");
}
