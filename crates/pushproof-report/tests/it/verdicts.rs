//! The laws of verdicts and levels.

use proptest::prelude::*;
use pushproof_report::{Level, Verdict};

fn verdict() -> impl Strategy<Value = Verdict> {
    prop::sample::select(&Verdict::ALL)
}

fn level() -> impl Strategy<Value = Level> {
    prop::sample::select(&Level::ALL)
}

#[test]
fn the_order_is_the_designs() {
    let names = Verdict::ALL.map(Verdict::name).join(" > ");
    insta::assert_snapshot!(names, @"fail > flaky > warn > known > inconclusive > could-not-run > pass > not-applicable");
    assert!(Verdict::ALL.is_sorted());
    assert!(Level::ALL.is_sorted());
}

#[test]
fn a_breach_means_what_its_level_says() {
    let rows = Level::ALL.map(|level| {
        let meaning = |verdict: Verdict| format!("{verdict}: {}", verdict.at(level));
        format!("{level:6}  {}", Verdict::ALL.map(meaning).join(", "))
    });
    insta::assert_snapshot!(rows.join("\n"), @"
    must    fail: fail, flaky: flaky, warn: warn, known: known, inconclusive: inconclusive, could-not-run: could-not-run, pass: pass, not-applicable: not-applicable
    should  fail: warn, flaky: flaky, warn: warn, known: known, inconclusive: inconclusive, could-not-run: could-not-run, pass: pass, not-applicable: not-applicable
    may     fail: pass, flaky: flaky, warn: pass, known: known, inconclusive: inconclusive, could-not-run: could-not-run, pass: pass, not-applicable: not-applicable
    ");
}

#[test]
fn words_are_the_same_in_json() {
    for verdict in Verdict::ALL {
        assert_eq!(
            serde_json::to_string(&verdict).unwrap(),
            format!("\"{verdict}\"")
        );
    }
    for level in Level::ALL {
        assert_eq!(
            serde_json::to_string(&level).unwrap(),
            format!("\"{level}\"")
        );
    }
}

proptest! {
    #[test]
    fn worst_is_associative_commutative_and_idempotent(a in verdict(), b in verdict(), c in verdict()) {
        let worst = |a, b| Verdict::worst([a, b]).unwrap();
        prop_assert_eq!(worst(worst(a, b), c), worst(a, worst(b, c)));
        prop_assert_eq!(worst(a, b), worst(b, a));
        prop_assert_eq!(worst(a, a), a);
        prop_assert_eq!(worst(a, Verdict::NotApplicable), a);
        prop_assert_eq!(worst(a, Verdict::Fail), Verdict::Fail);
    }

    #[test]
    fn worst_of_many_is_worst_of_worsts(verdicts in prop::collection::vec(verdict(), 0..9), at: prop::sample::Index) {
        let (left, right) = verdicts.split_at(at.index(verdicts.len() + 1));
        let of = |verdicts: &[Verdict]| Verdict::worst(verdicts.iter().copied());
        prop_assert_eq!(of(&verdicts), Verdict::worst(of(left).into_iter().chain(of(right))));
    }

    #[test]
    fn a_weaker_level_never_makes_a_breach_worse(verdict in verdict(), a in level(), b in level()) {
        let (stronger, weaker) = (a.min(b), a.max(b));
        prop_assert!(verdict.at(stronger) <= verdict.at(weaker));
        prop_assert_eq!(verdict.at(a).at(a), verdict.at(a));
    }

    #[test]
    fn strict_respects_the_order(a in verdict(), b in verdict()) {
        let (worse, better) = (a.min(b), a.max(b));
        prop_assert!(worse == Verdict::Flaky || worse.under(true) <= better.under(true));
        prop_assert_eq!(a.under(false), a);
    }
}
