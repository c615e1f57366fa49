//! Replies made to hurt: deep, wide, large, with names that are no names.

use pushproof_shape::{DEPTH_MAX, Hints, MEMBERS_MAX, NAME_CHARS_MAX, NODES_MAX, Shape, compare};
use serde_json::{Value, json};

fn infer(reply: &Value) -> Shape {
    Shape::infer(reply, &Hints::none())
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, level| {
        if level % 2 == 0 {
            json!([inner])
        } else {
            json!({ "a": inner })
        }
    })
}

fn wide(names: std::ops::Range<usize>) -> Value {
    names.map(|at| (format!("n{at}"), json!(at))).collect()
}

#[test]
fn a_deep_reply_ends_in_anything() {
    for levels in [DEPTH_MAX, DEPTH_MAX + 1, 2000] {
        let reply = nested(levels);
        let shape = infer(&reply);
        assert_eq!(
            shape.to_string().contains("anything"),
            levels > DEPTH_MAX,
            "{levels} levels"
        );
        assert_eq!(shape.to_string().parse(), Ok(shape.clone()));
        assert!(shape.admits(&reply));
        assert!(shape.size() <= DEPTH_MAX + 1);
    }
}

#[test]
fn a_deep_text_is_refused() {
    let error = format!("{}null", "array of ".repeat(DEPTH_MAX + 1))
        .parse::<Shape>()
        .unwrap_err();
    insta::assert_snapshot!(error, @"line 1, column 289: more than 32 levels");
    let deep: String = (0..2000)
        .map(|level| format!("{:1$}a: object\n", "", level * 2))
        .collect();
    insta::assert_snapshot!(deep.parse::<Shape>().unwrap_err(), @"line 32, column 66: more than 32 levels");
}

#[test]
fn a_wide_object_is_a_map() {
    assert!(infer(&wide(0..MEMBERS_MAX)).to_string().starts_with("n0: "));
    assert_eq!(
        infer(&wide(0..MEMBERS_MAX + 1)).to_string(),
        "map of integer\n"
    );
}

/// The bound is reached in another order of merging with the same result, and the drift says so.
#[test]
fn objects_that_are_wide_together_are_a_map() {
    let [a, b, c] = [wide(0..60), wide(50..110), wide(100..160)].map(|reply| infer(&reply));
    assert_eq!(a.merge(&b).merge(&c).to_string(), "map of integer\n");
    assert_eq!(a.merge(&b).merge(&c), c.merge(&a).merge(&b));
    let drifts = compare(&a.merge(&b), &a.merge(&b).merge(&c));
    insta::assert_snapshot!(drifts[0], @"breaking: the reply had fixed members, is a `map` now");
}

#[test]
fn a_name_that_is_no_name_makes_a_map() {
    let [short, long] = [NAME_CHARS_MAX, NAME_CHARS_MAX + 1].map(|chars| "é".repeat(chars));
    assert_eq!(
        infer(&json!({ (short.as_str()): 1 })).to_string(),
        format!("\"{short}\": integer\n")
    );
    assert_eq!(
        infer(&json!({ (long.as_str()): 1 })).to_string(),
        "map of integer\n"
    );
}

#[test]
fn a_reply_of_too_many_places_is_anything() {
    let level = |inner: Value| -> Value {
        (0..MEMBERS_MAX)
            .map(|at| (format!("n{at}"), inner.clone()))
            .collect()
    };
    let reply = level(level(json!(1)));
    const { assert!(MEMBERS_MAX * MEMBERS_MAX > NODES_MAX) };
    assert!(infer(&reply).is_anything());
    assert!(infer(&reply).admits(&reply));
}

#[test]
fn names_cannot_move_the_cursor() {
    let shape =
        infer(&json!({ "\u{1b}[2J": 1, "a\nb: null": 1, "\u{202e}": 1, "": 1, "\u{e0041}": 1 }));
    insta::assert_snapshot!(shape, @r#"
    "":               integer
    "\u001b[2J":      integer
    "a\u000ab: null": integer
    "\u202e":         integer
    "\udb40\udc41":   integer
    "#);
    assert_eq!(shape.to_string().parse(), Ok(shape));
}
