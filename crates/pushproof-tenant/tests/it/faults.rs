//! Each fault, shown by the same requests to an honest and to a faulty tenant.

use pushproof_tenant::{Fault, OTHER_CLIENT_ID, OTHER_CLIENT_SECRET, SANDBOX_OTHER_AUDIENCE};
use serde_json::{Value, json};

use crate::phone::{Phone, Signing, sign, totp};
use crate::world::{OOB, RECOVERY, Reply, World, address, altered, encode};

const OTHER: (&str, Option<&str>) = (OTHER_CLIENT_ID, Some(OTHER_CLIENT_SECRET));

#[test]
fn every_fault_shows_at_the_point_it_names() {
    let mut told: Vec<String> = Vec::new();
    for fault in Fault::ALL {
        let honest = probe(&mut World::honest(), *fault);
        let faulty = probe(&mut World::with_fault(*fault), *fault);
        assert_ne!(honest, faulty, "{fault} does not show: {}", fault.says());
        told.push(format!(
            "{fault} {}\n    honest: {honest}\n    faulty: {faulty}",
            fault.says()
        ));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    DEF-001 a recovery code can be used twice
        honest: 200 tokens, at once 403 invalid_grant, later 403 invalid_grant
        faulty: 200 tokens, at once 200 tokens, later 200 tokens
    DEF-002 the recovery grant returns no replacement code
        honest: replacement true
        faulty: replacement false
    DEF-003 the replacement recovery code equals the used one
        honest: equal false
        faulty: equal true
    DEF-004 the replacement recovery code does not work
        honest: 200 tokens
        faulty: 403 invalid_grant
    DEF-005 a wrong recovery code burns the good one
        honest: 200 tokens
        faulty: 403 invalid_grant
    DEF-006 two uses of one recovery code at the same moment both succeed
        honest: 200 tokens, at once 403 invalid_grant, later 403 invalid_grant
        faulty: 200 tokens, at once 200 tokens, later 403 invalid_grant
    DEF-007 a recovery code of one user is accepted for another
        honest: 403 invalid_grant
        faulty: 200 tokens
    DEF-008 wrong recovery codes are not throttled
        honest: 429 too_many_attempts
        faulty: 403 invalid_grant
    DEF-009 a recovery code is usable before any factor is confirmed
        honest: 403 invalid_grant
        faulty: 200 tokens
    DEF-010 recovery codes are returned on every association
        honest: recovery_codes false
        faulty: recovery_codes true
    DEF-011 recovery codes are returned although disabled
        honest: recovery_codes false
        faulty: recovery_codes true
    DEF-012 no recovery code is returned on the first association
        honest: recovery_codes true
        faulty: recovery_codes false
    DEF-013 an authenticator is active before confirmation
        honest: push inactive, totp inactive, recovery-code inactive
        faulty: push active, totp active, recovery-code active
    DEF-014 an unconfirmed authenticator can be challenged
        honest: 400 invalid_authenticator
        faulty: 200 challenge_type oob_code
    DEF-015 an authenticator never becomes active after confirmation
        honest: push active "ada's phone", totp active, recovery-code active
        faulty: push inactive "ada's phone", totp inactive, recovery-code inactive
    DEF-016 tokens are issued before the device enrolled
        honest: 400 authorization_pending
        faulty: 200 tokens
    DEF-017 the poll stays pending after the device enrolled
        honest: 200 tokens
        faulty: 400 authorization_pending
    DEF-018 an enrolment ticket works after its window
        honest: 404 enrollment_transaction_not_found
        faulty: 200 id url issuer user_id token totp
    DEF-019 an enrolment ticket works more than once
        honest: 409 enrollment_conflict
        faulty: 200 id url issuer user_id token totp
    DEF-020 the OTP sibling is missing after a push enrolment
        honest: push active "ada's phone", totp active, recovery-code active
        faulty: push active "ada's phone", recovery-code active
    DEF-021 push answers carry a binding method
        honest: 200 authenticator_type barcode_uri oob_channel oob_code recovery_codes; 200 challenge_type oob_code
        faulty: 200 authenticator_type barcode_uri oob_channel oob_code binding_method recovery_codes; 200 challenge_type oob_code binding_method
    DEF-022 the associate answer says `oob_channels`
        honest: 200 authenticator_type barcode_uri oob_channel oob_code recovery_codes
        faulty: 200 authenticator_type barcode_uri oob_channels oob_code recovery_codes
    DEF-023 every `oob_code` of a user is the same
        honest: equal false
        faulty: equal true
    DEF-024 an enrolled user may associate again with a login token
        honest: 403 access_denied
        faulty: 200 authenticator_type secret barcode_uri
    DEF-025 a second association is refused though nothing is active
        honest: 200 authenticator_type secret barcode_uri
        faulty: 403 access_denied
    DEF-026 a refused association still creates an entry
        honest: 400 invalid_request, then 200 list of 0
        faulty: 400 invalid_request, then 200 list of 1
    DEF-027 tokens are issued after a rejection
        honest: 400 access_denied
        faulty: 200 tokens
    DEF-028 a rejection is reported as pending
        honest: 400 access_denied
        faulty: 400 authorization_pending
    DEF-029 a rejected transaction turns approved on a second device answer
        honest: second answer 404 login_transaction_not_found, poll 400 access_denied
        faulty: second answer 204, poll 200 tokens
    DEF-030 errors of the token endpoint have status 200
        honest: 403 mfa_required
        faulty: 200 mfa_required
    DEF-031 polling is never throttled
        honest: 429 slow_down
        faulty: 400 authorization_pending
    DEF-032 polling at the documented rate is throttled
        honest: 400 authorization_pending
        faulty: 429 slow_down
    DEF-033 a `slow_down` ends the transaction
        honest: 400 authorization_pending
        faulty: 400 access_denied
    DEF-034 throttling one user throttles all
        honest: 400 authorization_pending
        faulty: 429 slow_down
    DEF-035 throttled answers do not say how long to wait
        honest: 429 slow_down ["5", "1767225605"] interval 5
        faulty: 429 slow_down ["-", "-"] interval null
    DEF-036 a throttle never lifts
        honest: 400 authorization_pending
        faulty: 429 slow_down
    DEF-037 an `oob_code` of one user is usable with the `mfa_token` of another
        honest: 400 invalid_request
        faulty: 200 tokens
    DEF-038 every `oob_code` of a user stands for the newest transaction
        honest: 400 authorization_pending
        faulty: 200 tokens
    DEF-039 an approved `oob_code` can be redeemed twice
        honest: 200 tokens, at once 403 invalid_grant, later 403 invalid_grant
        faulty: 200 tokens, at once 200 tokens, later 200 tokens
    DEF-040 two polls at the same moment both get tokens
        honest: 200 tokens, at once 403 invalid_grant, later 403 invalid_grant
        faulty: 200 tokens, at once 200 tokens, later 403 invalid_grant
    DEF-041 an expired `oob_code` stays usable
        honest: 403 expired_token
        faulty: 400 authorization_pending
    DEF-042 an expired `mfa_token` is accepted
        honest: 401 invalid_grant
        faulty: 200 list of 0
    DEF-043 an `mfa_token` of another client is accepted
        honest: 400 invalid_request "mfa_token not issued to this client"
        faulty: 403 invalid_grant "MFA Authorization rejected."
    DEF-044 a tampered `mfa_token` is answered 500
        honest: 401 invalid_grant
        faulty: 500 server_error
    DEF-045 an `mfa_token` works as an access token
        honest: 401 invalid_token
        faulty: 200 sub email email_verified
    DEF-046 a login `mfa_token` can delete authenticators
        honest: 401 invalid_grant
        faulty: 204
    DEF-047 scope and audience of management tokens are not checked
        honest: scope 403 insufficient_scope, audience 401 invalid_grant
        faulty: scope 200 list of 2, audience 200 list of 2
    DEF-048 a prompted code is not required
        honest: 403 invalid_grant
        faulty: 200 tokens
    DEF-049 a one-time code is accepted twice
        honest: 200 tokens, 403 invalid_grant
        faulty: 200 tokens, 200 tokens
    DEF-050 one-time codes are computed with a period of 60 s
        honest: 200 tokens
        faulty: 403 invalid_grant
    DEF-051 a one-time code ten minutes old is accepted
        honest: 403 invalid_grant
        faulty: 200 tokens
    DEF-052 guessing one-time codes is not throttled
        honest: 429 too_many_attempts
        faulty: 403 invalid_grant
    DEF-053 the list shows authenticators of other users
        honest: 200 list of 0
        faulty: 200 list of 3
    DEF-054 the list shows secrets
        honest: secret false, recovery_code false
        faulty: secret true, recovery_code true
    DEF-055 the list shows phone numbers and e-mail addresses in full
        honest: sms inactive "XXXX0101", voice inactive "XXXX0101", recovery-code inactive
        faulty: sms inactive "+15550101", voice inactive "+15550101", recovery-code inactive
    DEF-056 a delete answers 200 with a body and deletes nothing
        honest: 204, then recovery-code active
        faulty: 200 deleted, then push active "ada's phone", totp active, recovery-code active
    DEF-057 `%7C` in the path is not decoded
        honest: 204
        faulty: 404 not_found
    DEF-058 authenticators of other users can be deleted and challenged
        honest: challenge 400 invalid_authenticator, delete 404 not_found
        faulty: challenge 200 challenge_type oob_code, delete 204
    DEF-059 deleting push leaves its OTP sibling
        honest: 204, then recovery-code active
        faulty: 204, then totp active, recovery-code active
    DEF-060 the challenge answer carries an access token
        honest: 200 challenge_type
        faulty: 200 tokens
    DEF-061 a challenge for a user with nothing enrolled is answered 200
        honest: 401 unsupported_challenge_type
        faulty: 200 challenge_type oob_code
    DEF-062 the form body of a challenge is ignored
        honest: 200 challenge_type oob_code
        faulty: 400 invalid_request
    DEF-063 a poll with an Authorization header is refused
        honest: 400 authorization_pending
        faulty: 401 invalid_grant
    DEF-064 a grant URI that is not percent-encoded is refused
        honest: 400 authorization_pending
        faulty: 400 unsupported_grant_type
    DEF-065 token answers may be cached
        honest: no-store
        faulty: -
    DEF-066 errors are HTML pages
        honest: 403 application/json
        faulty: 403 text/html
    DEF-067 a push goes to a device of another user
        honest: ada true, bob false
        faulty: ada false, bob true
    DEF-068 the signature of a device answer is not checked
        honest: answer 401 invalid_challenge, poll 400 authorization_pending
        faulty: answer 204, poll 200 tokens
    DEF-069 a device answer for another transaction is accepted
        honest: answer 401 invalid_challenge, poll 400 authorization_pending
        faulty: answer 204, poll 200 tokens
    DEF-070 an expired device answer is accepted
        honest: answer 401 invalid_challenge, poll 400 authorization_pending
        faulty: answer 204, poll 200 tokens
    DEF-071 approving one transaction approves all of the user
        honest: 400 authorization_pending
        faulty: 200 tokens
    DEF-072 a wrong password still yields an `mfa_token`
        honest: 403 invalid_grant
        faulty: 403 mfa_required
    DEF-073 the password grant returns tokens although MFA is required
        honest: 403 mfa_required
        faulty: 200 tokens
    DEF-074 tokens are issued for a user other than the first-factor user
        honest: subject is ada: true
        faulty: subject is ada: false
    DEF-075 malformed JSON is answered 500
        honest: 400 invalid_request
        faulty: 500 server_error
    DEF-076 error texts echo the code that was sent
        honest: 403 invalid_grant "MFA Authorization rejected."
        faulty: 403 invalid_grant "MFA Authorization rejected. Got: MY-OWN-CODE"
    REQ-ASSOC-001 an association with a bad bearer is answered 400
        honest: 401 invalid_grant
        faulty: 400 invalid_grant
    REQ-ASSOC-003 the associate answer does not say which type was chosen
        honest: 200 authenticator_type barcode_uri oob_channel oob_code recovery_codes
        faulty: 200 barcode_uri oob_channel oob_code recovery_codes
    REQ-ASSOC-015 a factor that is switched off can be enrolled
        honest: 403 access_denied
        faulty: 200 authenticator_type secret barcode_uri recovery_codes
    REQ-CHAL-002 the challenge of a one-time code has an `oob_code`
        honest: 200 challenge_type
        faulty: 200 challenge_type oob_code
    REQ-CHAL-003 the challenge of a sent code has no binding method
        honest: 200 challenge_type oob_code binding_method
        faulty: 200 challenge_type oob_code
    REQ-DEV-001 the device API is not found under `/appliance-mfa`
        honest: 401 invalid_token; 401 invalid_token
        faulty: 401 invalid_token; 404 not_found
    REQ-DEV-002 a made-up ticket stands for the newest one that waits
        honest: 404 enrollment_transaction_not_found, then push inactive, totp inactive, recovery-code inactive
        faulty: 200 id url issuer user_id token totp, then push active "ada's phone", totp active, recovery-code active
    REQ-DEV-004 any enrolled phone can answer any push
        honest: bob's phone 401 invalid_challenge, poll 400 authorization_pending
        faulty: bob's phone 204, poll 200 tokens
    REQ-DEV-004-OWN any phone of a user can answer any push of that user
        honest: the tablet 401 invalid_challenge, poll 400 authorization_pending
        faulty: the tablet 204, poll 200 tokens
    REQ-DEV-005 dates with a fraction, and a modulus that starts with a zero byte, are refused
        honest: answer 204, poll 200 tokens
        faulty: answer 401 invalid_challenge, poll 400 authorization_pending
    REQ-HTTP-004 a wrong method is answered 500
        honest: 405 method_not_allowed
        faulty: 500 server_error
    REQ-HTTP-005 of a parameter that is given twice the first counts
        honest: 400 invalid_request
        faulty: 400 authorization_pending
    REQ-HTTP-006 a grant URI that is percent-encoded is refused
        honest: 400 authorization_pending
        faulty: 400 unsupported_grant_type
    REQ-HTTP-007 a member that nobody knows is refused
        honest: 403 mfa_required
        faulty: 400 invalid_request
    REQ-HTTP-009 wrong credentials in the Authorization header are refused without `WWW-Authenticate`
        honest: 401 invalid_client, asks for "Basic realm=\"oauth\""
        faulty: 401 invalid_client, asks for "-"
    REQ-LIST-001 the list is wrapped in an object
        honest: 200 list of 0
        faulty: 200 authenticators
    REQ-LIST-002 the list says `active` by a text
        honest: active true, channel "auth0", second is "otp" by type and totp by id
        faulty: active "true", channel "auth0", second is "otp" by type and totp by id
    REQ-LIST-003 the list does not say the channel
        honest: active true, channel "auth0", second is "otp" by type and totp by id
        faulty: active true, channel null, second is "otp" by type and totp by id
    REQ-LIST-004 the list gives one-time-code factors the prefix of a push
        honest: active true, channel "auth0", second is "otp" by type and totp by id
        faulty: active true, channel "auth0", second is "otp" by type and push by id
    REQ-LIST-007 the list without a token is empty instead of refused
        honest: 401 invalid_grant
        faulty: 200 list of 0
    REQ-LIST-008 the list is refused when the request has a media type
        honest: 200 list of 0
        faulty: 400 invalid_request
    REQ-MTK-001 a fresh `mfa_token` cannot list
        honest: 200 list of 0
        faulty: 401 invalid_grant
    REQ-MTK-009 a missing `mfa_token` stands for the latest login
        honest: 400 invalid_request
        faulty: 200 tokens
    REQ-OOB-POLL-001 a push that nobody answered is reported as rejected
        honest: 400 authorization_pending, then 200 tokens for 86400
        faulty: 400 access_denied, then 200 tokens for 86400
    REQ-OOB-POLL-004 tokens got by polling say `expires_in` by a text
        honest: 400 authorization_pending, then 200 tokens for 86400
        faulty: 400 authorization_pending, then 200 tokens for "86400"
    REQ-OOB-POLL-010 a tampered `oob_code` is reported as pending
        honest: 403 invalid_grant
        faulty: 400 authorization_pending
    REQ-OTP-ENROLL-003 the first right one-time code gets tokens and activates nothing
        honest: wrong 403 invalid_grant, totp inactive, recovery-code inactive; right 200 tokens, totp active, recovery-code active
        faulty: wrong 403 invalid_grant, totp inactive, recovery-code inactive; right 200 tokens, totp inactive, recovery-code inactive
    REQ-OTP-ENROLL-004 a wrong one-time code activates a new factor
        honest: wrong 403 invalid_grant, totp inactive, recovery-code inactive; right 200 tokens, totp active, recovery-code active
        faulty: wrong 403 invalid_grant, totp active, recovery-code active; right 200 tokens, totp active, recovery-code active
    REQ-OTP-ENROLL-005 all one-time-code factors have the same secret
        honest: equal false
        faulty: equal true
    REQ-OTP-VERIFY-002 a wrong one-time code is reported as pending
        honest: wrong 403 invalid_grant, totp inactive, recovery-code inactive; right 200 tokens, totp active, recovery-code active
        faulty: wrong 400 authorization_pending, totp inactive, recovery-code inactive; right 200 tokens, totp active, recovery-code active
    REQ-OTP-VERIFY-002-ANYONE a one-time code of one user is accepted for another
        honest: 403 invalid_grant
        faulty: 200 tokens
    REQ-PUSH-ENROLL-002 the barcode of a push has no `base_url`
        honest: enrollment_tx_id base_url
        faulty: enrollment_tx_id
    REQ-PUSH-ENROLL-004 each `oob_code` is the last one, counted up
        honest: but a few places equal false
        faulty: but a few places equal true
    REQ-PWD-004 the answer that asks for a second factor has no `mfa_token`
        honest: 403 mfa_required, mfa_token true
        faulty: 403 mfa_required, mfa_token false
    REQ-PWD-008 a login that is sent as JSON is not read
        honest: 403 invalid_grant
        faulty: 400 invalid_request
    REQ-PWD-009 every login of a user gets the same `mfa_token`
        honest: equal false
        faulty: equal true
    REQ-PWD-011 who has enrolled nothing is told what to be asked by, and the rest what to enrol
        honest: before {"enroll":[{"type":"push-notification"},{"type":"otp"},{"type":"phone"}]}, after {"challenge":[{"type":"push-notification"},{"type":"otp"},{"type":"recovery-code"}]}
        faulty: before {"challenge":[{"type":"push-notification"},{"type":"otp"},{"type":"phone"}]}, after {"enroll":[{"type":"push-notification"},{"type":"otp"},{"type":"phone"}]}
    REQ-PWD-012 a wrong client secret is answered 403
        honest: 401 invalid_client, asks for "Basic realm=\"oauth\""
        faulty: 403 unauthorized_client, asks for "-"
    REQ-RATE-003 the headers say that more polls are left than there can be
        honest: 11 left of 12
        faulty: 13 left of 12
    REQ-RECOV-001 a good recovery code is refused
        honest: 200 tokens
        faulty: 403 invalid_grant
    REQ-SMS-001 a phone number is taken whatever it looks like
        honest: 400 invalid_request
        faulty: 200 authenticator_type binding_method oob_channel oob_code recovery_codes
    REQ-SMS-002 the associate answer of a sent code has no binding method
        honest: 200 authenticator_type binding_method oob_channel oob_code recovery_codes
        faulty: 200 authenticator_type oob_channel oob_code recovery_codes
    REQ-SMS-005 a number enrolled for text messages cannot be called
        honest: sms inactive "XXXX0101", voice inactive "XXXX0101", recovery-code inactive
        faulty: sms inactive "XXXX0101", recovery-code inactive
    "#);
}

/// What a client sees at the point where a fault shows.
fn probe(world: &mut World, fault: Fault) -> String {
    match fault {
        Fault::RecoveryCodeReusable | Fault::RecoveryRace => {
            let code = world.enrolled("ada").recovery_code.unwrap();
            let login = world.login("ada");
            let first = world.recover(&login, &code).brief();
            let at_once = world.recover(&login, &code).brief();
            world.wait(2_000);
            format!(
                "{first}, at once {at_once}, later {}",
                world.recover(&login, &code).brief()
            )
        }
        Fault::NoReplacementCode => {
            let code = world.enrolled("ada").recovery_code.unwrap();
            let login = world.login("ada");
            format!(
                "replacement {}",
                world.recover(&login, &code).body["recovery_code"].is_string()
            )
        }
        Fault::ReplacementCodeEqual => {
            let code = world.enrolled("ada").recovery_code.unwrap();
            let login = world.login("ada");
            format!(
                "equal {}",
                world.recover(&login, &code).text("recovery_code") == code
            )
        }
        Fault::ReplacementCodeDead => {
            let code = world.enrolled("ada").recovery_code.unwrap();
            let login = world.login("ada");
            let next = world.recover(&login, &code).text("recovery_code");
            world.recover(&login, &next).brief()
        }
        Fault::WrongCodeBurnsGoodOne => {
            let code = world.enrolled("ada").recovery_code.unwrap();
            let login = world.login("ada");
            world.recover(&login, "WRONG");
            world.recover(&login, &code).brief()
        }
        Fault::RecoveryCodeOfAnyone => {
            let code = world.enrolled("ada").recovery_code.unwrap();
            world.enrolled("bob");
            let login = world.login("bob");
            world.recover(&login, &code).brief()
        }
        Fault::RecoveryNotThrottled => {
            world.enrolled("ada");
            let login = world.login("ada");
            last_of(11, || world.recover(&login, "WRONG"))
        }
        Fault::RecoveryBeforeConfirmation => {
            let (login, begun) = begun(world);
            let code = begun.body["recovery_codes"][0].as_str().unwrap().to_owned();
            world.recover(&login, &code).brief()
        }
        Fault::RecoveryCodesEveryTime => {
            let (login, _) = begun(world);
            codes(&world.associate_otp(&login))
        }
        Fault::RecoveryCodesThoughDisabled => {
            world.json(
                "/__control/settings",
                None,
                &json!({ "recovery_codes": false }),
            );
            codes(&begun(world).1)
        }
        Fault::RecoveryCodesMissing => codes(&begun(world).1),
        Fault::ActiveBeforeConfirmation => {
            let (login, _) = begun(world);
            world.list(&login).entries()
        }
        Fault::UnconfirmedChallenged => {
            let (login, _) = begun(world);
            let push = world.list(&login).id_of("push|");
            world
                .challenge(&login, &json!({ "authenticator_id": push }))
                .brief()
        }
        Fault::NeverActive | Fault::NoOtpSibling => {
            world.enrolled("ada");
            let login = world.login("ada");
            world.list(&login).entries()
        }
        Fault::TokensBeforeEnrolment => {
            let (login, begun) = begun(world);
            world.poll(&login, &begun.text("oob_code")).brief()
        }
        Fault::PendingAfterEnrolment => {
            let (login, begun) = begun(world);
            world.scan(&mut Phone::new("ada"), &begun.text("barcode_uri"));
            world.poll(&login, &begun.text("oob_code")).brief()
        }
        Fault::TicketNeverExpires => {
            let (_, begun) = begun(world);
            world.wait(300_000);
            world
                .scan(&mut Phone::new("ada"), &begun.text("barcode_uri"))
                .brief()
        }
        Fault::TicketReusable => {
            let (_, begun) = begun(world);
            world.scan(&mut Phone::new("ada"), &begun.text("barcode_uri"));
            world
                .scan(&mut Phone::new("eve"), &begun.text("barcode_uri"))
                .brief()
        }
        Fault::PushBindingMethod => {
            let (_, begun) = begun(world);
            world.enrol_phone("ada");
            let login = world.login("ada");
            format!(
                "{}; {}",
                begun.brief(),
                world.challenge(&login, &json!({})).brief()
            )
        }
        Fault::PluralChannel => begun(world).1.brief(),
        Fault::OobCodeRepeats => {
            world.enrolled("ada");
            let login = world.login("ada");
            let first = world.push(&login);
            world.wait(1_000);
            format!("equal {}", world.push(&login) == first)
        }
        Fault::EnrolledMayAssociate => {
            world.enrolled("ada");
            let login = world.login("ada");
            world.associate_otp(&login).brief()
        }
        Fault::SecondAssociationRefused => {
            let (login, _) = begun(world);
            world.associate_otp(&login).brief()
        }
        Fault::RefusedAssociationCreates => {
            world.user("ada");
            let login = world.login("ada");
            let refused = world
                .associate(&login, &json!({ "authenticator_types": ["oob"] }))
                .brief();
            format!("{refused}, then {}", world.list(&login).brief())
        }
        Fault::TokensAfterRejection | Fault::RejectedStaysPending => {
            let phone = world.enrolled("ada").phone;
            let login = world.login("ada");
            let code = world.push(&login);
            world.decide(&phone, false);
            world.poll(&login, &code).brief()
        }
        Fault::RejectedFlips => {
            let phone = world.enrolled("ada").phone;
            let login = world.login("ada");
            let code = world.push(&login);
            let push = world.read_push(&phone).unwrap();
            let now = world.unix_time();
            world.send(phone.answer(&push, false, now));
            let second = world.send(phone.answer(&push, true, now)).brief();
            format!(
                "second answer {second}, poll {}",
                world.poll(&login, &code).brief()
            )
        }
        Fault::ErrorsAre200 => {
            world.user("ada");
            world.login_for("ada", &[]).brief()
        }
        Fault::PollsNotThrottled => {
            let (login, begun) = begun(world);
            let code = begun.text("oob_code");
            last_of(30, || world.poll(&login, &code))
        }
        Fault::ThrottledTooEarly => {
            let (login, begun) = begun(world);
            let code = begun.text("oob_code");
            last_of(8, || {
                world.wait(5_000);
                world.poll(&login, &code)
            })
        }
        Fault::SlowDownKills => {
            let (login, begun) = begun(world);
            let code = begun.text("oob_code");
            last_of(13, || world.poll(&login, &code));
            world.wait(10_000);
            world.poll(&login, &code).brief()
        }
        Fault::ThrottledTogether => {
            let (login, begun) = begun(world);
            let code = begun.text("oob_code");
            world.user("bob");
            let bob = world.login("bob");
            let bobs = world.associate_push(&bob).text("oob_code");
            last_of(13, || world.poll(&login, &code));
            world.poll(&bob, &bobs).brief()
        }
        Fault::NoWaitHint => {
            let (login, begun) = begun(world);
            let code = begun.text("oob_code");
            let throttled = (0..13).map(|_| world.poll(&login, &code)).last().unwrap();
            let headers = ["retry-after", "x-ratelimit-reset"].map(|name| throttled.header(name));
            format!(
                "{} {headers:?} interval {}",
                throttled.brief(),
                throttled.body["interval"]
            )
        }
        Fault::ThrottledForEver => {
            let (login, begun) = begun(world);
            let code = begun.text("oob_code");
            last_of(13, || world.poll(&login, &code));
            world.wait(120_000);
            world.poll(&login, &code).brief()
        }
        Fault::OobCodeOfAnyone => {
            let phone = world.enrolled("ada").phone;
            world.enrolled("bob");
            let (ada, bob) = (world.login("ada"), world.login("bob"));
            let code = world.push(&ada);
            world.decide(&phone, true);
            world.poll(&bob, &code).brief()
        }
        Fault::OobCodesMixedUp | Fault::ApprovesAll => {
            let phone = world.enrolled("ada").phone;
            let login = world.login("ada");
            let (first, _) = (world.push(&login), world.push(&login));
            world.decide(&phone, true);
            world.poll(&login, &first).brief()
        }
        Fault::RedeemableTwice | Fault::RedeemRace => {
            let phone = world.enrolled("ada").phone;
            let login = world.login("ada");
            let code = world.push(&login);
            world.decide(&phone, true);
            let first = world.poll(&login, &code).brief();
            let at_once = world.poll(&login, &code).brief();
            world.wait(2_000);
            format!(
                "{first}, at once {at_once}, later {}",
                world.poll(&login, &code).brief()
            )
        }
        Fault::OobCodeNeverExpires => {
            world.enrolled("ada");
            let login = world.login("ada");
            let code = world.push(&login);
            world.wait(300_000);
            world.poll(&login, &code).brief()
        }
        Fault::MfaTokenNeverExpires => {
            world.user("ada");
            let login = world.login("ada");
            world.wait(600_000);
            world.list(&login).brief()
        }
        Fault::MfaTokenOfAnyClient => {
            world.user("ada");
            let login = world.login("ada");
            world
                .grant_as(
                    OTHER,
                    RECOVERY,
                    &[("mfa_token", &login), ("recovery_code", "X")],
                )
                .full()
        }
        Fault::TamperedTokenIs500 => {
            world.user("ada");
            let login = altered(&world.login("ada"));
            world.list(&login).brief()
        }
        Fault::MfaTokenOpensUserinfo => {
            world.user("ada");
            let login = world.login("ada");
            world.get("/userinfo", Some(&login)).brief()
        }
        Fault::MfaTokenDeletes => {
            world.enrolled("ada");
            let login = world.login("ada");
            let id = world.list(&login).id_of("push|");
            world
                .delete(&format!("/mfa/authenticators/{id}"), Some(&login))
                .brief()
        }
        Fault::ScopesUnchecked => {
            world.user("ada");
            let enroll = world.management_token("ada", "enroll");
            let wish = [
                ("audience", SANDBOX_OTHER_AUDIENCE),
                ("scope", "read:authenticators"),
            ];
            let login = world.login_for("ada", &wish).text("mfa_token");
            let secret = world.associate_otp(&login).text("secret");
            let now = world.unix_time();
            let foreign = world.otp(&login, &totp(&secret, now)).text("access_token");
            format!(
                "scope {}, audience {}",
                world.list(&enroll).brief(),
                world.list(&foreign).brief()
            )
        }
        Fault::BindingCodeUnchecked => {
            let (login, begun) = begun_by_text(world);
            let fields = [
                ("mfa_token", &*login),
                ("oob_code", &*begun.text("oob_code")),
                ("binding_code", "x"),
            ];
            world.grant(OOB, &fields).brief()
        }
        Fault::OtpReusable => {
            let (login, secret) = begun_app(world);
            let code = totp(&secret, world.unix_time());
            format!(
                "{}, {}",
                world.otp(&login, &code).brief(),
                world.otp(&login, &code).brief()
            )
        }
        Fault::OtpOtherPeriod => {
            let (login, secret) = begun_app(world);
            let code = totp(&secret, world.unix_time());
            world.otp(&login, &code).brief()
        }
        Fault::OldOtpAccepted => {
            let (login, secret) = begun_app(world);
            let code = totp(&secret, world.unix_time() - 600);
            world.otp(&login, &code).brief()
        }
        Fault::OtpNotThrottled => {
            let (login, _) = begun_app(world);
            last_of(11, || world.otp(&login, "000000"))
        }
        Fault::ListOfEveryone => {
            world.enrolled("ada");
            world.user("bob");
            let login = world.login("bob");
            world.list(&login).brief()
        }
        Fault::ListLeaks => {
            world.enrolled("ada");
            let login = world.login("ada");
            let list = world.list(&login);
            format!(
                "secret {}, recovery_code {}",
                list.raw.contains("\"secret\""),
                list.raw.contains("\"recovery_code\"")
            )
        }
        Fault::UnmaskedName => {
            let (login, _) = begun_by_text(world);
            world.list(&login).entries()
        }
        Fault::DeleteDoesNothing | Fault::SiblingLeft => {
            let token = manager_of_own(world);
            let id = world.list(&token).id_of("push|");
            let deleted = world
                .delete(&format!("/mfa/authenticators/{id}"), Some(&token))
                .brief();
            format!("{deleted}, then {}", world.list(&token).entries())
        }
        Fault::PathNotDecoded => {
            let token = manager_of_own(world);
            let id = world.list(&token).id_of("push|").replace('|', "%7C");
            world
                .delete(&format!("/mfa/authenticators/{id}"), Some(&token))
                .brief()
        }
        Fault::OthersAuthenticators => {
            let token = manager_of_own(world);
            let bobs = format!("push|{}", world.enrolled("bob").phone.id);
            let login = world.login("ada");
            let asked = world
                .challenge(&login, &json!({ "authenticator_id": bobs }))
                .brief();
            let deleted = world
                .delete(&format!("/mfa/authenticators/{bobs}"), Some(&token))
                .brief();
            format!("challenge {asked}, delete {deleted}")
        }
        Fault::ChallengeIssuesToken => {
            world.enrolled("ada");
            let login = world.login("ada");
            world
                .challenge(&login, &json!({ "challenge_type": "otp" }))
                .brief()
        }
        Fault::NothingEnrolledChallenged => {
            world.user("ada");
            let login = world.login("ada");
            world.challenge(&login, &json!({})).brief()
        }
        Fault::ChallengeFormIgnored => {
            world.enrolled("ada");
            let login = world.login("ada");
            let fields = [
                ("client_id", "sandbox-client"),
                ("client_secret", "sandbox-client-secret"),
                ("mfa_token", &*login),
            ];
            world.form("/mfa/challenge", &fields).brief()
        }
        Fault::BearerOnPollRefused => {
            let (login, begun) = begun(world);
            let body = poll_body(
                &login,
                &begun.text("oob_code"),
                &encode(&[("grant_type", OOB)]),
            );
            let headers = [
                ("content-type", FORM),
                ("authorization", &*format!("Bearer {login}")),
            ];
            world.call("POST", "/oauth/token", &headers, body).brief()
        }
        Fault::RawGrantRefused => {
            let (login, begun) = begun(world);
            let body = poll_body(
                &login,
                &begun.text("oob_code"),
                &format!("grant_type={OOB}"),
            );
            world
                .call("POST", "/oauth/token", &[("content-type", FORM)], body)
                .brief()
        }
        Fault::TokensCacheable => {
            world.user("ada");
            world.login_for("ada", &[]).header("cache-control").into()
        }
        Fault::HtmlErrors => {
            world.user("ada");
            let reply = world.login_for("ada", &[]);
            format!("{} {}", reply.status, reply.header("content-type"))
        }
        Fault::PushGoesAstray => {
            let phone = world.enrolled("ada").phone;
            let bobs = world.enrolled("bob").phone;
            let login = world.login("ada");
            world.push(&login);
            format!(
                "ada {}, bob {}",
                world.read_push(&phone).is_some(),
                world.read_push(&bobs).is_some()
            )
        }
        Fault::SignatureUnchecked => answered(world, |_| {}, Signing::None),
        Fault::SubjectUnchecked => {
            answered(world, |claims| claims["sub"] = json!("other"), Signing::Own)
        }
        Fault::DeviceExpiryUnchecked => {
            answered(world, |claims| claims["exp"] = json!(1), Signing::Own)
        }
        Fault::WrongPasswordMfaToken => {
            world.user("ada");
            let fields = [("username", &*address("ada")), ("password", "wrong")];
            world.grant("password", &fields).brief()
        }
        Fault::PasswordIsEnough => {
            world.user("ada");
            world.login_for("ada", &[]).brief()
        }
        Fault::TokensForAnother => {
            world.user("bob");
            let phone = world.enrolled("ada").phone;
            let login = world.login("ada");
            let code = world.push(&login);
            world.decide(&phone, true);
            let subject = world.poll(&login, &code).claims("id_token")["sub"].clone();
            format!("subject is ada: {}", subject == *phone.user_id)
        }
        Fault::MalformedJsonIs500 => {
            world.user("ada");
            let login = format!("Bearer {}", world.login("ada"));
            world
                .call("POST", "/mfa/associate", &[("authorization", &login)], "{")
                .brief()
        }
        Fault::ErrorsEchoSecrets => {
            world.enrolled("ada");
            let login = world.login("ada");
            world.recover(&login, "MY-OWN-CODE").full()
        }
        of_requirement => probe_requirement(world, of_requirement),
    }
}

/// The same for the faults that are named after a requirement.
fn probe_requirement(world: &mut World, fault: Fault) -> String {
    match fault {
        Fault::BadBearerIs400 => world.associate_otp("made-up").brief(),
        Fault::AssociationSilent => begun(world).1.brief(),
        Fault::OtpChallengeHasCode => {
            world.enrolled("ada");
            let login = world.login("ada");
            let otp = json!({ "challenge_type": "otp" });
            world.challenge(&login, &otp).brief()
        }
        Fault::PromptUnannounced => {
            world.make_user("ada", true);
            let login = world.login("ada");
            world.challenge(&login, &json!({})).brief()
        }
        Fault::DeviceApiAtRootOnly => {
            let told = ["", "/appliance-mfa"].map(|base| {
                let path = format!("{base}/api/enroll");
                world.call("POST", &path, &[], "").brief()
            });
            told.join("; ")
        }
        Fault::AnyTicketEnrols => {
            let (login, _) = begun(world);
            let made_up = "otpauth://totp/x?enrollment_tx_id=MadeUp";
            let scanned = world.scan(&mut Phone::new("ada"), made_up).brief();
            format!("{scanned}, then {}", world.list(&login).entries())
        }
        Fault::WrongMethodIs500 => world.get("/mfa/challenge", None).brief(),
        Fault::UnknownMemberRefused => {
            world.user("ada");
            world.login_for("ada", &[("foo", "bar")]).brief()
        }
        Fault::ListIsObject | Fault::MfaTokenCannotList => {
            world.user("ada");
            let login = world.login("ada");
            world.list(&login).brief()
        }
        Fault::ActiveIsText | Fault::ChannelUnlisted | Fault::PrefixOfAnother => {
            world.enrolled("ada");
            let login = world.login("ada");
            let list = world.list(&login).body;
            let (push, totp) = (&list[0], &list[1]);
            let prefix = totp["id"].as_str().unwrap().split('|').next();
            format!(
                "active {}, channel {}, second is {} by type and {} by id",
                push["active"],
                push["oob_channel"],
                totp["authenticator_type"],
                prefix.unwrap()
            )
        }
        Fault::ListOfNobody => world.get("/mfa/authenticators", None).brief(),
        Fault::LabelledListRefused => {
            world.user("ada");
            let bearer = format!("Bearer {}", world.login("ada"));
            let headers = [
                ("authorization", &*bearer),
                ("content-type", "application/json"),
            ];
            world
                .call("GET", "/mfa/authenticators", &headers, "")
                .brief()
        }
        Fault::MfaTokenGuessed => {
            let code = world.enrolled("ada").recovery_code.unwrap();
            world.login("ada");
            world.grant(RECOVERY, &[("recovery_code", &code)]).brief()
        }
        Fault::UnansweredIsRefused | Fault::ExpiresInIsText => {
            let phone = world.enrolled("ada").phone;
            let login = world.login("ada");
            let code = world.push(&login);
            let before = world.poll(&login, &code).brief();
            world.decide(&phone, true);
            let tokens = world.poll(&login, &code);
            format!(
                "{before}, then {} for {}",
                tokens.brief(),
                tokens.body["expires_in"]
            )
        }
        Fault::TamperedCodePends => {
            let (login, begun) = begun(world);
            let code = altered(&begun.text("oob_code"));
            world.poll(&login, &code).brief()
        }
        Fault::RightOtpConfirmsNothing | Fault::WrongOtpConfirms | Fault::WrongOtpPends => {
            let (login, secret) = begun_app(world);
            let wrong = world.otp(&login, "000000").brief();
            let after_wrong = world.list(&login).entries();
            let code = totp(&secret, world.unix_time());
            let right = world.otp(&login, &code).brief();
            let after_right = world.list(&login).entries();
            format!("wrong {wrong}, {after_wrong}; right {right}, {after_right}")
        }
        Fault::OneSeedForAll => {
            let (login, secret) = begun_app(world);
            let second = world.associate_otp(&login).text("secret");
            format!("equal {}", secret == second)
        }
        Fault::BarcodeWithoutBase => {
            let barcode = begun(world).1.text("barcode_uri");
            let (_, query) = barcode.split_once('?').unwrap();
            let names = query.split('&').map(|pair| pair.split('=').next().unwrap());
            names.collect::<Vec<_>>().join(" ")
        }
        Fault::MfaTokenMissing => {
            world.user("ada");
            let reply = world.login_for("ada", &[]);
            format!(
                "{}, mfa_token {}",
                reply.brief(),
                reply.body["mfa_token"].is_string()
            )
        }
        Fault::MfaTokenRepeats => {
            world.user("ada");
            let first = world.login("ada");
            world.wait(1_000);
            format!("equal {}", world.login("ada") == first)
        }
        Fault::GoodRecoveryRefused => {
            let code = world.enrolled("ada").recovery_code.unwrap();
            let login = world.login("ada");
            world.recover(&login, &code).brief()
        }
        Fault::AnyNumberTaken => {
            world.user("ada");
            let login = world.login("ada");
            let body = json!({ "authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "abc" });
            world.associate(&login, &body).brief()
        }
        Fault::TextEnrolmentUnannounced => begun_by_text(world).1.brief(),
        Fault::DisabledFactorEnrols => {
            world.json("/__control/settings", None, &json!({ "factor.otp": false }));
            world.user("ada");
            let login = world.login("ada");
            world.associate_otp(&login).brief()
        }
        Fault::OwnPhonesAnswer => {
            world.user("ada");
            let token = world.management_token("ada", "enroll");
            let phone = world.enrol_phone("ada").phone;
            let begun = world.associate_push(&token);
            let mut tablet = Phone::new("ada's tablet");
            world.scan(&mut tablet, &begun.text("barcode_uri"));
            let login = world.login("ada");
            let code = world.push(&login);
            let push = world.read_push(&phone).unwrap();
            let now = world.unix_time();
            let answer = world.send(tablet.answer(&push, true, now)).brief();
            format!(
                "the tablet {answer}, poll {}",
                world.poll(&login, &code).brief()
            )
        }
        Fault::GrantNotDecoded => {
            let (login, begun) = begun(world);
            world.poll(&login, &begun.text("oob_code")).brief()
        }
        Fault::CodesCountUp => {
            world.enrolled("ada");
            let login = world.login("ada");
            let (first, second) = (world.push(&login), world.push(&login));
            let alike = first.bytes().zip(second.bytes());
            let alike = alike.filter(|(one, other)| one == other).count();
            format!("but a few places equal {}", alike + 3 > first.len())
        }
        Fault::MoreLeftThanThereIs => {
            let (login, begun) = begun(world);
            let reply = world.poll(&login, &begun.text("oob_code"));
            let [left, all] = ["x-ratelimit-remaining", "x-ratelimit-limit"];
            format!("{} left of {}", reply.header(left), reply.header(all))
        }
        Fault::OtpOfAnyone => {
            let adas = world.enrolled("ada").phone;
            world.enrolled("bob");
            let bob = world.login("bob");
            let code = adas.code(world.unix_time());
            world.otp(&bob, &code).brief()
        }
        Fault::AnyPhoneAnswers => {
            let phone = world.enrolled("ada").phone;
            let bobs = world.enrolled("bob").phone;
            let login = world.login("ada");
            let code = world.push(&login);
            let push = world.read_push(&phone).unwrap();
            let now = world.unix_time();
            let answer = world.send(bobs.answer(&push, true, now)).brief();
            format!(
                "bob's phone {answer}, poll {}",
                world.poll(&login, &code).brief()
            )
        }
        Fault::PhoneHabitsRefused => {
            let exp = |claims: &mut Value| claims["exp"] = json!(1_767_225_620.5);
            answered(world, exp, Signing::Own)
        }
        Fault::FirstOfTwoCounts => {
            let (login, begun) = begun(world);
            let code = begun.text("oob_code");
            let grant = encode(&[("grant_type", OOB), ("oob_code", &code)]);
            let body = poll_body(&login, &code, &grant);
            let label = [("content-type", FORM)];
            world.call("POST", "/oauth/token", &label, body).brief()
        }
        Fault::HeaderUnchallenged | Fault::WrongSecretIs403 => {
            let headers = [("content-type", FORM), ("authorization", "Basic eDp5")];
            let body = encode(&[("grant_type", "password")]);
            let reply = world.call("POST", "/oauth/token", &headers, body);
            format!(
                "{}, asks for {:?}",
                reply.brief(),
                reply.header("www-authenticate")
            )
        }
        Fault::LoginReadsFormsOnly => {
            let client = json!({ "grant_type": "password", "client_id": "sandbox-client",
                "client_secret": "sandbox-client-secret", "username": "x", "password": "y" });
            world.json("/oauth/token", None, &client).brief()
        }
        Fault::RequirementsSwapped => {
            world.json(
                "/__control/settings",
                None,
                &json!({ "mfa_requirements": "types" }),
            );
            world.user("ada");
            let before = world.login_for("ada", &[]).body["mfa_requirements"].clone();
            world.enrol_phone("ada");
            let after = world.login_for("ada", &[]).body["mfa_requirements"].clone();
            format!("before {before}, after {after}")
        }
        Fault::TextWithoutVoice => {
            let (login, _) = begun_by_text(world);
            world.list(&login).entries()
        }
        of_catalogue => panic!("{of_catalogue} has no probe"),
    }
}

/// Every MUST of the dialect can be broken, so that a suite can be asked whether it would notice.
#[test]
fn every_must_is_broken_by_some_fault() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../scenarios/auth0/requirements.yaml"
    );
    let text = std::fs::read_to_string(path).unwrap();
    let mut musts = Vec::new();
    let mut id = "";
    for line in text.lines() {
        id = line.strip_prefix("  - id: ").unwrap_or(id);
        if line.trim() == "level: must" {
            musts.push(id);
        }
    }
    assert!(musts.len() > 100, "the file is read as it is written");
    let is_broken = |must: &&str| Fault::ALL.iter().any(|fault| fault.breaks().contains(must));
    let whole: Vec<_> = musts.iter().filter(|must| !is_broken(must)).collect();
    assert_eq!(whole, Vec::<&&str>::new(), "no fault breaks these");
}

const FORM: &str = "application/x-www-form-urlencoded";

/// A login and an association of a phone that has not scanned yet.
fn begun(world: &mut World) -> (String, Reply) {
    world.user("ada");
    let login = world.login("ada");
    let begun = world.associate_push(&login);
    (login, begun)
}

fn begun_by_text(world: &mut World) -> (String, Reply) {
    world.user("ada");
    let login = world.login("ada");
    let body = json!({ "authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+15550101" });
    let begun = world.associate(&login, &body);
    (login, begun)
}

/// A login and the secret of an associated app.
fn begun_app(world: &mut World) -> (String, String) {
    world.user("ada");
    let login = world.login("ada");
    let secret = world.associate_otp(&login).text("secret");
    (login, secret)
}

/// A token by which an enrolled user manages factors.
fn manager_of_own(world: &mut World) -> String {
    world.user("ada");
    let token = world.management_token("ada", "read:authenticators remove:authenticators");
    world.enrol_phone("ada");
    token
}

/// What becomes of a push that is approved by a bent answer.
fn answered(world: &mut World, bend: impl Fn(&mut Value), signing: Signing) -> String {
    let phone = world.enrolled("ada").phone;
    let login = world.login("ada");
    let code = world.push(&login);
    let push = world.read_push(&phone).unwrap();
    let mut claims = phone.claims(&push, true, world.unix_time());
    bend(&mut claims);
    let answer = world
        .send(phone.answer_with(&push, &sign(&claims, signing)))
        .brief();
    format!(
        "answer {answer}, poll {}",
        world.poll(&login, &code).brief()
    )
}

fn poll_body(login: &str, code: &str, grant: &str) -> String {
    let rest = [
        ("client_id", "sandbox-client"),
        ("client_secret", "sandbox-client-secret"),
        ("mfa_token", login),
        ("oob_code", code),
    ];
    format!("{grant}&{}", encode(&rest))
}

fn codes(reply: &Reply) -> String {
    format!("recovery_codes {}", reply.body["recovery_codes"].is_array())
}

fn last_of(n: u32, mut call: impl FnMut() -> Reply) -> String {
    (0..n).map(|_| call()).last().unwrap().brief()
}
