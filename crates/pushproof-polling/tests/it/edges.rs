//! Values at the rim: zero, the largest there is, the wrong order of commands, and what the machine is made of.

use std::time::Duration;

use pushproof_polling::{
    Answer, Because, Cadence, DOUBLING_MAX, First, Hints, Meaning, Next, Policy, Polling,
};

const NOW: Duration = Duration::from_secs(100);

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A poll that leaves when due and is answered at once, without jitter.
fn poll(polling: &mut Polling, policy: &Policy, answer: impl Into<Answer>) -> Next {
    let Next::PollAt(due) = polling.next() else {
        panic!("no poll is due: {:?}", polling.next())
    };
    polling.sent(due);
    polling.answered(policy, due, answer.into(), 0)
}

/// No allocation happens, by construction: what is `Copy` owns no heap memory, and no method takes or returns anything that does
/// (a policy is borrowed).
#[test]
fn it_is_a_small_copy_value() {
    fn is_copy<T: Copy + Send + Sync + 'static>() {}
    is_copy::<Polling>();
    is_copy::<Next>();
    is_copy::<Answer>();
    assert!(size_of::<Polling>() <= 96, "{} bytes", size_of::<Polling>());
    assert!(size_of::<Next>() <= 16, "{} bytes", size_of::<Next>());
}

#[test]
fn a_deadline_of_zero_leaves_room_for_one_poll_at_once() {
    let mut policy = Policy {
        deadline: Duration::ZERO,
        ..Policy::default()
    };
    assert_eq!(
        Polling::begin(&policy, NOW, Hints::default()).next(),
        Next::Over(Because::Deadline)
    );

    policy.first = First::AtOnce;
    let mut polling = Polling::begin(&policy, NOW, Hints::default());
    assert_eq!(polling.next(), Next::PollAt(NOW));
    assert_eq!(
        poll(&mut polling, &policy, Meaning::Pending),
        Next::Over(Because::Deadline)
    );
}

#[test]
fn a_poll_may_be_due_at_the_deadline_itself() {
    let policy = Policy {
        deadline: secs(10),
        ..Policy::default()
    };
    let mut polling = Polling::begin(&policy, NOW, Hints::default());
    assert_eq!(
        poll(&mut polling, &policy, Meaning::Pending),
        Next::PollAt(NOW + secs(10))
    );
    assert_eq!(
        poll(&mut polling, &policy, Meaning::Pending),
        Next::Over(Because::Deadline)
    );
}

#[test]
fn a_wait_beyond_the_deadline_ends_it_at_once() {
    let policy = Policy::default();
    let mut polling = Polling::begin(&policy, NOW, Hints::default());
    let answer = Answer {
        meaning: Meaning::Throttled,
        wait: Some(secs(296)),
    };
    assert_eq!(
        poll(&mut polling, &policy, answer),
        Next::Over(Because::Deadline)
    );
}

#[test]
fn a_final_answer_after_the_deadline_still_counts() {
    let policy = Policy::default();
    let mut polling = Polling::begin(&policy, NOW, Hints::default());
    polling.sent(NOW + secs(5));
    assert_eq!(
        polling.answered(&policy, NOW + secs(900), Meaning::Final.into(), 0),
        Next::Over(Because::Final)
    );
}

#[test]
fn a_zero_interval_still_lets_time_pass() {
    let policy = Policy {
        interval: Duration::ZERO,
        deadline: Duration::from_millis(3),
        ..Policy::default()
    };
    let mut polling = Polling::begin(&policy, Duration::ZERO, Hints::default());
    while let Next::PollAt(_) = polling.next() {
        poll(&mut polling, &policy, Meaning::Pending);
    }
    assert_eq!(
        (polling.polls(), polling.next()),
        (3, Next::Over(Because::Deadline))
    );
}

#[test]
fn a_zero_hint_is_none() {
    let hints = Hints {
        interval: Some(Duration::ZERO),
        expires_in: None,
    };
    assert_eq!(
        Polling::begin(&Policy::default(), NOW, hints).interval(),
        secs(5)
    );
}

#[test]
fn an_expiry_of_zero_is_one() {
    let hints = Hints {
        interval: None,
        expires_in: Some(Duration::ZERO),
    };
    assert_eq!(
        Polling::begin(&Policy::default(), NOW, hints).deadline(),
        NOW
    );
}

#[test]
fn an_empty_list_of_gaps_polls_steadily() {
    let policy = Policy {
        cadence: Cadence::Gaps(Box::new([])),
        ..Policy::default()
    };
    let mut polling = Polling::begin(&policy, NOW, Hints::default());
    assert_eq!(polling.next(), Next::PollAt(NOW + secs(5)));
    assert_eq!(
        poll(&mut polling, &policy, Meaning::SlowDown),
        Next::PollAt(NOW + secs(15))
    );
}

#[test]
fn no_failure_allowed_and_one_are_the_same() {
    for failures_max in [0, 1] {
        let policy = Policy {
            failures_max,
            ..Policy::default()
        };
        let mut polling = Polling::begin(&policy, NOW, Hints::default());
        assert_eq!(
            poll(&mut polling, &policy, Meaning::Broken),
            Next::Over(Because::Failures)
        );
    }
}

#[test]
fn no_poll_allowed_is_over_before_it_begins() {
    let policy = Policy {
        polls_max: Some(0),
        ..Policy::default()
    };
    let polling = Polling::begin(&policy, NOW, Hints::default());
    assert_eq!(
        (polling.next(), polling.polls()),
        (Next::Over(Because::Polls), 0)
    );
}

#[test]
fn a_failure_that_is_also_the_last_poll_is_called_a_failure() {
    let policy = Policy {
        polls_max: Some(1),
        failures_max: 1,
        ..Policy::default()
    };
    let mut polling = Polling::begin(&policy, NOW, Hints::default());
    assert_eq!(
        poll(&mut polling, &policy, Meaning::TimedOut),
        Next::Over(Because::Failures)
    );
}

#[test]
fn doubling_stops_at_a_minute_and_shortens_no_longer_interval() {
    let policy = Policy {
        deadline: Duration::MAX,
        failures_max: u32::MAX,
        ..Policy::default()
    };
    let mut polling = Polling::begin(&policy, NOW, Hints::default());
    let intervals: Vec<u64> = (0..6)
        .map(|_| {
            poll(&mut polling, &policy, Meaning::TimedOut);
            polling.interval().as_secs()
        })
        .collect();
    assert_eq!(intervals, [10, 20, 40, 60, 60, 60]);

    poll(&mut polling, &policy, Meaning::SlowDown);
    poll(&mut polling, &policy, Meaning::TimedOut);
    assert_eq!(polling.interval(), DOUBLING_MAX + secs(5));
}

#[test]
fn a_hundred_rate_limits_in_a_row_do_not_overflow() {
    let policy = Policy {
        deadline: Duration::MAX,
        ..Policy::default()
    };
    let mut polling = Polling::begin(&policy, Duration::ZERO, Hints::default());
    let mut last = Duration::ZERO;
    for _ in 0..100 {
        let Next::PollAt(due) = poll(&mut polling, &policy, Meaning::Throttled) else {
            panic!("it ended")
        };
        assert!(due - last >= secs(10), "{last:?} to {due:?}");
        last = due;
    }
    assert_eq!(polling.interval(), secs(5));
}

/// Every duration as large as there is: sums saturate, and what lies beyond all time lies after the deadline.
#[test]
fn the_largest_durations_end_it_by_the_deadline() {
    let max = Duration::MAX;
    let huge = Policy {
        interval: max,
        slow_down_adds: max,
        deadline: max,
        jitter_max: max,
        ..Policy::default()
    };
    let hints = Hints {
        interval: Some(max),
        expires_in: Some(max),
    };
    let polling = Polling::begin(&huge, NOW, hints);
    assert_eq!(
        (polling.next(), polling.deadline()),
        (Next::Over(Because::Deadline), max)
    );

    for meaning in [
        Meaning::Pending,
        Meaning::SlowDown,
        Meaning::Throttled,
        Meaning::Broken,
        Meaning::TimedOut,
    ] {
        for jitter in [0, u16::MAX] {
            for cadence in [
                Cadence::Steady,
                Cadence::Gaps(Box::new([Duration::ZERO, max])),
            ] {
                let policy = Policy {
                    first: First::AtOnce,
                    cadence,
                    ..huge.clone()
                };
                let mut polling = Polling::begin(&policy, NOW, hints);
                polling.sent(NOW);
                let next = polling.answered(
                    &policy,
                    NOW,
                    Answer {
                        meaning,
                        wait: Some(max),
                    },
                    jitter,
                );
                assert_eq!(next, Next::Over(Because::Deadline), "{meaning:?}");
            }
        }
    }
}

#[test]
fn the_end_of_time_is_reached_once() {
    let policy = Policy {
        first: First::AtOnce,
        deadline: Duration::MAX,
        ..Policy::default()
    };
    let mut polling = Polling::begin(&policy, Duration::MAX, Hints::default());
    assert_eq!(polling.next(), Next::PollAt(Duration::MAX));
    assert_eq!(
        poll(&mut polling, &policy, Meaning::Pending),
        Next::Over(Because::Deadline)
    );
}

#[test]
fn all_chance_is_the_whole_jitter_give_or_take_66_microseconds() {
    let policy = Policy {
        jitter_max: secs(4),
        ..Policy::default()
    };
    let mut polling = Polling::begin(&policy, Duration::ZERO, Hints::default());
    polling.sent(secs(5));
    let Next::PollAt(due) = polling.answered(&policy, secs(5), Meaning::Pending.into(), u16::MAX)
    else {
        panic!("it ended")
    };
    assert!(
        due <= secs(14) && due > secs(14) - Duration::from_micros(66),
        "{due:?}"
    );
}

#[test]
fn an_answer_after_cancelling_changes_nothing() {
    let policy = Policy::default();
    let mut polling = Polling::begin(&policy, NOW, Hints::default());
    polling.sent(NOW + secs(5));
    polling.cancel();
    assert_eq!(
        polling.answered(&policy, NOW + secs(6), Meaning::Final.into(), 0),
        Next::Over(Because::Cancelled)
    );
}

#[test]
#[should_panic(expected = "a poll left at 104.999s, before it was due at 105s")]
fn a_poll_before_its_time_is_a_bug() {
    Polling::begin(&Policy::default(), NOW, Hints::default())
        .sent(NOW + Duration::from_millis(4_999));
}

#[test]
#[should_panic(expected = "a poll left at 111s while another was in flight")]
fn a_second_poll_in_flight_is_a_bug() {
    let mut polling = Polling::begin(&Policy::default(), NOW, Hints::default());
    polling.sent(NOW + secs(5));
    polling.sent(NOW + secs(11));
}

#[test]
#[should_panic(expected = "a poll left at 200s although polling was over (Cancelled)")]
fn a_poll_after_the_end_is_a_bug() {
    let mut polling = Polling::begin(&Policy::default(), NOW, Hints::default());
    polling.cancel();
    polling.sent(NOW + secs(100));
}

#[test]
#[should_panic(expected = "an answer came at 106s although no poll was in flight")]
fn an_answer_to_nothing_is_a_bug() {
    let policy = Policy::default();
    let mut polling = Polling::begin(&policy, NOW, Hints::default());
    polling.answered(&policy, NOW + secs(6), Meaning::Pending.into(), 0);
}
