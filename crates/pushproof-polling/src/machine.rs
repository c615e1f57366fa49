//! The machine itself: [`Polling`], one transaction's polling as a value.

use std::time::Duration;

use crate::policy::{DOUBLING_MAX, INTERVAL_MIN, SLOW_DOWN_MIN};
use crate::{Answer, Because, First, Hints, Meaning, Next, Policy};

/// The polling of one transaction.
///
/// A `Copy` value of at most 96 bytes that holds neither heap memory nor a clock, so that a hundred thousand of them cost next to
/// nothing. Every `at` is time since the run's origin, on a monotonic clock (CPOLL-024). Pass the same [`Policy`] throughout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Polling {
    next: Next,
    /// Least time between polls. Only ever grows.
    interval: Duration,
    /// Absolute. No poll is due after it.
    deadline: Duration,
    /// When the last poll left.
    sent_at: Duration,
    polls: u32,
    /// Broken or timed-out polls in a row.
    failures: u32,
    /// Throttled polls in a row; those that brought no reply stand for nothing here.
    throttles: u32,
}

/// Questions.
impl Polling {
    /// What to do now. Asking changes nothing.
    #[must_use]
    pub fn next(&self) -> Next {
        self.next
    }

    /// The number of polls that have left.
    #[must_use]
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// The interval in force. It never shrinks (CPOLL-006).
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// The time since the run's origin after which no poll is due.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline
    }
}

/// Commands.
impl Polling {
    /// Starts the polling of a transaction that was opened `at` this time, with what its opening reply offered.
    #[must_use]
    pub fn begin(policy: &Policy, at: Duration, hints: Hints) -> Self {
        let interval = hints
            .interval
            .filter(|hint| !hint.is_zero())
            .unwrap_or(policy.interval)
            .max(INTERVAL_MIN);
        let life = hints.expires_in.map_or(policy.deadline, |expires_in| {
            expires_in.min(policy.deadline)
        });
        let deadline = at.saturating_add(life);
        let gap = policy.cadence.gap(0).unwrap_or(match policy.first {
            First::AfterInterval => interval,
            First::AtOnce => Duration::ZERO,
        });
        let next = match policy.polls_max {
            Some(0) => Next::Over(Because::Polls),
            _ => poll_or_over(at.checked_add(gap), Duration::ZERO, deadline),
        };
        Self {
            next,
            interval,
            deadline,
            sent_at: at,
            polls: 0,
            failures: 0,
            throttles: 0,
        }
    }

    /// The poll leaves, at its due time or later.
    ///
    /// # Panics
    ///
    /// When another poll is in flight (CPOLL-002), when polling is over, and before the due time: a poll that may not leave is a
    /// bug of the caller.
    #[track_caller]
    pub fn sent(&mut self, at: Duration) {
        match self.next {
            Next::PollAt(due) => assert!(
                at >= due,
                "a poll left at {at:?}, before it was due at {due:?}"
            ),
            Next::InFlight => panic!("a poll left at {at:?} while another was in flight"),
            Next::Over(because) => {
                panic!("a poll left at {at:?} although polling was over ({because:?})")
            }
        }
        self.next = Next::InFlight;
        self.sent_at = at;
        self.polls = self.polls.saturating_add(1);
    }

    /// The poll in flight was answered, or failed; says what comes next. `jitter` is chance: its share of `u16::MAX` is the share
    /// of [`Policy::jitter_max`] that is added to the wait.
    ///
    /// A final answer counts however late it comes. An answer that comes after [`cancel`](Self::cancel) changes nothing. Should `at`
    /// lie before the poll left, the clock went back, and the answer is taken to have come when the poll left.
    ///
    /// # Panics
    ///
    /// When no poll is in flight, unless it was cancelled.
    #[track_caller]
    pub fn answered(&mut self, policy: &Policy, at: Duration, answer: Answer, jitter: u16) -> Next {
        match self.next {
            Next::InFlight => {}
            Next::Over(Because::Cancelled) => return self.next,
            Next::PollAt(_) | Next::Over(_) => {
                panic!("an answer came at {at:?} although no poll was in flight")
            }
        }
        let at = at.max(self.sent_at);
        self.count(answer.meaning);
        self.stretch(policy, answer);
        self.next = match self.ended(policy, answer.meaning) {
            Some(because) => Next::Over(because),
            None => self.schedule(policy, at, answer, jitter),
        };
        self.next
    }

    /// The caller wants no more of it (CPOLL-026). Allowed at any time; what was over before stays over for its own reason.
    pub fn cancel(&mut self) {
        if !matches!(self.next, Next::Over(_)) {
            self.next = Next::Over(Because::Cancelled);
        }
    }
}

/// What an answer does.
impl Polling {
    fn count(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Pending | Meaning::SlowDown | Meaning::Final => {
                (self.failures, self.throttles) = (0, 0)
            }
            Meaning::Throttled => {
                (self.failures, self.throttles) = (0, self.throttles.saturating_add(1))
            }
            Meaning::Broken | Meaning::TimedOut => self.failures = self.failures.saturating_add(1),
        }
    }

    /// The only place where the interval changes. Each arm gives at least what there was.
    fn stretch(&mut self, policy: &Policy, answer: Answer) {
        self.interval = match answer.meaning {
            Meaning::SlowDown => {
                let longer = self
                    .interval
                    .saturating_add(policy.slow_down_adds.max(SLOW_DOWN_MIN));
                longer.max(answer.wait.unwrap_or_default())
            }
            Meaning::Broken | Meaning::TimedOut => doubled(self.interval, 1),
            Meaning::Pending | Meaning::Throttled | Meaning::Final => self.interval,
        }
    }

    fn ended(&self, policy: &Policy, meaning: Meaning) -> Option<Because> {
        if meaning == Meaning::Final && !policy.insist {
            Some(Because::Final)
        } else if self.failures >= policy.failures_max.max(1) {
            Some(Because::Failures)
        } else if policy
            .polls_max
            .is_some_and(|polls_max| self.polls >= polls_max)
        {
            Some(Because::Polls)
        } else {
            None
        }
    }

    fn schedule(&self, policy: &Policy, at: Duration, answer: Answer, jitter: u16) -> Next {
        if let Some(gap) = policy.cadence.gap(self.polls) {
            return poll_or_over(at.checked_add(gap), Duration::ZERO, self.deadline);
        }
        let pause = match answer.meaning {
            Meaning::Throttled => doubled(self.interval, self.throttles),
            Meaning::Pending
            | Meaning::SlowDown
            | Meaning::Final
            | Meaning::Broken
            | Meaning::TimedOut => self.interval,
        };
        let from = if policy.long_poll && answer.meaning == Meaning::Pending {
            self.sent_at
        } else {
            at
        };
        let paced = from.checked_add(pause);
        let asked = at.checked_add(answer.wait.unwrap_or_default()); // at the earliest now
        let due = paced.zip(asked).map(|(paced, asked)| paced.max(asked));
        poll_or_over(due, scaled(policy.jitter_max, jitter), self.deadline)
    }
}

/// A poll at `due` and up to `jitter` later, if it is due by the deadline. No `due` is a time beyond all times. Chance moves a poll
/// but does not decide whether there is one: it stops at the deadline.
fn poll_or_over(due: Option<Duration>, jitter: Duration, deadline: Duration) -> Next {
    match due {
        Some(due) if due <= deadline => Next::PollAt(due.saturating_add(jitter).min(deadline)),
        Some(_) | None => Next::Over(Because::Deadline),
    }
}

/// `interval`, doubled so many times, but by doubling not beyond [`DOUBLING_MAX`].
fn doubled(interval: Duration, times: u32) -> Duration {
    let factor = 1u32.checked_shl(times).unwrap_or(u32::MAX);
    interval
        .saturating_mul(factor)
        .min(DOUBLING_MAX)
        .max(interval)
}

/// The share `jitter / u16::MAX` of `jitter_max`, rounded down (by less than 66 µs).
fn scaled(jitter_max: Duration, jitter: u16) -> Duration {
    (jitter_max / u32::from(u16::MAX)).saturating_mul(u32::from(jitter))
}
