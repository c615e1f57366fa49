//! The worked sequence of the fact sheet, §8.7, told step by step.

use serde_json::{Value, json};

use crate::phone::Phone;
use crate::world::World;

#[test]
fn enrolment_login_rejection_and_a_lost_phone() {
    let mut world = World::honest();
    let mut told: Vec<String> = Vec::new();
    let mut tell = |step: &str, what: String| told.push(format!("{step:<28} {what}"));
    let user_id = world.user("ada");

    let login = world.login("ada");
    let begun = world.associate_push(&login);
    tell("associate", begun.brief());
    let (oob_1, barcode) = (begun.text("oob_code"), begun.text("barcode_uri"));
    let recovery_1 = begun.body["recovery_codes"][0].as_str().unwrap().to_owned();
    tell("list", world.list(&login).entries());
    tell("poll", world.poll(&login, &oob_1).full());

    world.wait(5_000);
    let mut phone = Phone::new("ada");
    let enrolled = world.scan(&mut phone, &barcode);
    tell("phone enrols", enrolled.brief());
    assert_eq!(enrolled.text("user_id"), user_id);
    let tokens = world.poll(&login, &oob_1);
    tell(
        "poll",
        format!("{} scope {}", tokens.brief(), tokens.body["scope"]),
    );
    assert_eq!(tokens.claims("id_token")["sub"], *user_id);
    let list = world.list(&login);
    tell("list", list.entries());
    assert_eq!(list.id_of("push|"), format!("push|{}", phone.id));

    world.wait(60_000);
    let login = world.login("ada");
    let asked = world.challenge(
        &login,
        &json!({ "challenge_type": "oob", "authenticator_id": list.id_of("push|") }),
    );
    tell("challenge", asked.brief());
    let oob_2 = asked.text("oob_code");
    tell("poll", world.poll(&login, &oob_2).brief());
    let push = world.read_push(&phone).unwrap();
    tell(
        "push",
        push.as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" "),
    );
    assert_eq!(
        (push["sh"].clone(), push["dai"].clone()),
        (json!("tenant.example"), json!(phone.id))
    );
    let now = world.unix_time();
    tell(
        "phone approves",
        world.send(phone.answer(&push, true, now)).brief(),
    );
    tell("poll", world.poll(&login, &oob_2).brief());
    tell("poll again", world.poll(&login, &oob_2).full());

    let oob_3 = world.push(&login);
    tell(
        "phone rejects the next",
        world.decide(&phone, false).brief(),
    );
    tell("poll", world.poll(&login, &oob_3).full());

    let login = world.login("ada");
    let recovered = world.recover(&login, &recovery_1);
    tell(
        "recovery code",
        format!("{} of {}", recovered.brief(), members(&recovered.body)),
    );
    tell("the same again", world.recover(&login, &recovery_1).full());
    tell(
        "its replacement",
        world
            .recover(&login, &recovered.text("recovery_code"))
            .brief(),
    );

    insta::assert_snapshot!(told.join("\n"), @r#"
    associate                    200 authenticator_type barcode_uri oob_channel oob_code recovery_codes
    list                         push inactive, totp inactive, recovery-code inactive
    poll                         400 authorization_pending "Authorization pending: please repeat the request in a few seconds."
    phone enrols                 200 id url issuer user_id token totp
    poll                         200 tokens scope "openid profile"
    list                         push active "ada's phone", totp active, recovery-code active
    challenge                    200 challenge_type oob_code
    poll                         400 authorization_pending
    push                         sh dai txtkn c d s
    phone approves               204
    poll                         200 tokens
    poll again                   403 invalid_grant "oob_code has already been used"
    phone rejects the next       204
    poll                         400 access_denied "MFA Authorization rejected."
    recovery code                200 tokens of access_token id_token scope expires_in token_type recovery_code
    the same again               403 invalid_grant "MFA Authorization rejected."
    its replacement              200 tokens
    "#);
}

#[test]
fn the_association_has_the_form_of_the_recording() {
    let mut world = World::honest();
    world.user("ada");
    let login = world.login("ada");
    let begun = world.associate_push(&login);
    let barcode = begun.text("barcode_uri");
    let ticket = crate::phone::ticket(&barcode);
    assert_eq!(
        (ticket.len(), login.len(), begun.text("oob_code").len()),
        (32, 2036, 436)
    );
    insta::assert_snapshot!(barcode.replace(ticket, "TICKET"), @"otpauth://totp/Sandbox:ada%40example.com?enrollment_tx_id=TICKET&base_url=https%3A%2F%2Ftenant.example%2Fappliance-mfa");
    let again = world.associate_push(&login);
    assert_eq!(
        again.body["recovery_codes"],
        Value::Null,
        "only the first association returns codes"
    );
    assert_ne!(again.text("oob_code"), begun.text("oob_code"));

    let otp = world.associate_otp(&login);
    let secret = otp.text("secret");
    assert_eq!(secret.len(), 32);
    insta::assert_snapshot!(otp.raw.replace(&secret, "SECRET"), @r#"{"authenticator_type":"otp","secret":"SECRET","barcode_uri":"otpauth://totp/Sandbox:ada%40example.com?secret=SECRET&issuer=Sandbox&algorithm=SHA1&digits=6&period=30"}"#);
}

#[test]
fn the_same_seed_gives_the_same_replies() {
    let run = || {
        let mut world = World::honest();
        world.user("ada");
        let login = world.login("ada");
        (world.associate_push(&login).raw, login)
    };
    assert_eq!(run(), run());
}

fn members(body: &Value) -> String {
    body.as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}
