//! The laws. Those about merging take the merge as a parameter, so that `broken` can show that they bite.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestCaseResult;
use pushproof_shape::{Hints, Shape, compare};
use serde_json::Value;

use crate::generate::{hints, reply, shape, shape_and_reply};

pub(crate) type Merge = fn(&Shape, &Shape) -> Shape;

pub(crate) fn merge_is_commutative(merge: Merge, [a, b]: [Shape; 2]) -> TestCaseResult {
    prop_assert_eq!(merge(&a, &b), merge(&b, &a));
    Ok(())
}

pub(crate) fn merge_is_associative(merge: Merge, [a, b, c]: [Shape; 3]) -> TestCaseResult {
    prop_assert_eq!(merge(&merge(&a, &b), &c), merge(&a, &merge(&b, &c)));
    Ok(())
}

pub(crate) fn merge_is_idempotent(merge: Merge, a: &Shape) -> TestCaseResult {
    prop_assert_eq!(&merge(a, a), a);
    Ok(())
}

pub(crate) fn merge_admits_both(
    merge: Merge,
    [a, b]: [&Value; 2],
    hints: &Hints,
) -> TestCaseResult {
    let merged = merge(&Shape::infer(a, hints), &Shape::infer(b, hints));
    prop_assert!(merged.admits(a), "{a}\n{merged}");
    prop_assert!(merged.admits(b), "{b}\n{merged}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn merging_is_commutative(a in shape(), b in shape()) {
        merge_is_commutative(Shape::merge, [a, b])?;
    }

    #[test]
    fn merging_is_associative(a in shape(), b in shape(), c in shape()) {
        merge_is_associative(Shape::merge, [a, b, c])?;
    }

    #[test]
    fn merging_is_idempotent(a in shape()) {
        merge_is_idempotent(Shape::merge, &a)?;
        prop_assert_eq!(a.merge(&Shape::nothing()), a.clone());
        prop_assert_eq!(a.merge(&Shape::anything()), Shape::anything());
    }

    #[test]
    fn what_is_inferred_admits_its_reply(reply in reply(), hints in hints()) {
        prop_assert!(Shape::infer(&reply, &hints).admits(&reply));
    }

    #[test]
    fn a_merge_admits_what_either_admits(a in reply(), b in reply(), hints in hints()) {
        merge_admits_both(Shape::merge, [&a, &b], &hints)?;
    }

    #[test]
    fn a_merge_admits_no_less((a, reply) in shape_and_reply(), b in shape()) {
        prop_assert!(!a.admits(&reply) || a.merge(&b).admits(&reply));
    }

    #[test]
    fn drift_is_what_a_merge_would_add(a in shape(), b in shape()) {
        prop_assert!(compare(&a, &a).is_empty());
        prop_assert!(compare(&a.merge(&b), &b).is_empty());
        let changes = a.merge(&b) != a;
        prop_assert_eq!(!compare(&a, &b).is_empty(), changes, "{:#?}", compare(&a, &b));
        prop_assert_eq!(!compare(&a, &a.merge(&b)).is_empty(), changes);
    }

    #[test]
    fn no_drift_is_to_be_admitted((stored, reply) in shape_and_reply()) {
        let drifts = compare(&stored, &Shape::infer(&reply, &Hints::of(&stored)));
        prop_assert_eq!(stored.admits(&reply), drifts.is_empty(), "{}\n{}\n{:#?}", stored, reply, drifts);
    }

    #[test]
    fn no_drift_under_any_hints_is_to_be_admitted((stored, reply) in shape_and_reply(), hints in hints()) {
        if compare(&stored, &Shape::infer(&reply, &hints)).is_empty() {
            prop_assert!(stored.admits(&reply));
        }
    }

    #[test]
    fn parsing_undoes_printing(a in shape()) {
        let text = a.to_string();
        let parsed: Result<Shape, _> = text.parse();
        prop_assert_eq!(parsed.as_ref(), Ok(&a), "{}", text);
    }

    #[test]
    fn printing_undoes_parsing_but_for_blanks(a in shape()) {
        let text = a.to_string();
        let spaced = format!("# a comment\n\n{}", text.replace('\n', "  \r\n"));
        let parsed: Shape = spaced.parse().unwrap();
        prop_assert_eq!(parsed.to_string(), text);
    }

    #[test]
    fn a_drift_is_one_plain_line(a in shape(), b in shape()) {
        for drift in compare(&a, &b) {
            let line = drift.to_string();
            let is_hidden = |char: char| char.is_control() || char == '\u{202e}';
            prop_assert!(!line.contains(is_hidden), "{}", line.escape_debug());
        }
    }
}

/// How often the generated pairs are of either sort: a law about both says little if one never comes.
#[test]
fn replies_are_admitted_and_refused() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = shape_and_reply();
    let pairs = (0..500).map(|_| strategy.new_tree(&mut runner).unwrap().current());
    let admitted = pairs.filter(|(shape, reply)| shape.admits(reply)).count();
    assert!((100..400).contains(&admitted), "{admitted} of 500 admitted");
}
