//! Which push an answer is for, what becomes of replies, and the code on the phone's display.

use pushproof_device::{Decision, DeviceError, Reading, Which};
use serde_json::json;

use crate::judge::{jwt_of, part};
use crate::world::{
    asked_phone, enrolled_phone, enrolment, guardian_error, inbox, json_reply, new_phone, now,
    payload, reply,
};

/// A day of a phone, one word a line: `+x` a push with challenge x arrives, `yes`/`no` the newest is answered, `yes x` that one.
fn day(script: &str) -> String {
    let mut phone = enrolled_phone();
    let mut told = String::new();
    for line in script.split(", ") {
        if let Some(challenge) = line.strip_prefix('+') {
            phone.receive(inbox(&[challenge]).as_bytes()).unwrap();
            continue;
        }
        let (word, which) = match line.split_once(' ') {
            Some((word, challenge)) => (word, Which::Transaction(challenge)),
            None => (line, Which::Newest),
        };
        let decision = if word == "yes" {
            Decision::Approve
        } else {
            Decision::Reject { reason: None }
        };
        let said = match phone.answer(decision, which, now()) {
            Ok(request) => {
                let bearer = request.headers()["authorization"].to_str().unwrap();
                format!(
                    "{} with {bearer}",
                    part(&jwt_of(&request), 1)["sub"].as_str().unwrap()
                )
            }
            Err(error) => error.to_string(),
        };
        told.push_str(&format!("{line}: {said}\n"));
    }
    told
}

#[test]
fn the_newest_unanswered_push_is_answered() {
    insta::assert_snapshot!(day("yes, yes c, +a, yes b, +b, yes, no, no, yes a, +c, yes, yes b"), @"
    yes: the phone has received no push
    yes c: the phone has received no push with that challenge
    yes b: the phone has received no push with that challenge
    yes: b with Bearer bearer-of-b
    no: a with Bearer bearer-of-a
    no: b with Bearer bearer-of-b
    yes a: a with Bearer bearer-of-a
    yes: c with Bearer bearer-of-c
    yes b: b with Bearer bearer-of-b
    ");
}

#[test]
fn of_two_pushes_with_one_challenge_the_newest_counts() {
    let mut phone = asked_phone(&["a"]);
    let mut again = payload("a");
    again["txtkn"] = "second-bearer".into();
    phone
        .receive(json!([again]).to_string().as_bytes())
        .unwrap();
    let request = phone
        .answer(Decision::Approve, Which::Transaction("a"), now())
        .unwrap();
    assert_eq!(request.headers()["authorization"], "Bearer second-bearer");
}

#[test]
fn payloads_come_bare_or_wrapped() {
    let mut phone = new_phone();
    let inbox = json!([payload("a"), { "data": payload("b") }]).to_string();
    assert_eq!(phone.receive(inbox.as_bytes()), Ok(2));
    assert_eq!(phone.receive(b"[]"), Ok(0));
    let challenges: Vec<&str> = phone.pushes().iter().map(|push| push.challenge()).collect();
    assert_eq!(challenges, ["a", "b"]);
    assert_eq!(phone.pushes()[1].enrolment_id(), "dev_0123456789abcdef");
    assert_eq!(phone.pushes()[1].sent_at(), "2026-01-01T00:00:00.000Z");
}

#[test]
fn a_bad_payload_spoils_the_whole_inbox() {
    let mut phone = asked_phone(&["a"]);
    let mut complaints = String::new();
    for member in ["sh", "dai", "txtkn", "c", "d"] {
        let mut bad = payload("b");
        bad.as_object_mut().unwrap().remove(member);
        let error = phone
            .receive(json!([payload("c"), bad]).to_string().as_bytes())
            .unwrap_err();
        complaints.push_str(&format!("{error}\n"));
    }
    for inbox in ["", "{}", "[1]", "[[]]", "null", r#"[{"data":7}]"#] {
        complaints.push_str(&format!(
            "{}\n",
            phone.receive(inbox.as_bytes()).unwrap_err()
        ));
    }
    let mut bad = payload("b");
    bad["txtkn"] = "two\r\nlines".into();
    complaints.push_str(
        &phone
            .receive(json!([bad]).to_string().as_bytes())
            .unwrap_err()
            .to_string(),
    );
    assert_eq!(phone.pushes().len(), 1);
    insta::assert_snapshot!(complaints, @"
    `sh` of a push is missing
    `dai` of a push is missing
    `txtkn` of a push is missing
    `c` of a push is missing
    `d` of a push is missing
    the inbox is not a JSON array
    the inbox is not a JSON array
    a push is not a JSON object
    a push is not a JSON object
    the inbox is not a JSON array
    a push is not a JSON object
    `txtkn` of a push cannot stand in a header
    ");
}

#[test]
fn what_a_phone_keeps_is_bounded() {
    let mut phone = new_phone();
    let many = inbox(&["a"; 999]);
    assert_eq!(phone.receive(many.as_bytes()), Ok(999));
    assert_eq!(
        phone.receive(inbox(&["b", "c"]).as_bytes()),
        Err(DeviceError::TooManyPushes { pushes_max: 1000 })
    );
    assert_eq!(phone.receive(inbox(&["b"]).as_bytes()), Ok(1));
}

#[test]
fn replies_to_an_answer() {
    let mut phone = asked_phone(&["a"]);
    let replies = [
        ("204", reply(204, None, "")),
        ("200 json", json_reply(200, &json!({}))),
        ("200 html", reply(200, Some("text/html"), "<p>fine</p>")),
        ("200 bare", reply(200, None, "")),
        ("302", reply(302, None, "")),
        ("400 known", guardian_error(400, "invalid_challenge")),
        ("401 known", guardian_error(401, "invalid_token")),
        (
            "404 known",
            guardian_error(404, "login_transaction_not_found"),
        ),
        ("403 own words", guardian_error(403, "bearer-of-a")),
        (
            "404 html",
            reply(404, Some("text/html"), "<p>bearer-of-a</p>"),
        ),
        ("408", reply(408, None, "")),
        ("429 known", guardian_error(429, "too_many_pn")),
        ("500", guardian_error(500, "invalid_token")),
        ("503", reply(503, None, "")),
        (
            "413 huge",
            reply(413, Some("application/json"), vec![b' '; 64 * 1024 + 1]),
        ),
    ];
    let table: Vec<String> = replies
        .iter()
        .map(|(name, reply)| match phone.answered(reply) {
            Ok(reading) => format!("{name}: {reading:?}"),
            Err(error) => format!("{name}: error: {error}"),
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"), @r#"
    204: Acknowledged
    200 json: Acknowledged
    200 html: error: the reply's media type is not `application/json`
    200 bare: error: the reply's media type is not `application/json`
    302: error: the reply's status 302 says nothing about the request
    400 known: Refused("400 invalid_challenge")
    401 known: Refused("401 invalid_token")
    404 known: Refused("404 login_transaction_not_found")
    403 own words: Refused("403 without a known error code")
    404 html: Refused("404 without a known error code")
    408: error: the reply's status 408 says nothing about the request
    429 known: error: the reply's status 429 says nothing about the request
    500: error: the reply's status 500 says nothing about the request
    503: error: the reply's status 503 says nothing about the request
    413 huge: error: the reply has 65537 bytes, more than the 65536 that a phone reads
    "#);
}

/// One member of a good enrolment replaced (or, by `-`, removed).
fn enrolled_with(pointer: &str, value: &str) -> String {
    let mut body = enrolment();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        "-" => parent.remove(member),
        value => parent.insert(member.into(), serde_json::from_str(value).unwrap()),
    };
    let mut phone = new_phone();
    let told = match phone.enrolled(&json_reply(201, &body)) {
        Ok(_) => format!("code {:?}", phone.one_time_code(now(), 0)),
        Err(error) => {
            assert_eq!(phone.enrolment_id(), None);
            format!("error: {error}")
        }
    };
    format!("{pointer} {value}: {told}\n")
}

#[test]
fn enrolments_of_all_kinds() {
    let long = format!("\"{}\"", "x".repeat(257));
    let changes = [
        ("/url", "-"),
        ("/id", "-"),
        ("/id", "7"),
        ("/id", "\"\""),
        ("/user_id", "-"),
        ("/issuer", "null"),
        ("/token", "[]"),
        ("/totp", "-"),
        ("/totp", "null"),
        ("/totp", "\"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\""),
        ("/totp/algorithm", "\"sha1\""),
        ("/totp/algorithm", "\"SHA256\""),
        ("/totp/algorithm", "\"rot13\""),
        ("/totp/digits", "\"6\""),
        ("/totp/digits", "8"),
        ("/totp/digits", "6.5"),
        ("/totp/digits", "-1"),
        ("/totp/digits", "1e300"),
        ("/totp/period", "0"),
        ("/totp/period", "60"),
        ("/totp/secret", "\"not base32!\""),
        ("/totp/secret", "-"),
    ];
    let mut table: String = changes
        .iter()
        .map(|(pointer, value)| enrolled_with(pointer, value))
        .collect();
    table.push_str(&enrolled_with("/id", &long).replace(&long, "[257 bytes]"));
    insta::assert_snapshot!(table, @r#"
    /url -: code Some("745690")
    /id -: error: `id` of the enrolment is missing
    /id 7: error: `id` of the enrolment is no string
    /id "": error: `id` of the enrolment is empty
    /user_id -: error: `user_id` of the enrolment is missing
    /issuer null: error: `issuer` of the enrolment is no string
    /token []: error: `token` of the enrolment is no string
    /totp -: code None
    /totp null: code None
    /totp "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ": error: `totp` of the enrolment is no object
    /totp/algorithm "sha1": code Some("745690")
    /totp/algorithm "SHA256": code Some("871971")
    /totp/algorithm "rot13": error: the algorithm of the one-time code is none of SHA1, SHA256, SHA512
    /totp/digits "6": error: `digits` of `totp` is no whole number
    /totp/digits 8: code Some("52745690")
    /totp/digits 6.5: error: `digits` of `totp` is no whole number
    /totp/digits -1: error: `digits` of `totp` is no whole number
    /totp/digits 1e300: error: `digits` of `totp` is no whole number
    /totp/period 0: error: the period of the one-time code is shorter than a second
    /totp/period 60: code Some("680438")
    /totp/secret "not base32!": error: the seed of the one-time code is not base32
    /totp/secret -: error: `secret` of `totp` is missing
    /id [257 bytes]: error: `id` of the enrolment is longer than 256 bytes
    "#);
}

#[test]
fn a_refused_or_senseless_enrolment_leaves_the_phone_as_it_was() {
    let mut phone = enrolled_phone();
    let refused = phone
        .enrolled(&guardian_error(404, "enrollment_transaction_not_found"))
        .unwrap();
    assert_eq!(
        refused,
        Reading::Refused("404 enrollment_transaction_not_found".into())
    );
    assert!(
        phone
            .enrolled(&json_reply(200, &json!({ "id": "dev_other" })))
            .is_err()
    );
    assert!(phone.enrolled(&reply(204, None, "")).is_err());
    assert_eq!(phone.enrolment_id(), Some("dev_0123456789abcdef"));
}

#[test]
fn a_phone_without_an_account() {
    let phone = new_phone();
    assert_eq!(phone.enrolment_id(), None);
    assert_eq!(phone.one_time_code(now(), 0), None);
    assert_eq!(phone.unenrol(now()).unwrap_err(), DeviceError::NotEnrolled);
    assert_eq!(phone.push_token(), "fcm-registration-token");
}

#[test]
fn after_unenrolling_the_phone_still_tries() {
    let mut phone = asked_phone(&["a"]);
    assert_eq!(
        phone.unenrolled(&reply(204, None, "")),
        Ok(Reading::Acknowledged)
    );
    assert!(
        phone
            .answer(Decision::Approve, Which::Newest, now())
            .is_ok()
    );
    assert_eq!(
        phone.unenrolled(&guardian_error(404, "device_account_not_found")),
        Ok(Reading::Refused("404 device_account_not_found".into()))
    );
}

#[test]
fn the_code_on_the_display() {
    let phone = enrolled_phone();
    assert_eq!(phone.one_time_code(now(), 0).as_deref(), Some("745690"));
    let earlier = phone.one_time_code(now(), -30);
    assert_ne!(earlier, phone.one_time_code(now(), 0));
    assert_eq!(
        earlier,
        phone.one_time_code(now() - std::time::Duration::from_secs(30), 0)
    );
}
