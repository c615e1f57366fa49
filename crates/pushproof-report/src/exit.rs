//! The exit codes of every command: one table, one order. A run has one code, the first that applies.

use std::fmt::Write;

/// Nothing failed, and nothing selected was left unjudged.
pub const OK: u8 = 0;
/// Wrong usage.
pub const USAGE: u8 = 2;
/// A scenario, dialect, target or plan is invalid; nothing was sent.
pub const INVALID: u8 = 3;
/// Nothing selected.
pub const NOTHING_SELECTED: u8 = 4;
/// Nothing failed, but something could not run or is inconclusive.
pub const UNJUDGED: u8 = 5;
/// At least one unexpected failure, flaky case or bad known entry.
pub const NON_CONFORMANT: u8 = 10;
/// Shape drift.
pub const DRIFT: u8 = 11;
/// A load threshold was missed.
pub const THRESHOLD: u8 = 12;
/// Load numbers are not evidence.
pub const NOT_EVIDENCE: u8 = 13;
/// A fault survived, or the clean sandbox was accused.
pub const SELF_CHECK: u8 = 14;
/// The target, all its users or all its devices could not be used.
pub const TARGET_UNUSABLE: u8 = 20;
/// Stopped by the target's throttling or by its own limits.
pub const THROTTLED: u8 = 21;
/// A bug of pushproof.
pub const BUG: u8 = 70;
/// A secret was found in an output.
pub const SECRET_IN_OUTPUT: u8 = 71;
/// Interrupted by SIGINT.
pub const INTERRUPTED: u8 = 130;
/// Interrupted by SIGTERM.
pub const TERMINATED: u8 = 143;

/// Every code, in the order in which they apply.
pub const ORDER: [u8; 16] = [
    SECRET_IN_OUTPUT,
    BUG,
    INTERRUPTED,
    TERMINATED,
    USAGE,
    INVALID,
    NOTHING_SELECTED,
    TARGET_UNUSABLE,
    SELF_CHECK,
    NON_CONFORMANT,
    DRIFT,
    NOT_EVIDENCE,
    THRESHOLD,
    THROTTLED,
    UNJUDGED,
    OK,
];

/// The one that applies of several codes; [`OK`] of none. A code that is not in the table is a [`BUG`].
pub fn first(codes: impl IntoIterator<Item = u8>) -> u8 {
    let rank = |code| ORDER.iter().position(|&known| known == code);
    let known = |code| rank(code).map_or(BUG, |_| code);
    codes
        .into_iter()
        .map(known)
        .min_by_key(|&code| rank(code))
        .unwrap_or(OK)
}

/// What a code means, as a fragment.
pub const fn meaning(code: u8) -> &'static str {
    match code {
        OK => "nothing failed and nothing selected was left unjudged",
        USAGE => "wrong usage",
        INVALID => "a scenario, dialect, target or plan is invalid; nothing was sent",
        NOTHING_SELECTED => "nothing selected",
        UNJUDGED => "nothing failed, but something selected was left unjudged",
        NON_CONFORMANT => {
            "non-conformant: an unexpected failure, a flaky case or a bad known entry"
        }
        DRIFT => "shape drift",
        THRESHOLD => "a load threshold was missed",
        NOT_EVIDENCE => "load numbers are not evidence: the generator was saturated or late",
        SELF_CHECK => "self-check: a fault survived, or the clean sandbox was accused",
        TARGET_UNUSABLE => {
            "no case reached a verdict: the target, its users or its devices could not be used"
        }
        THROTTLED => "stopped by the target's throttling or by its limits",
        BUG => "a bug of pushproof",
        SECRET_IN_OUTPUT => "a secret was found in an output; that output is removed",
        INTERRUPTED => "interrupted (SIGINT); clean-up was attempted",
        TERMINATED => "terminated (SIGTERM); clean-up was attempted",
        _ => "not a code of pushproof",
    }
}

/// The table for `--help`, one code a line in ascending order.
pub fn table() -> String {
    let mut codes = ORDER;
    codes.sort_unstable();
    let mut table = String::from("Exit codes:\n");
    for code in codes {
        writeln!(table, "  {code:>3}  {}", meaning(code)).expect("writing to a string cannot fail");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_is_what_help_lists() {
        insta::assert_snapshot!(table(), @"
        Exit codes:
            0  nothing failed and nothing selected was left unjudged
            2  wrong usage
            3  a scenario, dialect, target or plan is invalid; nothing was sent
            4  nothing selected
            5  nothing failed, but something selected was left unjudged
           10  non-conformant: an unexpected failure, a flaky case or a bad known entry
           11  shape drift
           12  a load threshold was missed
           13  load numbers are not evidence: the generator was saturated or late
           14  self-check: a fault survived, or the clean sandbox was accused
           20  no case reached a verdict: the target, its users or its devices could not be used
           21  stopped by the target's throttling or by its limits
           70  a bug of pushproof
           71  a secret was found in an output; that output is removed
          130  interrupted (SIGINT); clean-up was attempted
          143  terminated (SIGTERM); clean-up was attempted
        ");
    }

    #[test]
    fn the_first_that_applies_counts() {
        assert_eq!(first([]), OK);
        assert_eq!(first([OK, UNJUDGED, NON_CONFORMANT]), NON_CONFORMANT);
        assert_eq!(first([NON_CONFORMANT, TARGET_UNUSABLE]), TARGET_UNUSABLE);
        assert_eq!(first([THRESHOLD, NOT_EVIDENCE]), NOT_EVIDENCE);
        assert_eq!(first([INTERRUPTED, SECRET_IN_OUTPUT]), SECRET_IN_OUTPUT);
        assert_eq!(
            first([OK, 101]),
            BUG,
            "a panic looks like 101, so it is never used"
        );
    }

    #[test]
    fn every_code_has_a_meaning_of_its_own() {
        let mut meanings: Vec<_> = ORDER.iter().map(|&code| meaning(code)).collect();
        meanings.sort_unstable();
        meanings.dedup();
        assert_eq!(meanings.len(), ORDER.len());
        assert!(!meanings.contains(&meaning(101)));
    }

    proptest! {
        #[test]
        fn the_order_of_the_parts_does_not_matter(codes: Vec<u8>, split: prop::sample::Index) {
            let at = split.index(codes.len() + 1);
            let (left, right) = codes.split_at(at);
            let of = |codes: &[u8]| first(codes.iter().copied());
            prop_assert_eq!(of(&codes), first([of(right), of(left)]));
        }
    }
}
