//! Arbitrary replies, hints and shapes, from small alphabets so that they meet.

use proptest::prelude::*;
use pushproof_shape::{Hints, Shape};
use serde_json::Value;

const NAMES: [&str; 7] = [
    "a",
    "b",
    "error",
    "oob_code",
    "type",
    "an odd: \"name\"?\u{202e}",
    "0",
];
const TEXTS: [&str; 10] = [
    "oob",
    "otp",
    "",
    "a \"quoted\" \u{1b}[31m | text\n",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "7f2504e0-4f89-11d3-9a0c-0305e82c3302",
    "otpauth://totp/Acme:ada?base_url=x",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln",
    "2026-11-24T06:58:02Z",
    "a text too long to be a constant, because whoever stores it would rather know its kind than it",
];
const PATTERNS: [&str; 9] = ["", "a", "b", "error", "type", "*.type", "**", "*", "a.*"];

pub(crate) fn reply() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2i64..9).prop_map(Value::from),
        (-2.0..9.0).prop_map(Value::from),
        proptest::sample::select(&TEXTS[..]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((proptest::sample::select(&NAMES[..]), inner), 0..5)
                .prop_map(|members| members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()),
        ]
    })
}

pub(crate) fn hints() -> impl Strategy<Value = Hints> {
    let hint = (0..8, proptest::sample::select(&PATTERNS[..]));
    proptest::collection::vec(hint, 0..4).prop_map(|hints| {
        hints
            .into_iter()
            .fold(Hints::none(), |hints, (kind, pattern)| match kind {
                0 => hints.secret(pattern),
                1 => hints.map(pattern),
                2 => hints.anything(pattern),
                _ => hints.discriminating(pattern),
            })
    })
}

/// What a store holds: the merge of some replies, each seen with hints of its own.
pub(crate) fn shape() -> impl Strategy<Value = Shape> {
    proptest::collection::vec((reply(), hints()), 0..4).prop_map(|seen| {
        seen.iter()
            .map(|(reply, hints)| Shape::infer(reply, hints))
            .collect()
    })
}

/// A shape, and a reply that is likely to have it, or nearly.
pub(crate) fn shape_and_reply() -> impl Strategy<Value = (Shape, Value)> {
    (shape(), reply(), reply(), hints(), any::<bool>()).prop_map(
        |(shape, reply, other, hints, is_seen)| {
            let shape = if is_seen {
                shape.merge(&Shape::infer(&reply, &hints))
            } else {
                shape
            };
            (shape.merge(&Shape::infer(&other, &hints)), reply)
        },
    )
}
