//! The laws of polling. Each is a predicate over a [`Trace`], named for what it demands, with the requirements it comes from.
//!
//! `law!` makes two kinds of test of each: `holds` (no history breaks it) and `catches` (a machine with the given flaw does
//! break it, so the law can fail). Seeds are fixed; more `PROPTEST_CASES` than usual deepen the search.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestError, TestRng, TestRunner};
use pushproof_polling::{
    Because, Cadence, DOUBLING_MAX, First, INTERVAL_MIN, Meaning, Next, Policy, Polling,
    SLOW_DOWN_MIN,
};

use crate::driver::{History, Poll, Trace, run};
use crate::histories::history;
use crate::sketch::{Flaw, Sketch};

type Law = fn(&Trace) -> TestCaseResult;

macro_rules! law {
    ($law:ident catches $($flaw:ident),+) => {
        mod $law {
            use super::{Flaw, assert_caught, assert_holds};

            #[test]
            fn holds() {
                assert_holds(super::$law);
            }

            #[test]
            fn catches() {
                for flaw in [$(Flaw::$flaw),+] {
                    assert_caught(super::$law, flaw);
                }
            }
        }
    };
}

// Pace

/// CPOLL-002 (RFC 8628 §3.5): from the receipt of one answer to the next poll passes at least the interval in force after that
/// answer. (In long-poll mode a held pending answer counts from when its poll left.)
fn never_earlier_than_the_interval_in_force(trace: &Trace) -> TestCaseResult {
    prop_assume!(is_steady(&trace.policy));
    for (poll, due) in scheduled(trace) {
        let earliest = counted_from(trace, poll) + poll.after;
        prop_assert!(
            due >= earliest,
            "due at {due:?}, earliest {earliest:?}: {poll:?}"
        );
    }
    Ok(())
}
law!(never_earlier_than_the_interval_in_force catches CountsFromSending, JittersDownwards);

/// CPOLL-002: while a poll is in flight, however long it is held, there is nothing to do but wait for it.
fn one_request_in_flight(trace: &Trace) -> TestCaseResult {
    for poll in &trace.polls {
        prop_assert_eq!(poll.meanwhile, Next::InFlight);
    }
    Ok(())
}
law!(one_request_in_flight catches Overlaps);

/// CPOLL-003 (RFC 8628 §3.2): without a hint the interval is the policy's, and the default policy's is 5 s.
fn the_interval_starts_at_the_policys_without_a_hint(trace: &Trace) -> TestCaseResult {
    prop_assert_eq!(Policy::default().interval, Duration::from_secs(5));
    prop_assume!(hint(trace).is_none());
    prop_assert_eq!(trace.interval, trace.policy.interval.max(INTERVAL_MIN));
    Ok(())
}
law!(the_interval_starts_at_the_policys_without_a_hint catches PollsEveryThreeSeconds);

/// CPOLL-004: an interval that the opening reply names is kept, also where it is shorter than the policy's. Zero names none.
fn a_hinted_interval_is_kept(trace: &Trace) -> TestCaseResult {
    let Some(hint) = hint(trace) else {
        return reject();
    };
    prop_assert_eq!(trace.interval, hint.max(INTERVAL_MIN));
    Ok(())
}
law!(a_hinted_interval_is_kept catches IgnoresTheHint);

/// CPOLL-006 (RFC 8628 §3.5): the interval never shrinks within the transaction.
fn the_interval_never_shrinks(trace: &Trace) -> TestCaseResult {
    let mut least = trace.interval;
    for poll in &trace.polls {
        prop_assert!(
            poll.before >= least && poll.after >= poll.before,
            "{least:?} shrank: {poll:?}"
        );
        least = poll.after;
    }
    Ok(())
}
law!(the_interval_never_shrinks catches ForgetsSlowDown);

/// CPOLL-008: a pending answer keeps the interval and goes on.
fn pending_keeps_the_interval(trace: &Trace) -> TestCaseResult {
    for poll in answered(trace, Meaning::Pending) {
        prop_assert_eq!(poll.after, poll.before);
        prop_assert!(
            may_go_on(trace, poll.next),
            "a pending answer ended it: {poll:?}"
        );
    }
    Ok(())
}
law!(pending_keeps_the_interval catches CreepsOnPending, TakesPendingForRejection);

/// CPOLL-025: the first poll waits one interval (or none, if the policy says so), and an early `slow_down` is survived.
fn the_first_poll_waits_one_interval(trace: &Trace) -> TestCaseResult {
    prop_assume!(is_steady(&trace.policy));
    if let Next::PollAt(due) = trace.first {
        let gap = match trace.policy.first {
            First::AfterInterval => trace.interval,
            First::AtOnce => Duration::ZERO,
        };
        prop_assert_eq!(due, trace.began + gap);
    }
    let early = heard(trace)
        .next()
        .filter(|poll| poll.answer.meaning == Meaning::SlowDown);
    prop_assert!(
        early.is_none_or(|poll| may_go_on(trace, poll.next)),
        "an early slow_down ended it"
    );
    Ok(())
}
law!(the_first_poll_waits_one_interval catches FirstPollAtOnce, TakesSlowDownForRejection);

/// CPOLL-022 (CIBA Core), as a mode: after a held pending answer the next poll is due when the interval has passed since the
/// held one left, and not before its answer.
fn a_held_answer_counts_from_when_its_poll_left(trace: &Trace) -> TestCaseResult {
    prop_assume!(
        is_steady(&trace.policy) && trace.policy.long_poll && trace.policy.jitter_max.is_zero()
    );
    for (poll, due) in scheduled(trace)
        .filter(|(poll, _)| poll.answer.meaning == Meaning::Pending && poll.answer.wait.is_none())
    {
        prop_assert_eq!(due, poll.came().max(poll.left + poll.after));
    }
    Ok(())
}
law!(a_held_answer_counts_from_when_its_poll_left catches LongPollSpins);

/// CPOLL-023: chance only adds, at most what the policy allows; and it does not decide whether there is a next poll.
fn jitter_only_adds(trace: &Trace) -> TestCaseResult {
    prop_assume!(is_steady(&trace.policy));
    for poll in answered(trace, Meaning::Pending) {
        let plain = (counted_from(trace, poll) + poll.after)
            .max(poll.came() + poll.answer.wait.unwrap_or_default());
        if let Some(due) = poll.next_due() {
            prop_assert!(
                due >= plain && due <= plain + trace.policy.jitter_max,
                "due at {due:?}, without chance {plain:?}"
            );
        }
        let ran_out = poll.next == Next::Over(Because::Deadline);
        prop_assert!(
            !ran_out || plain > trace.deadline,
            "chance ended it: {poll:?}"
        );
    }
    Ok(())
}
law!(jitter_only_adds catches JittersDownwards, JittersOverTheDeadline);

/// CPOLL-024: a clock that goes back brings no poll forward: none is due less than an interval after the last one left.
fn a_clock_that_goes_back_gains_nothing(trace: &Trace) -> TestCaseResult {
    prop_assume!(is_steady(&trace.policy));
    for (poll, due) in scheduled(trace) {
        prop_assert!(
            due >= poll.left + poll.after,
            "due at {due:?} after a step back: {poll:?}"
        );
    }
    Ok(())
}
law!(a_clock_that_goes_back_gains_nothing catches TrustsTheClock);

// Asked to go slower

/// CPOLL-005 (RFC 8628 §3.5): `slow_down` adds at least 5 s for good, or more where the policy says so, and polling goes on.
fn slow_down_adds_at_least_five_seconds(trace: &Trace) -> TestCaseResult {
    for poll in answered(trace, Meaning::SlowDown) {
        let step = trace.policy.slow_down_adds.max(SLOW_DOWN_MIN);
        prop_assert!(
            poll.after >= poll.before + step,
            "from {:?} to {:?}",
            poll.before,
            poll.after
        );
        prop_assert!(may_go_on(trace, poll.next), "slow_down ended it: {poll:?}");
    }
    Ok(())
}
law!(slow_down_adds_at_least_five_seconds catches AddsATenthOnSlowDown, TakesSlowDownForRejection);

/// CPOLL-007: if `slow_down` carries a wait, the interval becomes the larger of that and the usual step.
fn slow_down_takes_the_larger_of_step_and_wait(trace: &Trace) -> TestCaseResult {
    for poll in answered(trace, Meaning::SlowDown) {
        let stepped = poll.before + trace.policy.slow_down_adds.max(SLOW_DOWN_MIN);
        prop_assert_eq!(
            poll.after,
            stepped.max(poll.answer.wait.unwrap_or_default())
        );
    }
    Ok(())
}
law!(slow_down_takes_the_larger_of_step_and_wait catches SlowDownIgnoresItsWait);

/// CPOLL-015 (RFC 6585 §4): a rate limit is never a rejection; each one in a row backs off further.
fn throttling_backs_off_and_is_never_a_rejection(trace: &Trace) -> TestCaseResult {
    let mut in_a_row = 0;
    for poll in heard(trace) {
        match poll.answer.meaning {
            Meaning::Throttled => in_a_row += 1,
            Meaning::Broken | Meaning::TimedOut => continue,
            Meaning::Pending | Meaning::SlowDown | Meaning::Final => in_a_row = 0,
        }
        if poll.answer.meaning != Meaning::Throttled {
            continue;
        }
        prop_assert!(
            may_go_on(trace, poll.next),
            "a rate limit ended it: {poll:?}"
        );
        if let Some(due) = poll.next_due().filter(|_| is_steady(&trace.policy)) {
            let pause = (0..in_a_row).fold(poll.after, |pause, _| twice(pause));
            prop_assert!(
                due >= poll.came() + pause,
                "due at {due:?}, after {in_a_row} in a row: {poll:?}"
            );
        }
    }
    Ok(())
}
law!(throttling_backs_off_and_is_never_a_rejection catches TakesThrottledForRejection, ThrottledAtTheUsualPace);

/// CPOLL-015, CPOLL-016 (RFC 9110 §10.2.3) and CPOLL-034: whatever the answer, a wait that it asks for is kept to the nanosecond,
/// be it seconds, the distance to a date or the time until a limit resets.
fn every_wait_is_kept(trace: &Trace) -> TestCaseResult {
    prop_assume!(is_steady(&trace.policy));
    for (poll, due) in scheduled(trace) {
        let asked = poll.came() + poll.answer.wait.unwrap_or_default();
        prop_assert!(
            due >= asked,
            "due at {due:?}, asked to wait until {asked:?}: {poll:?}"
        );
    }
    Ok(())
}
law!(every_wait_is_kept catches IgnoresRetryAfter, CutsRetryAfterToSeconds);

// Trouble

/// CPOLL-017 (RFC 8628 §3.5) and CPOLL-018: a time-out or a broken reply doubles the interval (up to 60 s) before the next poll.
fn trouble_doubles_the_interval(trace: &Trace) -> TestCaseResult {
    for poll in heard(trace).filter(|poll| is_trouble(poll)) {
        prop_assert_eq!(poll.after, twice(poll.before));
    }
    Ok(())
}
law!(trouble_doubles_the_interval catches KeepsThePaceOnTimeOut);

/// CPOLL-018: troubles in a row are bounded; the bound ends it, and nothing else that goes wrong does.
fn troubles_in_a_row_are_bounded(trace: &Trace) -> TestCaseResult {
    let mut in_a_row = 0;
    for poll in heard(trace) {
        in_a_row = if is_trouble(poll) { in_a_row + 1 } else { 0 };
        let reached = in_a_row >= trace.policy.failures_max.max(1);
        prop_assert_eq!(
            poll.next == Next::Over(Because::Failures),
            reached,
            "{} in a row: {:?}",
            in_a_row,
            poll
        );
    }
    Ok(())
}
law!(troubles_in_a_row_are_bounded catches RetriesForEver);

/// CPOLL-021: a request that runs into its own time limit, however long that is, settles nothing: the machine neither gives up
/// on it before nor takes it for an answer afterwards. (The limit itself belongs to whoever sends.)
fn a_request_that_ran_out_of_time_settles_nothing(trace: &Trace) -> TestCaseResult {
    for poll in answered(trace, Meaning::TimedOut) {
        prop_assert_eq!(poll.meanwhile, Next::InFlight);
        prop_assert_ne!(poll.next, Next::Over(Because::Final));
    }
    Ok(())
}
law!(a_request_that_ran_out_of_time_settles_nothing catches TakesTimeOutForRejection);

/// CPOLL-035: after an ambiguous failure the same request is not sent again at once; what follows is one more poll, in its turn.
fn an_ambiguous_failure_is_followed_by_a_poll_in_its_turn(trace: &Trace) -> TestCaseResult {
    prop_assume!(is_steady(&trace.policy));
    for (poll, due) in scheduled(trace).filter(|(poll, _)| is_trouble(poll)) {
        prop_assert!(
            due >= poll.came() + poll.before,
            "sent again at {due:?}: {poll:?}"
        );
    }
    Ok(())
}
law!(an_ambiguous_failure_is_followed_by_a_poll_in_its_turn catches ResendsAfterTimeOut);

// The end

/// CPOLL-009, CPOLL-010, CPOLL-011 and CPOLL-012: success, rejection, expiry and every other error that settles it end it for good,
/// however late they come.
fn a_final_answer_ends_it_for_good(trace: &Trace) -> TestCaseResult {
    prop_assume!(!trace.policy.insist && trace.cancelled.is_none());
    let settled = trace
        .polls
        .iter()
        .position(|poll| poll.answer.meaning == Meaning::Final);
    let Some(settled) = settled else {
        return reject();
    };
    prop_assert_eq!(settled + 1, trace.polls.len(), "polls after a final answer");
    prop_assert_eq!(trace.end(), Some(Because::Final));
    Ok(())
}
law!(a_final_answer_ends_it_for_good catches PollsAfterFinal);

/// The exception to the law before, as the scenario language has it: who insists goes on after a final answer, at the
/// interval, until another bound ends it.
fn who_insists_goes_on(trace: &Trace) -> TestCaseResult {
    prop_assume!(trace.policy.insist);
    for poll in answered(trace, Meaning::Final) {
        prop_assert!(
            may_go_on(trace, poll.next),
            "a final answer ended it: {poll:?}"
        );
        prop_assert_eq!(poll.after, poll.before);
    }
    Ok(())
}
law!(who_insists_goes_on catches ThinksBetterOfInsisting);

/// CPOLL-019: no poll is due after the total deadline, which therefore always ends it, be the interval zero and the answers
/// instantaneous.
fn the_deadline_always_ends_it(trace: &Trace) -> TestCaseResult {
    let dues = trace
        .polls
        .iter()
        .map(|poll| poll.due)
        .chain(trace.polls.last().and_then(Poll::next_due));
    for due in dues {
        prop_assert!(
            due <= trace.deadline,
            "due at {due:?}, after the deadline at {:?}",
            trace.deadline
        );
    }
    prop_assert!(
        !trace.to_the_end || trace.end().is_some(),
        "still going after {} polls",
        trace.polls.len()
    );
    Ok(())
}
law!(the_deadline_always_ends_it catches NeverEnds);

/// CPOLL-020: the deadline is the earlier of the policy's and the expiry that the opening reply names.
fn the_deadline_is_the_earlier_of_policy_and_expiry(trace: &Trace) -> TestCaseResult {
    prop_assert_eq!(Policy::default().deadline, Duration::from_secs(300));
    let life = trace
        .hints
        .expires_in
        .map_or(trace.policy.deadline, |expires_in| {
            expires_in.min(trace.policy.deadline)
        });
    prop_assert_eq!(trace.deadline, trace.began + life);
    Ok(())
}
law!(the_deadline_is_the_earlier_of_policy_and_expiry catches IgnoresExpiry);

/// CPOLL-026: cancelling ends it at any time, also while a poll is in flight, whose answer then changes nothing.
fn cancelling_ends_it_at_any_time(trace: &Trace) -> TestCaseResult {
    let Some(cancelled) = trace.cancelled else {
        return reject();
    };
    prop_assert!(matches!(cancelled, Next::Over(_)), "still {cancelled:?}");
    prop_assert_eq!(trace.last.map(|last| last[0]), Some(cancelled));
    Ok(())
}
law!(cancelling_ends_it_at_any_time catches CannotBeCancelled);

/// The policy's number of polls is never exceeded, and reaching it ends it.
fn the_number_of_polls_is_kept(trace: &Trace) -> TestCaseResult {
    prop_assert_eq!(trace.polls_counted as usize, trace.polls.len());
    let Some(polls_max) = trace.policy.polls_max else {
        return reject();
    };
    prop_assert!(trace.polls_counted <= polls_max);
    prop_assert!(trace.polls_counted < polls_max || trace.end().is_some());
    Ok(())
}
law!(the_number_of_polls_is_kept catches OnePollTooMany);

/// What is over stays over, for the reason first given; and asking changes nothing.
fn the_first_reason_stays(trace: &Trace) -> TestCaseResult {
    for poll in &trace.polls {
        prop_assert_eq!(poll.asked, poll.next);
    }
    if let Some([first, second, third]) = trace.last {
        prop_assert!(
            first == second && second == third,
            "{first:?}, then {second:?}, then {third:?}"
        );
    }
    Ok(())
}
law!(the_first_reason_stays catches ChangesItsReason);

/// Who polls by a list of gaps keeps each of them exactly, whatever the endpoint asks for; the last one repeats, at least 1 ms long.
fn gaps_are_kept_as_written(trace: &Trace) -> TestCaseResult {
    let Cadence::Gaps(gaps) = &trace.policy.cadence else {
        return reject();
    };
    let Some(&last) = gaps.last() else {
        return reject();
    };
    let answers = trace.polls.iter().map(Poll::came);
    for (i, (poll, before)) in trace
        .polls
        .iter()
        .zip([trace.began].into_iter().chain(answers))
        .enumerate()
    {
        prop_assert_eq!(
            poll.due,
            before + gaps.get(i).copied().unwrap_or(last.max(INTERVAL_MIN)),
            "poll {}",
            i + 1
        );
    }
    Ok(())
}
law!(gaps_are_kept_as_written catches ObedientGaps);

/// Two implementations, one of them as plain as can be, agree on every history.
#[test]
fn the_sketch_agrees() {
    let agree = runner().run(&history(), |history| {
        prop_assert_eq!(run_real(&history), run_sketch(None, &history));
        Ok(())
    });
    agree.unwrap_or_else(|error| panic!("{error}"));
}

// How a law is held against a machine

fn assert_holds(law: Law) {
    let held = runner().run(&history(), |history| law(&run_real(&history)));
    held.unwrap_or_else(|error| panic!("{error}"));
}

fn assert_caught(law: Law, flaw: Flaw) {
    let held = runner().run(&history(), |history| law(&run_sketch(Some(flaw), &history)));
    assert!(
        matches!(held, Err(TestError::Fail(..))),
        "{flaw:?} went unnoticed: {held:?}"
    );
}

fn run_real(history: &History) -> Trace {
    run(
        |policy, at, hints| Box::new(Polling::begin(policy, at, hints)),
        history,
    )
}

fn run_sketch(flaw: Option<Flaw>, history: &History) -> Trace {
    run(
        |policy, at, hints| Box::new(Sketch::begin(flaw, policy, at, hints)),
        history,
    )
}

fn runner() -> TestRunner {
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let default = Config::default();
    let cases = default.cases.max(2_000);
    let config = Config {
        cases,
        max_global_rejects: cases.saturating_mul(100),
        failure_persistence: None,
        ..default
    };
    TestRunner::new_with_rng(config, seed)
}

// Words of the laws

fn reject() -> TestCaseResult {
    Err(TestCaseError::reject(
        "the law says nothing about this history",
    ))
}

/// The interval sets the pace. (An empty list of gaps says nothing.)
fn is_steady(policy: &Policy) -> bool {
    match &policy.cadence {
        Cadence::Steady => true,
        Cadence::Gaps(gaps) | Cadence::GapsThenSteady(gaps) => gaps.is_empty(),
    }
}

fn hint(trace: &Trace) -> Option<Duration> {
    trace.hints.interval.filter(|hint| !hint.is_zero())
}

/// Polls with this answer, save one that was dropped because the caller had cancelled.
fn answered(trace: &Trace, meaning: Meaning) -> impl Iterator<Item = &Poll> {
    heard(trace).filter(move |poll| poll.answer.meaning == meaning)
}

/// Polls whose answer was not dropped because the caller had cancelled.
fn heard(trace: &Trace) -> impl Iterator<Item = &Poll> {
    trace
        .polls
        .iter()
        .filter(|poll| trace.cancelled.is_none() || poll.next != Next::Over(Because::Cancelled))
}

/// Polls after which another was due, and when.
fn scheduled(trace: &Trace) -> impl Iterator<Item = (&Poll, Duration)> {
    trace
        .polls
        .iter()
        .filter_map(|poll| Some((poll, poll.next_due()?)))
}

fn counted_from(trace: &Trace, poll: &Poll) -> Duration {
    if trace.policy.long_poll && poll.answer.meaning == Meaning::Pending {
        poll.left
    } else {
        poll.came()
    }
}

/// It goes on, or ends by a bound that has nothing to do with what was answered.
fn may_go_on(trace: &Trace, next: Next) -> bool {
    match next {
        Next::PollAt(_) => true,
        Next::Over(Because::Polls) => trace.policy.polls_max.is_some(),
        Next::Over(Because::Deadline) => true,
        Next::Over(Because::Final | Because::Failures | Because::Cancelled) | Next::InFlight => {
            false
        }
    }
}

fn is_trouble(poll: &Poll) -> bool {
    matches!(poll.answer.meaning, Meaning::Broken | Meaning::TimedOut)
}

fn twice(interval: Duration) -> Duration {
    (interval * 2).min(DOUBLING_MAX).max(interval)
}
