//! Merges that are wrong in a way one could write by mistake, each caught by a law.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseResult, TestError, TestRng, TestRunner};
use pushproof_shape::Shape;

use crate::generate::{hints, reply, shape};
use crate::laws::{
    Merge, merge_admits_both, merge_is_associative, merge_is_commutative, merge_is_idempotent,
};

/// The reply seen last is the truth.
fn newest_wins(_: &Shape, b: &Shape) -> Shape {
    b.clone()
}

/// A member that one side lacks stays required.
fn never_optional(a: &Shape, b: &Shape) -> Shape {
    a.merge(b).to_string().replace("?:", ":").parse().unwrap()
}

/// A merge that grows too large is given up.
fn bounded_by_size(a: &Shape, b: &Shape) -> Shape {
    if a.size() + b.size() > 12 {
        Shape::anything()
    } else {
        a.merge(b)
    }
}

/// An array that was always empty says nothing, so it is dropped.
fn drops_empty_arrays(a: &Shape, b: &Shape) -> Shape {
    let merged = a.merge(b);
    if merged.to_string() == "array of nothing\n" {
        Shape::nothing()
    } else {
        merged
    }
}

fn is_caught<S: Strategy>(strategy: S, law: impl Fn(S::Value) -> TestCaseResult) -> bool {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(512)
    };
    matches!(
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
            .run(&strategy, law),
        Err(TestError::Fail(..))
    )
}

/// Which laws a merge breaks.
fn broken_laws(merge: Merge) -> Vec<&'static str> {
    let laws = [
        (
            "commutative",
            is_caught([shape(), shape()], |pair| merge_is_commutative(merge, pair)),
        ),
        (
            "associative",
            is_caught([shape(), shape(), shape()], |triple| {
                merge_is_associative(merge, triple)
            }),
        ),
        (
            "idempotent",
            is_caught(shape(), |a| merge_is_idempotent(merge, &a)),
        ),
        (
            "admits both",
            is_caught((reply(), reply(), hints()), |(a, b, hints)| {
                merge_admits_both(merge, [&a, &b], &hints)
            }),
        ),
    ];
    laws.into_iter()
        .filter(|(_, broken)| *broken)
        .map(|(law, _)| law)
        .collect()
}

#[test]
fn a_true_merge_breaks_no_law() {
    assert_eq!(broken_laws(Shape::merge), [""; 0]);
}

#[test]
fn a_merge_that_forgets_is_caught() {
    assert_eq!(broken_laws(newest_wins), ["commutative", "admits both"]);
}

#[test]
fn a_merge_that_never_makes_optional_is_caught() {
    assert_eq!(broken_laws(never_optional), ["idempotent", "admits both"]);
}

#[test]
fn a_merge_bounded_by_size_is_caught() {
    assert_eq!(broken_laws(bounded_by_size), ["associative", "idempotent"]);
}

#[test]
fn a_merge_that_drops_empty_arrays_is_caught() {
    assert_eq!(
        broken_laws(drops_empty_arrays),
        ["associative", "idempotent", "admits both"]
    );
}
