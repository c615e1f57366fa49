//! Each forgery is wrong in its own way, and in no other.

use std::time::Duration;

use http::Request;
use pushproof_device::{Decision, DeviceError, Forgery, Phone, Platform, Which};

use crate::judge::{Expected, is_signed, jwt_of, part};
use crate::world::{asked_phone, key, now};

/// What the judge has to say about an answer to the challenge `new`.
fn complaints(request: &Request<Vec<u8>>) -> Vec<&'static str> {
    let expected = Expected {
        jwk: key().public_jwk(),
        audience: "https://tenant.example/appliance-mfa/api/resolve-transaction",
        issuer: "device-local-id-0001",
        subject: "new",
        now: 1_767_225_600.0,
    };
    assert_eq!(request.uri(), expected.audience);
    assert_eq!(request.headers()["authorization"], "Bearer bearer-of-new");
    expected.complaints(&jwt_of(request))
}

/// A phone that answered an earlier push, and has now been asked again.
fn phone() -> Phone {
    let phone = asked_phone(&["old", "new"]);
    phone
        .answer(
            Decision::Approve,
            Which::Transaction("old"),
            now() - Duration::from_secs(5),
        )
        .unwrap();
    phone
}

#[test]
fn one_fault_each() {
    let phone = phone();
    let mut table = String::new();
    for forgery in Forgery::ALL {
        let request = phone
            .forge(forgery, Decision::Approve, Which::Newest, now())
            .unwrap();
        table.push_str(&format!("{forgery}: {}\n", complaints(&request).join(", ")));
    }
    let honest = phone
        .answer(Decision::Approve, Which::Newest, now())
        .unwrap();
    table.push_str(&format!("honest: {}\n", complaints(&honest).join(", ")));
    insta::assert_snapshot!(table, @"
    wrong_key: signature
    alg_none: alg, signature
    hs256_public_key: alg, signature
    wrong_sub: sub
    wrong_aud: aud
    wrong_iss: iss
    expired: exp
    replayed: sub
    honest:
    ");
}

#[test]
fn honest_answers_of_every_platform_pass() {
    for platform in [Platform::Plain, Platform::Android, Platform::Ios] {
        let phone = phone().on(platform);
        let request = phone
            .answer(Decision::Approve, Which::Newest, now())
            .unwrap();
        assert_eq!(complaints(&request), [""; 0], "{platform:?}");
    }
}

#[test]
fn ios_dates_have_a_fraction() {
    let phone = phone().on(Platform::Ios);
    let request = phone
        .answer(
            Decision::Approve,
            Which::Newest,
            now() + Duration::from_millis(250),
        )
        .unwrap();
    let claims = part(&jwt_of(&request), 1);
    assert_eq!(
        (claims["iat"].as_f64(), claims["exp"].as_f64()),
        (Some(1_767_225_600.25), Some(1_767_225_630.25))
    );
}

#[test]
fn a_forgery_leaves_the_push_unanswered() {
    let phone = asked_phone(&["first", "new"]);
    for forgery in Forgery::ALL
        .into_iter()
        .filter(|forgery| *forgery != Forgery::Replayed)
    {
        phone
            .forge(forgery, Decision::Approve, Which::Newest, now())
            .unwrap();
        assert!(
            phone.pushes().iter().all(|push| !push.is_answered()),
            "{forgery}"
        );
    }
    phone
        .answer(Decision::Approve, Which::Newest, now())
        .unwrap();
    assert_eq!(
        phone
            .pushes()
            .iter()
            .map(|push| push.is_answered())
            .collect::<Vec<_>>(),
        [false, true]
    );
}

#[test]
fn a_replay_is_an_answer_that_was_made_before() {
    let phone = asked_phone(&["new"]);
    let replay =
        |phone: &Phone| phone.forge(Forgery::Replayed, Decision::Approve, Which::Newest, now());
    assert_eq!(replay(&phone).unwrap_err(), DeviceError::NothingToReplay);

    let first = phone
        .answer(Decision::Approve, Which::Newest, now())
        .unwrap();
    assert_eq!(
        jwt_of(&replay(&phone).unwrap()),
        jwt_of(&first),
        "its own, when there is no other"
    );

    let phone = self::phone();
    let replayed = jwt_of(&replay(&phone).unwrap());
    assert_eq!(part(&replayed, 1)["sub"], "old");
    assert!(is_signed(&replayed, &key().public_jwk()));
}

#[test]
fn a_wrong_subject_is_made_up_when_there_is_no_other() {
    let phone = asked_phone(&["new"]);
    let request = phone
        .forge(Forgery::WrongSub, Decision::Approve, Which::Newest, now())
        .unwrap();
    assert_eq!(complaints(&request), ["sub"]);
}

#[test]
fn names_go_both_ways() {
    for forgery in Forgery::ALL {
        assert_eq!(forgery.name().parse(), Ok(forgery));
    }
    assert!("wrong_everything".parse::<Forgery>().is_err());
}
