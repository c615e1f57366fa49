//! The life of recovery codes (§6) and the switch that forbids them.

use serde_json::{Value, json};

use crate::world::{Enrolled, World};

#[test]
fn a_code_is_dead_until_confirmed_and_after_use() {
    let mut world = World::honest();
    world.user("ada");
    let login = world.login("ada");
    let begun = world.associate_push(&login);
    let code = begun.body["recovery_codes"][0].as_str().unwrap().to_owned();
    assert!(
        code.len() == 24
            && code
                .bytes()
                .all(|octet| octet.is_ascii_uppercase() || octet.is_ascii_digit())
    );
    assert_eq!(begun.body["recovery_codes"].as_array().unwrap().len(), 1);
    let mut told = vec![format!(
        "before confirmation: {}",
        world.recover(&login, &code).full()
    )];

    let mut phone = crate::phone::Phone::new("ada");
    world.scan(&mut phone, &begun.text("barcode_uri"));
    told.push(format!("wrong: {}", world.recover(&login, "WRONG").full()));
    let first = world.recover(&login, &code);
    told.push(format!("right: {}", first.brief()));
    told.push(format!("again: {}", world.recover(&login, &code).full()));
    let mut next = first.text("recovery_code");
    for _ in 0..3 {
        let login = world.login("ada");
        let reply = world.recover(&login, &next);
        told.push(format!("replacement: {}", reply.brief()));
        assert_ne!(reply.text("recovery_code"), next);
        next = reply.text("recovery_code");
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    before confirmation: 403 invalid_grant "MFA Authorization rejected."
    wrong: 403 invalid_grant "MFA Authorization rejected."
    right: 200 tokens
    again: 403 invalid_grant "MFA Authorization rejected."
    replacement: 200 tokens
    replacement: 200 tokens
    replacement: 200 tokens
    "#);
}

#[test]
fn a_code_is_useless_for_another_user_and_survives_failed_attempts() {
    let mut world = World::honest();
    let Enrolled { recovery_code, .. } = world.enrolled("ada");
    let code = recovery_code.unwrap();
    world.enrolled("bob");
    let bob = world.login("bob");
    assert_eq!(world.recover(&bob, &code).brief(), "403 invalid_grant");
    let ada = world.login("ada");
    world.wait(600_000);
    assert_eq!(world.recover(&ada, &code).brief(), "401 expired_token");
    let ada = world.login("ada");
    assert_eq!(world.recover(&ada, &code).brief(), "200 tokens");
}

#[test]
fn a_tenant_without_recovery_codes_shows_and_accepts_none() {
    let mut world = World::honest();
    let switched = world.json(
        "/__control/settings",
        None,
        &json!({ "recovery_codes": false }),
    );
    assert_eq!(
        (switched.status, &switched.body["recovery_codes"]),
        (200, &json!(false))
    );
    world.user("ada");
    let login = world.login("ada");
    let begun = world.associate_push(&login);
    assert_eq!(begun.body["recovery_codes"], Value::Null);
    assert_eq!(world.list(&login).entries(), "push inactive, totp inactive");

    world.json(
        "/__control/settings",
        None,
        &json!({ "recovery_codes": true }),
    );
    let code = world.enrolled("bob").recovery_code.unwrap();
    world.json(
        "/__control/settings",
        None,
        &json!({ "recovery_codes": false }),
    );
    let login = world.login("bob");
    assert_eq!(world.recover(&login, &code).brief(), "403 invalid_grant");
    assert!(!world.list(&login).entries().contains("recovery"));
}

#[test]
fn regeneration_kills_the_old_code() {
    let mut world = World::honest();
    let Enrolled {
        phone,
        recovery_code,
    } = world.enrolled("ada");
    let manager = world.manager();
    let path = format!(
        "/api/v2/users/{}/recovery-code-regeneration",
        phone.user_id.replace('|', "%7C")
    );
    let fresh = world
        .json(&path, Some(&manager), &json!({}))
        .text("recovery_code");
    let login = world.login("ada");
    assert_eq!(
        world.recover(&login, &recovery_code.unwrap()).brief(),
        "403 invalid_grant"
    );
    assert_eq!(world.recover(&login, &fresh).brief(), "200 tokens");
}
