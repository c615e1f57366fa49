//! Endpoints that answer anything at all: a phone says what it makes of it, and never panics.

use http::Response;
use proptest::prelude::*;
use pushproof_device::{Decision, Phone, Reading, Which};
use serde_json::{Map, Value};

use crate::world::{asked_phone, enrolled_phone, enrolment, new_phone, now, payload, reply};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let names = prop_oneof![
            "\\PC{0,6}",
            Just("errorCode".to_owned()),
            Just("totp".to_owned())
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names, inner), 0..4)
                .prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

/// A good object of which some members were replaced or removed.
fn nearly(good: Value) -> impl Strategy<Value = Value> {
    let names: Vec<String> = good.as_object().unwrap().keys().cloned().collect();
    let change = (prop::sample::select(names), prop::option::of(any_json()));
    prop::collection::vec(change, 0..3).prop_map(move |changes| {
        let mut members = good.as_object().unwrap().clone();
        for (name, value) in changes {
            match value {
                Some(value) => members.insert(name, value),
                None => members.remove(&name),
            };
        }
        Value::from(members)
    })
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        any_json().prop_map(|json| json.to_string().into_bytes()),
        nearly(enrolment()).prop_map(|json| json.to_string().into_bytes()),
        Just(b"[".repeat(50_000)),
        Just(vec![b'7'; 70_000]),
    ]
}

fn any_reply() -> impl Strategy<Value = Response<Vec<u8>>> {
    let content_type = prop_oneof![
        Just(None),
        Just(Some("application/json")),
        Just(Some("text/html"))
    ];
    let status = prop_oneof![Just(200_u16), Just(201), Just(204), 100_u16..600];
    (status, content_type, any_body())
        .prop_map(|(status, content_type, body)| reply(status, content_type, body))
}

/// Whatever it has been told, a phone goes on working.
fn goes_on(phone: &Phone) {
    let _ = phone.one_time_code(now(), 0);
    let _ = phone.unenrol(now());
    let _ = phone.answer(Decision::Approve, Which::Newest, now());
}

proptest! {
    #[test]
    fn only_a_success_acknowledges_and_only_4xx_refuses(reply in any_reply()) {
        let mut phone = enrolled_phone();
        let status = reply.status();
        for reading in [phone.answered(&reply), phone.unenrolled(&reply), new_phone().enrolled(&reply)] {
            match reading {
                Ok(Reading::Acknowledged) => prop_assert!(status.is_success()),
                Ok(Reading::Refused(_)) => prop_assert!(status.is_client_error()),
                Err(_) => {}
            }
        }
    }

    #[test]
    fn an_enrolment_is_taken_whole_or_not_at_all(reply in any_reply()) {
        let mut phone = new_phone();
        let reading = phone.enrolled(&reply);
        prop_assert_eq!(phone.enrolment_id().is_some(), reading == Ok(Reading::Acknowledged));
        goes_on(&phone);
    }

    #[test]
    fn an_inbox_is_taken_whole_or_not_at_all(
        wrapped in any::<bool>(),
        payloads in prop::collection::vec(nearly(payload("b")), 0..4),
    ) {
        let payloads: Vec<Value> = payloads
            .into_iter()
            .map(|payload| if wrapped { serde_json::json!({ "data": payload }) } else { payload })
            .collect();
        let n_sent = payloads.len();
        let mut phone = asked_phone(&["a"]);
        match phone.receive(Value::from(payloads).to_string().as_bytes()) {
            Ok(n_pushes) => prop_assert_eq!((n_pushes, phone.pushes().len()), (n_sent, 1 + n_sent)),
            Err(_) => prop_assert_eq!(phone.pushes().len(), 1),
        }
        goes_on(&phone);
    }

    #[test]
    fn bytes_are_no_inbox(bytes in any_body()) {
        let mut phone = new_phone();
        let _ = phone.receive(&bytes);
        goes_on(&phone);
    }

    #[test]
    fn any_instant_will_do(seconds in any::<u64>(), shift in any::<i64>()) {
        let Some(at) = std::time::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(seconds)) else { return Ok(()) };
        let phone = asked_phone(&["a"]);
        prop_assert!(phone.answer(Decision::Approve, Which::Newest, at).is_ok());
        prop_assert!(phone.unenrol(at).is_ok());
        prop_assert!(phone.one_time_code(at, shift).is_some());
    }
}
