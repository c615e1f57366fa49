//! Runs any [`Machine`] over a [`History`] and yields a [`Trace`]; laws are predicates over traces.

use std::time::Duration;

use pushproof_polling::{Answer, Because, Hints, Next, Policy, Polling};

/// What the driver needs of a machine, so that a broken one can take the place of the real one.
pub(crate) trait Machine {
    fn next(&self) -> Next;
    fn sent(&mut self, at: Duration);
    fn answered(&mut self, policy: &Policy, at: Duration, answer: Answer, jitter: u16) -> Next;
    fn cancel(&mut self);
    fn polls(&self) -> u32;
    fn interval(&self) -> Duration;
    fn deadline(&self) -> Duration;
}

impl Machine for Polling {
    fn next(&self) -> Next {
        Self::next(self)
    }
    fn sent(&mut self, at: Duration) {
        Self::sent(self, at);
    }
    fn answered(&mut self, policy: &Policy, at: Duration, answer: Answer, jitter: u16) -> Next {
        Self::answered(self, policy, at, answer, jitter)
    }
    fn cancel(&mut self) {
        Self::cancel(self);
    }
    fn polls(&self) -> u32 {
        Self::polls(self)
    }
    fn interval(&self) -> Duration {
        Self::interval(self)
    }
    fn deadline(&self) -> Duration {
        Self::deadline(self)
    }
}

/// What the world does to one client.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) policy: Policy,
    pub(crate) hints: Hints,
    pub(crate) began: Duration,
    pub(crate) turns: Vec<Turn>,
    /// Repeats the turns until the machine has enough, [`POLLS_CAP`] at most.
    pub(crate) to_the_end: bool,
    pub(crate) cancel: Option<Cancel>,
}

/// One poll's fate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    /// How long after its due time the poll leaves.
    pub(crate) late: Duration,
    /// How long the answer takes.
    pub(crate) held: Duration,
    /// How far the clock steps back while the poll is in flight; then `held` does not matter.
    pub(crate) back: Duration,
    pub(crate) answer: Answer,
    pub(crate) jitter: u16,
}

/// When the caller cancels: around poll `poll`, counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cancel {
    pub(crate) poll: usize,
    pub(crate) in_flight: bool,
}

/// The bound on the driver's loop.
pub(crate) const POLLS_CAP: usize = 500;

/// What was seen from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Trace {
    pub(crate) policy: Policy,
    pub(crate) hints: Hints,
    pub(crate) began: Duration,
    pub(crate) to_the_end: bool,
    /// The interval, the deadline and the first instruction right after the beginning.
    pub(crate) interval: Duration,
    pub(crate) deadline: Duration,
    pub(crate) first: Next,
    pub(crate) polls: Vec<Poll>,
    /// What the machine said right after it was cancelled.
    pub(crate) cancelled: Option<Next>,
    /// The last word, asked twice and after a further cancel: nothing if the history ended first.
    pub(crate) last: Option<[Next; 3]>,
    pub(crate) polls_counted: u32,
}

/// One poll as seen from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Poll {
    pub(crate) due: Duration,
    pub(crate) left: Duration,
    /// When the machine was told that the answer came: before it left, if the clock stepped back.
    pub(crate) told: Duration,
    pub(crate) answer: Answer,
    pub(crate) jitter: u16,
    /// What the machine said while the poll was in flight.
    pub(crate) meanwhile: Next,
    /// The interval in force before and after the answer.
    pub(crate) before: Duration,
    pub(crate) after: Duration,
    /// What the machine said to the answer, and when asked right after.
    pub(crate) next: Next,
    pub(crate) asked: Next,
}

impl Poll {
    /// When the answer came, by a clock that does not step back.
    pub(crate) fn came(&self) -> Duration {
        self.told.max(self.left)
    }

    /// When the next poll is due, if there is to be one.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        match self.next {
            Next::PollAt(due) => Some(due),
            Next::InFlight | Next::Over(_) => None,
        }
    }
}

impl Trace {
    /// Why it ended, unless the history ended first.
    pub(crate) fn end(&self) -> Option<Because> {
        match self.last {
            Some([Next::Over(because), ..]) => Some(because),
            _ => None,
        }
    }
}

pub(crate) fn run(
    make: impl FnOnce(&Policy, Duration, Hints) -> Box<dyn Machine>,
    history: &History,
) -> Trace {
    let mut machine = make(&history.policy, history.began, history.hints);
    let mut trace = Trace {
        policy: history.policy.clone(),
        hints: history.hints,
        began: history.began,
        to_the_end: history.to_the_end,
        interval: machine.interval(),
        deadline: machine.deadline(),
        first: machine.next(),
        polls: Vec::new(),
        cancelled: None,
        last: None,
        polls_counted: 0,
    };
    let n_turns = if history.to_the_end {
        POLLS_CAP
    } else {
        history.turns.len()
    };
    for (i, turn) in history.turns.iter().cycle().take(n_turns).enumerate() {
        let cancel = history.cancel.filter(|cancel| cancel.poll == i);
        if cancel.is_some_and(|cancel| !cancel.in_flight) {
            machine.cancel();
            trace.cancelled = Some(machine.next());
        }
        let Next::PollAt(due) = machine.next() else {
            break;
        };
        let (poll, cancelled) = one_poll(
            machine.as_mut(),
            &history.policy,
            turn,
            due,
            cancel.is_some(),
        );
        trace.polls.push(poll);
        trace.cancelled = trace.cancelled.or(cancelled);
    }
    if let Next::Over(_) = machine.next() {
        let asked = [machine.next(), machine.next()];
        machine.cancel();
        trace.last = Some([asked[0], asked[1], machine.next()]);
    }
    trace.polls_counted = machine.polls();
    trace
}

fn one_poll(
    machine: &mut dyn Machine,
    policy: &Policy,
    turn: &Turn,
    due: Duration,
    cancel: bool,
) -> (Poll, Option<Next>) {
    let left = due + turn.late;
    let told = if turn.back.is_zero() {
        left + turn.held
    } else {
        left.saturating_sub(turn.back)
    };
    machine.sent(left);
    let (meanwhile, before) = (machine.next(), machine.interval());
    let cancelled = cancel.then(|| {
        machine.cancel();
        machine.next()
    });
    let next = machine.answered(policy, told, turn.answer, turn.jitter);
    let (asked, after) = (machine.next(), machine.interval());
    let poll = Poll {
        due,
        left,
        told,
        answer: turn.answer,
        jitter: turn.jitter,
        meanwhile,
        before,
        after,
        next,
        asked,
    };
    (poll, cancelled)
}
