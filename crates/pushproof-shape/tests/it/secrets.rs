//! No value gets into a shape or a drift that was not declared discriminating; a secret never does.

use proptest::prelude::*;
use pushproof_shape::{Hints, Shape, compare};
use serde_json::{Value, json};

use crate::generate::{hints, reply};

const MARK: &str = "xqzsecretxqz";

/// Hides the mark in every string, and in every member name below `from`.
fn marked(reply: &Value, mark_names: bool) -> Value {
    match reply {
        Value::String(text) => Value::String(format!("{text}{MARK}")),
        Value::Array(elements) => elements
            .iter()
            .map(|element| marked(element, mark_names))
            .collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                (
                    if mark_names {
                        format!("{name}{MARK}")
                    } else {
                        name.clone()
                    },
                    marked(value, mark_names),
                )
            })
            .collect(),
        other => other.clone(),
    }
}

fn all_text(shape: &Shape, stored: &Shape) -> String {
    let drifts = [compare(stored, shape), compare(shape, stored)].concat();
    format!(
        "{shape}{shape:?}{drifts:?}{}",
        drifts
            .iter()
            .map(|drift| format!("{drift}\n"))
            .collect::<String>()
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn undeclared_values_stay_out(seen in reply(), stored in reply()) {
        let stored = Shape::infer(&stored, &Hints::none().discriminating("**"));
        let shape = Shape::infer(&marked(&seen, false), &Hints::none());
        prop_assert!(!all_text(&shape, &stored).contains(MARK));
    }

    #[test]
    fn secrets_stay_out_whatever_else_is_declared(seen in reply(), stored in reply(), other in hints()) {
        let hints = other.discriminating("**").secret("of.*.this");
        let reply = json!({ "of": [{ "this": marked(&seen, true) }] });
        let shape = Shape::infer(&reply, &hints);
        let stored = Shape::infer(&json!({ "of": [{ "this": stored }] }), &hints);
        prop_assert!(!all_text(&shape.merge(&stored), &stored).contains(MARK));
    }
}
