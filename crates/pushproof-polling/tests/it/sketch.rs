//! A second implementation, as plain as can be, that can be given one [`Flaw`]: what the laws must catch.
//!
//! Without a flaw it must agree with the real machine on every history, so a law that catches a flawed sketch catches the flaw
//! and not the sketch. Many flaws are known from clients in use (protocol notes, end of the client requirements).

use std::time::Duration;

use pushproof_polling::{Answer, Because, Cadence, First, Hints, Meaning, Next, Policy};

use crate::driver::Machine;

/// One thing done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flaw {
    /// Waits for what is left of the interval since the last poll left, not since its answer.
    CountsFromSending,
    Overlaps,
    PollsEveryThreeSeconds,
    IgnoresTheHint,
    AddsATenthOnSlowDown,
    TakesSlowDownForRejection,
    ForgetsSlowDown,
    SlowDownIgnoresItsWait,
    CreepsOnPending,
    TakesPendingForRejection,
    PollsAfterFinal,
    ThinksBetterOfInsisting,
    TakesThrottledForRejection,
    ThrottledAtTheUsualPace,
    IgnoresRetryAfter,
    CutsRetryAfterToSeconds,
    KeepsThePaceOnTimeOut,
    TakesTimeOutForRejection,
    RetriesForEver,
    NeverEnds,
    IgnoresExpiry,
    LongPollSpins,
    JittersDownwards,
    JittersOverTheDeadline,
    TrustsTheClock,
    FirstPollAtOnce,
    ResendsAfterTimeOut,
    CannotBeCancelled,
    OnePollTooMany,
    ObedientGaps,
    ChangesItsReason,
}

pub(crate) struct Sketch {
    flaw: Option<Flaw>,
    policy: Policy,
    base: Duration,
    interval: Duration,
    deadline: Duration,
    left: Duration,
    polls: u32,
    failures: u32,
    throttles: u32,
    next: Next,
}

const MILLISECOND: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);

impl Sketch {
    pub(crate) fn begin(flaw: Option<Flaw>, policy: &Policy, at: Duration, hints: Hints) -> Self {
        let is = |it| flaw == Some(it);
        let mut base = policy.interval;
        if let Some(hint) = hints.interval
            && hint > Duration::ZERO
            && !is(Flaw::IgnoresTheHint)
        {
            base = hint;
        }
        if is(Flaw::PollsEveryThreeSeconds) && hints.interval.is_none() {
            base = Duration::from_secs(3);
        }
        base = base.max(MILLISECOND);
        let mut life = policy.deadline;
        if let Some(expires_in) = hints.expires_in
            && !is(Flaw::IgnoresExpiry)
        {
            life = life.min(expires_in);
        }
        let mut sketch = Self {
            flaw,
            policy: policy.clone(),
            base,
            interval: base,
            deadline: at + life,
            left: at,
            polls: 0,
            failures: 0,
            throttles: 0,
            next: Next::InFlight,
        };
        let at_once = policy.first == First::AtOnce || is(Flaw::FirstPollAtOnce);
        let due = at
            + sketch
                .gap()
                .unwrap_or(if at_once { Duration::ZERO } else { base });
        sketch.next = if policy.polls_max == Some(0) {
            Next::Over(Because::Polls)
        } else {
            sketch.poll_at(due)
        };
        sketch
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn gap(&self) -> Option<Duration> {
        match &self.policy.cadence {
            Cadence::Gaps(gaps) if !gaps.is_empty() => {
                let i = self.polls as usize;
                Some(if i < gaps.len() {
                    gaps[i]
                } else {
                    gaps[gaps.len() - 1].max(MILLISECOND)
                })
            }
            Cadence::GapsThenSteady(gaps) => gaps.get(self.polls as usize).copied(),
            Cadence::Gaps(_) | Cadence::Steady => None,
        }
    }

    fn poll_at(&self, due: Duration) -> Next {
        if due > self.deadline && !self.is(Flaw::NeverEnds) {
            Next::Over(Because::Deadline)
        } else {
            Next::PollAt(due)
        }
    }

    /// Changes counts and interval; says whether the answer settles it.
    fn take(&mut self, answer: Answer) -> Option<Because> {
        let twice = self.interval.max((self.interval * 2).min(MINUTE));
        let is = |it| self.flaw == Some(it);
        if !matches!(answer.meaning, Meaning::Broken | Meaning::TimedOut) {
            self.failures = 0;
            self.throttles = if answer.meaning == Meaning::Throttled {
                self.throttles + 1
            } else {
                0
            };
        }
        match answer.meaning {
            Meaning::Pending if is(Flaw::TakesPendingForRejection) => return Some(Because::Final),
            Meaning::Pending if is(Flaw::ForgetsSlowDown) => self.interval = self.base,
            Meaning::Pending if is(Flaw::CreepsOnPending) => self.interval += self.interval / 2,
            Meaning::Pending => {}
            Meaning::SlowDown if is(Flaw::TakesSlowDownForRejection) => {
                return Some(Because::Final);
            }
            Meaning::SlowDown if is(Flaw::AddsATenthOnSlowDown) => {
                self.interval += Duration::from_millis(100)
            }
            Meaning::SlowDown => {
                self.interval += self.policy.slow_down_adds.max(Duration::from_secs(5));
                if !is(Flaw::SlowDownIgnoresItsWait) {
                    self.interval = self.interval.max(answer.wait.unwrap_or_default());
                }
            }
            Meaning::Throttled if is(Flaw::TakesThrottledForRejection) => {
                return Some(Because::Final);
            }
            Meaning::Throttled => {}
            Meaning::TimedOut if is(Flaw::TakesTimeOutForRejection) => return Some(Because::Final),
            Meaning::Broken | Meaning::TimedOut => {
                self.failures += 1;
                if !is(Flaw::KeepsThePaceOnTimeOut) {
                    self.interval = twice;
                }
                if self.failures >= self.policy.failures_max.max(1) && !is(Flaw::RetriesForEver) {
                    return Some(Because::Failures);
                }
            }
            Meaning::Final => {
                let goes_on = self.policy.insist && !is(Flaw::ThinksBetterOfInsisting);
                if !goes_on && !is(Flaw::PollsAfterFinal) {
                    return Some(Because::Final);
                }
            }
        }
        let polls_max = self
            .policy
            .polls_max
            .map(|polls_max| polls_max + u32::from(is(Flaw::OnePollTooMany)));
        polls_max
            .is_some_and(|polls_max| self.polls >= polls_max)
            .then_some(Because::Polls)
    }

    fn due(&self, told: Duration, answer: Answer, jitter: u16) -> Duration {
        let at = if self.is(Flaw::TrustsTheClock) {
            told
        } else {
            told.max(self.left)
        };
        if let Some(gap) = self.gap()
            && !self.is(Flaw::ObedientGaps)
        {
            return at + gap;
        }
        if self.is(Flaw::ResendsAfterTimeOut) && answer.meaning == Meaning::TimedOut {
            return at;
        }
        let mut pause = self.interval;
        if answer.meaning == Meaning::Throttled && !self.is(Flaw::ThrottledAtTheUsualPace) {
            for _ in 0..self.throttles {
                pause = pause.max((pause * 2).min(MINUTE));
            }
        }
        let held_counts = self.policy.long_poll && answer.meaning == Meaning::Pending;
        let mut due = if held_counts || self.is(Flaw::CountsFromSending) {
            at.max(self.left + pause)
        } else {
            at + pause
        };
        if held_counts && self.is(Flaw::LongPollSpins) {
            due = at;
        }
        let mut wait = answer.wait.unwrap_or_default();
        if self.is(Flaw::IgnoresRetryAfter) {
            wait = Duration::ZERO;
        }
        if self.is(Flaw::CutsRetryAfterToSeconds) {
            wait = Duration::from_secs(wait.as_secs());
        }
        due = due.max(at + wait);
        let chance = self.policy.jitter_max / 65_535 * u32::from(jitter);
        if self.is(Flaw::JittersDownwards) {
            return due.saturating_sub(chance);
        }
        if due <= self.deadline && !self.is(Flaw::JittersOverTheDeadline) {
            (due + chance).min(self.deadline.max(due))
        } else {
            due + chance
        }
    }
}

impl Machine for Sketch {
    fn next(&self) -> Next {
        self.next
    }

    fn sent(&mut self, at: Duration) {
        self.left = at;
        self.polls += 1;
        self.next = if self.is(Flaw::Overlaps) {
            Next::PollAt(at + self.interval)
        } else {
            Next::InFlight
        };
    }

    fn answered(&mut self, _: &Policy, at: Duration, answer: Answer, jitter: u16) -> Next {
        if self.next != Next::Over(Because::Cancelled) {
            self.next = match self.take(answer) {
                Some(because) => Next::Over(because),
                None => self.poll_at(self.due(at, answer, jitter)),
            };
        }
        self.next
    }

    fn cancel(&mut self) {
        let over = matches!(self.next, Next::Over(_));
        if (!over && !self.is(Flaw::CannotBeCancelled)) || self.is(Flaw::ChangesItsReason) {
            self.next = Next::Over(Because::Cancelled);
        }
    }

    fn polls(&self) -> u32 {
        self.polls
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }
}
