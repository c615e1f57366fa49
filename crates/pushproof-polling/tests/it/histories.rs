//! Arbitrary histories: edges of each value often, anything between now and then.

use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use pushproof_polling::{Answer, Cadence, First, Hints, INTERVAL_MIN, Meaning, Policy};

use crate::driver::{Cancel, History, Turn};

pub(crate) fn history() -> impl Strategy<Value = History> {
    let began = among(&[0, 0, 1_000, 86_400_000]);
    let cancel = option::weighted(
        0.1,
        (0..6usize, any::<bool>()).prop_map(|(poll, in_flight)| Cancel { poll, in_flight }),
    );
    (
        policy(),
        hints(),
        began,
        turns(),
        prop::bool::weighted(0.3),
        cancel,
    )
        .prop_map(|(policy, hints, began, turns, to_the_end, cancel)| {
            let history = History {
                policy,
                hints,
                began,
                turns,
                to_the_end,
                cancel,
            };
            if to_the_end {
                within_reach(history)
            } else {
                history
            }
        })
}

/// Brings the deadline near enough that less than half the driver's cap of polls fits before it.
fn within_reach(mut history: History) -> History {
    let interval = history
        .hints
        .interval
        .filter(|hint| !hint.is_zero())
        .unwrap_or(history.policy.interval);
    let gap = match &history.policy.cadence {
        Cadence::Gaps(gaps) => gaps.last().copied().unwrap_or(interval),
        Cadence::Steady | Cadence::GapsThenSteady(_) => interval,
    };
    history.policy.deadline = history.policy.deadline.min(gap.max(INTERVAL_MIN) * 200);
    history
}

fn policy() -> impl Strategy<Value = Policy> {
    let pace = (
        among(&[
            0, 1, 1_000, 2_000, 5_000, 5_000, 5_000, 30_000, 60_000, 90_000,
        ]),
        prop_oneof![3 => Just(First::AfterInterval), 1 => Just(First::AtOnce)],
        prop_oneof![
            5 => Just(Cadence::Steady),
            1 => vec(among(&[0, 100, 1_000]), 0..4).prop_map(|gaps| Cadence::Gaps(gaps.into())),
            1 => vec(among(&[0, 100, 1_000]), 0..4).prop_map(|gaps| Cadence::GapsThenSteady(gaps.into())),
        ],
        among(&[0, 100, 5_000, 5_000, 7_000]),
    );
    let bounds = (
        among(&[0, 1, 30_000, 300_000, 300_000, 600_000, 3_600_000]),
        option::weighted(0.2, 0..12u32),
        0..8u32,
        prop::bool::weighted(0.2),
        among(&[0, 0, 100, 1_000, 4_000]),
        prop::bool::weighted(0.2),
    );
    (pace, bounds).prop_map(|(pace, bounds)| {
        let (interval, first, cadence, slow_down_adds) = pace;
        let (deadline, polls_max, failures_max, insist, jitter_max, long_poll) = bounds;
        Policy {
            interval,
            first,
            cadence,
            slow_down_adds,
            deadline,
            polls_max,
            failures_max,
            insist,
            jitter_max,
            long_poll,
        }
    })
}

fn hints() -> impl Strategy<Value = Hints> {
    let interval = option::weighted(0.3, among(&[0, 1_000, 2_000, 5_000, 10_000]));
    let expires_in = option::weighted(0.3, among(&[0, 60_000, 300_000, 600_000]));
    (interval, expires_in).prop_map(|(interval, expires_in)| Hints {
        interval,
        expires_in,
    })
}

/// Answers as they come on a calm day, or one trouble after another.
fn turns() -> impl Strategy<Value = Vec<Turn>> {
    prop_oneof![3 => vec(turn([6, 2, 2, 1, 1, 1]), 1..20), 1 => vec(turn([2, 1, 3, 3, 3, 0]), 1..20)]
}

fn turn(weights: [u32; 6]) -> impl Strategy<Value = Turn> {
    let late = among(&[0, 0, 0, 3, 2_000]);
    let held = among(&[0, 0, 40, 40, 1_000, 6_000, 31_000]);
    let back = prop_oneof![19 => Just(Duration::ZERO), 1 => among(&[1, 5_000, 90_000])];
    let jitter = prop_oneof![Just(0), Just(u16::MAX), any::<u16>()];
    (late, held, back, answer(weights), jitter).prop_map(|(late, held, back, answer, jitter)| {
        Turn {
            late,
            held,
            back,
            answer,
            jitter,
        }
    })
}

fn answer(weights: [u32; 6]) -> impl Strategy<Value = Answer> {
    let [pending, slow_down, throttled, broken, timed_out, settled] = weights;
    let meaning = prop_oneof![
        pending => Just(Meaning::Pending),
        slow_down => Just(Meaning::SlowDown),
        throttled => Just(Meaning::Throttled),
        broken => Just(Meaning::Broken),
        timed_out => Just(Meaning::TimedOut),
        settled => Just(Meaning::Final),
    ];
    let wait = option::weighted(
        0.3,
        among(&[0, 1, 1_500, 3_000, 5_000, 10_000, 17_250, 60_000, 400_000]),
    );
    (meaning, wait).prop_map(|(meaning, wait)| Answer { meaning, wait })
}

/// Mostly one of these numbers of milliseconds; now and then anything up to 100 s, to the nanosecond.
fn among(edges_ms: &'static [u64]) -> impl Strategy<Value = Duration> {
    let anything = (0..100_000_000_000u64).prop_map(Duration::from_nanos);
    prop_oneof![4 => select(edges_ms).prop_map(Duration::from_millis), 1 => anything]
}
