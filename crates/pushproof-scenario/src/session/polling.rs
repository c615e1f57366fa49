//! The poll step: the polling machine decides when, the pattern decides what may be seen, the phones act in between.

use std::sync::Arc;
use std::time::Duration;

use pushproof_polling::{Answer as PollAnswer, Because, Hints, Meaning, Next, Polling};

use super::judge::LazyJson;
use super::{Answer, CheckRef, Fact, Flight, Held, MAIN_LANE, Reply, Session, State, Stop};
use crate::ast::{ActExpect, Settles};
use crate::dialect::Recognition;
use crate::pattern::Live;
use crate::program::{Action, Poll, Trigger};

/// Where a poll step stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct PollState {
    /// Reckons without `lost_time`: `give_up_after` bounds the waits of the protocol, not what requests and phones take.
    polling: Polling,
    live: Live,
    began: Short,
    /// What replies, phones and late wakings have taken.
    lost_time: Short,
    /// No poll leaves after this, whatever was lost.
    end: Short,
    /// The poll in flight, or the last one, and when it left.
    flight: Flight,
    sent_at: Short,
    /// How many polls were answered.
    answers: u32,
    /// A poll brought no reply, so the outcomes that were seen are not all there were.
    lost: bool,
    /// One bit for each action: begun, answered.
    fired: u32,
    acted: u32,
    /// The last flight before this step; older answers are not for it.
    older: u32,
    decision: Option<Decision>,
    /// The first reply that was only tolerated.
    weak: Option<Flight>,
    /// Polling is over; actions in flight are waited for.
    ending: Option<Because>,
    /// An action that ended only then.
    late: Option<Flight>,
    /// It was over because of what was lost.
    ran_out: bool,
    /// Chooses the moments that a step leaves to chance.
    chance: u64,
}

/// An instant or a length of time in half the room of a [`Duration`], since a hundred thousand sessions keep several: nanoseconds, for up to
/// 584 years.
#[derive(Clone, Copy, Debug)]
struct Short(u64);

impl Short {
    fn of(time: Duration) -> Self {
        Self(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
    }

    const fn get(self) -> Duration {
        Duration::from_nanos(self.0)
    }
}

/// A phone's decision that the endpoint has taken.
#[derive(Clone, Copy, Debug)]
struct Decision {
    /// Polls sent until then.
    polls: u32,
    at: Short,
    /// An answer has shown it.
    shown: bool,
}

impl PollState {
    fn begin(poll: &Poll, at: Duration, hints: Hints, life: Duration, own: (u32, u64)) -> Self {
        let limit = poll.policy.deadline;
        let limit = hints.expires_in.map_or(limit, |life| life.min(limit));
        let (older, chance) = own;
        Self {
            polling: Polling::begin(&poll.policy, at, hints),
            live: poll.pattern.start(),
            began: Short::of(at),
            lost_time: Short::of(Duration::ZERO),
            // What is polled for must not run out meanwhile.
            end: Short::of(at.saturating_add(limit.max(life / 2))),
            flight: Flight {
                number: 0,
                lane: MAIN_LANE,
            },
            sent_at: Short::of(at),
            answers: 0,
            lost: false,
            fired: 0,
            acted: 0,
            older,
            decision: None,
            weak: None,
            ending: None,
            late: None,
            ran_out: false,
            chance,
        }
    }

    /// The moment of an action that has one.
    fn moment(&self, position: usize, trigger: Trigger) -> Option<Duration> {
        let after = match trigger {
            Trigger::AfterPoll(_) => return None,
            Trigger::At(time) => time,
            Trigger::Between(first, last) => {
                let seed = self.chance.wrapping_add(position as u64);
                let part = fastrand::Rng::with_seed(seed).f64();
                first.saturating_add(last.saturating_sub(first).mul_f64(part))
            }
        };
        Some(self.began.get().saturating_add(after))
    }

    pub(super) fn waits_for(&self, flight: Flight) -> bool {
        self.polling.next() == Next::InFlight && self.flight == flight
    }

    /// Whether this action was begun in this step and has not ended.
    pub(super) fn waits_for_act(&self, flight: Flight) -> bool {
        flight.number > self.older && self.acts_in_flight() & (1 << flight.lane) != 0
    }

    fn acts_in_flight(&self) -> u32 {
        self.fired & !self.acted
    }

    /// A poll waits for the actions that come before it: what a slow phone has not decided yet cannot be seen.
    fn is_held(&self, poll: &Poll) -> bool {
        let in_flight = self.acts_in_flight();
        let mut actions = poll.meanwhile.iter().enumerate();
        let comes_before = |trigger| matches!(trigger, Trigger::AfterPoll(_));
        in_flight != 0
            && actions.any(|(at, one)| comes_before(one.trigger) && in_flight & (1 << at) != 0)
    }

    /// When the next poll is due, if there is one.
    fn due(&self) -> Option<Duration> {
        match self.polling.next() {
            Next::PollAt(at) => Some(at.saturating_add(self.lost_time.get())),
            Next::InFlight | Next::Over(_) => None,
        }
    }

    fn lose(&mut self, time: Duration) {
        self.lost_time = Short::of(self.lost_time.get().saturating_add(time));
    }

    /// A poll leaves.
    fn sent(&mut self, at: Duration, flight: Flight) {
        let late = self
            .due()
            .map_or(Duration::ZERO, |due| at.saturating_sub(due));
        self.lose(late);
        self.polling.sent(at.saturating_sub(self.lost_time.get()));
        (self.flight, self.sent_at) = (flight, Short::of(at));
    }

    /// A poll was answered. A reply that an endpoint holds until there is news takes time on purpose, and silence is not excused.
    fn answered(&mut self, poll: &Poll, at: Duration, answer: PollAnswer, jitter: u16) -> Next {
        if !poll.policy.long_poll && answer.meaning != Meaning::TimedOut {
            self.lose(at.saturating_sub(self.sent_at.get()));
        }
        let at = at.saturating_sub(self.lost_time.get());
        let next = self.polling.answered(&poll.policy, at, answer, jitter);
        self.ran_out = self.due().is_some_and(|due| due > self.end.get());
        if self.ran_out {
            Next::Over(Because::Deadline)
        } else {
            next
        }
    }

    /// The instant at which there is something to do.
    pub(super) fn wakes_at(&self, poll: &Poll) -> Duration {
        if self.ending.is_some() {
            return Duration::MAX;
        }
        let due = self.due().filter(|_| !self.is_held(poll));
        let next = due.unwrap_or(Duration::MAX);
        let timed = poll
            .meanwhile
            .iter()
            .enumerate()
            .filter(|(at, _)| self.fired & (1 << at) == 0)
            .filter_map(|(at, one)| self.moment(at, one.trigger));
        timed.fold(next, Duration::min)
    }

    /// Follows the pattern by one reply.
    fn follow(&mut self, poll: &Poll, flight: Flight, recognition: Recognition) {
        let firm = recognition.outcomes.without(recognition.weak);
        let firmly = poll.pattern.advance(self.live, firm);
        self.live = poll.pattern.advance(self.live, recognition.outcomes);
        if firmly.is_dead() && !self.live.is_dead() {
            self.weak = self.weak.or(Some(flight));
        }
        self.answers += 1;
    }

    /// Whether an acknowledged decision should have shown in this reply and did not. Once it has shown, it is settled.
    ///
    /// Polls count when they are sent after the decision. A time counts for what could have been known by then: a final answer to a
    /// poll that was sent after it says nothing against the endpoint, because nobody asked earlier.
    fn is_late(&mut self, settles: Option<Settles>, at: Duration, meaning: Meaning) -> bool {
        let (Some(settles), Some(decision)) = (settles, &mut self.decision) else {
            return false;
        };
        if decision.shown {
            return false;
        }
        let is_final = meaning == Meaning::Final;
        decision.shown = is_final;
        match settles {
            Settles::Polls(most) => {
                let sent = self.polling.polls().saturating_sub(decision.polls);
                !is_final && sent >= most
            }
            Settles::Time(most) => {
                let until = decision.at.get().saturating_add(most);
                at > until && !(is_final && self.sent_at.get() > until)
            }
        }
    }
}

impl Session {
    pub(super) fn poll_plan(&self) -> &Poll {
        match &self.program.steps[self.position()].action {
            Action::Poll(poll) => poll,
            _ => {
                unreachable!("a session polls only in a poll step")
            }
        }
    }

    /// How long what is polled for lives, as far as anybody says.
    fn life(&self, hints: Hints) -> Duration {
        let told = hints
            .expires_in
            .unwrap_or(self.program.dialect.poll.expires);
        let declared = self.environment.lifetimes.values();
        declared.copied().fold(told, Duration::min)
    }

    pub(super) fn begin_poll(&mut self, poll: &Poll, at: Duration) {
        let hints = self.hints_for(poll, at);
        let chance = self.chance.u64(..);
        let own = (self.number, chance);
        let state = PollState::begin(poll, at, hints, self.life(hints), own);
        self.state = State::Polling(state);
        self.fire(poll, at);
        self.advance_poll(poll, at);
    }

    fn poll_state(&mut self) -> Option<&mut PollState> {
        match &mut self.state {
            State::Polling(state) => Some(state),
            State::Calling(_)
            | State::Many(_)
            | State::Waiting { .. }
            | State::Acting(_)
            | State::Over => None,
        }
    }

    /// Begins the actions whose moment has come.
    fn fire(&mut self, poll: &Poll, at: Duration) {
        for (position, one) in poll.meanwhile.iter().enumerate() {
            let Some(state) = self.poll_state() else {
                return;
            };
            let due = match one.trigger {
                Trigger::AfterPoll(polls) => state.answers >= polls,
                timed => state.moment(position, timed).is_some_and(|due| at >= due),
            };
            if due && state.fired & (1 << position) == 0 {
                state.fired |= 1 << position;
                let lane =
                    u8::try_from(position).expect("the compiler bounds the actions of a step");
                let flight = self.flight(lane);
                self.outputs.act(flight, self.step);
            }
        }
    }

    /// Sends the next poll if it is due and nothing holds it, or ends the step.
    fn advance_poll(&mut self, poll: &Poll, at: Duration) {
        let step = self.step;
        let number = self.number + 1;
        let Some(state) = self.poll_state() else {
            return;
        };
        if state.ending.is_some() {
            return;
        }
        match (state.polling.next(), state.due()) {
            (Next::Over(because), _) => self.end_poll(poll, at, because),
            (Next::PollAt(_), Some(_)) if state.is_held(poll) => {}
            (Next::PollAt(_), Some(due)) if due.max(at) > state.end.get() => {
                state.ran_out = true;
                self.end_poll(poll, at, Because::Deadline)
            }
            (Next::PollAt(_), Some(due)) if at >= due => {
                let flight = Flight {
                    number,
                    lane: MAIN_LANE,
                };
                state.sent(at, flight);
                self.number = number;
                self.outputs.send(flight, step);
            }
            (Next::PollAt(_) | Next::InFlight, _) => {}
        }
    }

    pub(super) fn poll_woken(&mut self, at: Duration) {
        let program = Arc::clone(&self.program);
        let Action::Poll(poll) = &program.steps[self.position()].action else {
            return;
        };
        if self
            .poll_state()
            .is_some_and(|state| state.ending.is_none())
        {
            self.fire(poll, at);
        }
        self.advance_poll(poll, at);
    }

    pub(super) fn poll_replied(&mut self, at: Duration, flight: Flight, reply: &Reply<'_>) {
        let program = Arc::clone(&self.program);
        let Action::Poll(poll) = &program.steps[self.position()].action else {
            return;
        };
        let recognition = self.recognise(&poll.exchange, reply);
        self.heed(at, recognition);
        let jitter = self.chance.u16(..);
        let Some(state) = self.poll_state() else {
            return;
        };
        let answer = PollAnswer {
            meaning: recognition.meaning,
            wait: recognition.wait,
        };
        let next = state.answered(poll, at, answer, jitter);
        state.follow(poll, flight, recognition);
        let late = state.is_late(poll.settles.map(|(settles, _)| settles), at, answer.meaning);
        let (number, live) = (state.polling.polls(), state.live);
        let (lost, weak) = (state.lost, state.weak);
        self.note(Fact::Answered {
            flight,
            poll: number,
            recognition,
        });
        let json = LazyJson::new(reply.body);
        self.judge_always(&poll.exchange, recognition.outcomes, flight, reply, &json);
        if live.is_dead() {
            // What was lost may have been what is missing, but a reply that fits nowhere is wrong in any case.
            if lost && poll.pattern.outcomes().meets(recognition.outcomes) {
                return self.stop(at, Stop::Unanswered(flight));
            }
            return self.breach(at, CheckRef::Outcomes, flight);
        }
        if late {
            return self.breach(at, CheckRef::Settles, flight);
        }
        let over = match next {
            Next::Over(because) => because,
            Next::PollAt(_) | Next::InFlight if poll.pattern.is_complete(live) => {
                if answer.meaning == Meaning::Final {
                    Because::Final
                } else {
                    Because::Polls
                }
            }
            Next::PollAt(_) | Next::InFlight => {
                self.fire(poll, at);
                return self.advance_poll(poll, at);
            }
        };
        // A reply that ends the step fulfils its pattern, or the step ends in a breach and nobody looks into the reply.
        if poll.pattern.accepts(live)
            && over != Because::Failures
            && let Err(stop) = self.examine(&poll.exchange, flight, reply, &json)
        {
            self.outcomes_held(weak, flight);
            return self.stop(at, stop);
        }
        self.end_poll(poll, at, over);
    }

    fn breach(&mut self, at: Duration, check: CheckRef, flight: Flight) {
        self.note(Fact::Judged {
            check,
            held: Held::No,
            flight,
        });
        self.stop(at, Stop::Breached);
    }

    pub(super) fn poll_failed(&mut self, at: Duration, flight: Flight, timed_out: bool) {
        let program = Arc::clone(&self.program);
        let Action::Poll(poll) = &program.steps[self.position()].action else {
            return;
        };
        let jitter = self.chance.u16(..);
        let meaning = if timed_out {
            Meaning::TimedOut
        } else {
            Meaning::Broken
        };
        let Some(state) = self.poll_state() else {
            return;
        };
        state.lost = true;
        let answer = PollAnswer {
            meaning,
            wait: None,
        };
        let next = state.answered(poll, at, answer, jitter);
        if next == Next::Over(Because::Failures) {
            return self.stop(at, Stop::Unanswered(flight));
        }
        self.advance_poll(poll, at);
    }

    pub(super) fn meanwhile_acted(&mut self, at: Duration, flight: Flight, answer: Answer<'_>) {
        let program = Arc::clone(&self.program);
        let Action::Poll(poll) = &program.steps[self.position()].action else {
            return;
        };
        let position = usize::from(flight.lane);
        let (Some(one), Some(state)) = (poll.meanwhile.get(position), self.poll_state()) else {
            return;
        };
        state.acted |= 1 << position;
        if state.ending.is_some() {
            state.late = Some(flight);
        }
        if matches!(answer, Answer::Acknowledged(_)) && one.act.decides() {
            let polls = state.polling.polls();
            state.decision = Some(Decision {
                polls,
                at: Short::of(at),
                shown: false,
            });
        }
        self.note(Fact::Acted(flight, answer.kind()));
        if let Answer::Unavailable = answer {
            return self.stop(at, Stop::Device(flight));
        }
        let held = Held::of(answer.fits(one.expect));
        if one.expect != ActExpect::Acknowledged || held == Held::No || !one.covers.is_empty() {
            let check = CheckRef::Meanwhile(flight.lane);
            self.note(Fact::Judged {
                check,
                held,
                flight,
            });
        }
        if held == Held::No {
            return self.stop(at, Stop::Breached);
        }
        match self.poll_state().and_then(|state| state.ending) {
            Some(because) => self.end_poll(poll, at, because),
            None => self.advance_poll(poll, at),
        }
    }

    /// Concludes the step, once nothing is in flight.
    fn end_poll(&mut self, poll: &Poll, at: Duration, because: Because) {
        let Some(state) = self.poll_state() else {
            return;
        };
        if state.acts_in_flight() != 0 {
            state.ending = Some(because);
            return;
        }
        let state = *state;
        let flight = state.flight;
        self.note(Fact::PollingOver(because));
        if !poll.pattern.accepts(state.live) {
            // Nobody is accused of what was never asked, or of an answer that was lost.
            let unseen = state.lost || state.answers == 0 || because == Because::Failures;
            return if unseen {
                self.stop(at, Stop::Unanswered(flight))
            } else if let Some(act) = state.late {
                self.stop(at, Stop::Late(act))
            } else if state.ran_out {
                let lost_ms = u32::try_from(state.lost_time.get().as_millis()).unwrap_or(u32::MAX);
                self.stop(at, Stop::RanOut { lost_ms })
            } else {
                self.breach(at, CheckRef::Outcomes, flight)
            };
        }
        self.outcomes_held(state.weak, flight);
        if poll.settles.is_some() && state.decision.is_some_and(|decision| decision.shown) {
            self.note(Fact::Judged {
                check: CheckRef::Settles,
                held: Held::Yes,
                flight,
            });
        }
        self.leave(at);
    }

    /// A tolerated reply is the one that the warning is about.
    fn outcomes_held(&mut self, weak: Option<Flight>, flight: Flight) {
        let held = match weak {
            None => Held::Yes,
            Some(_) => Held::Weakly,
        };
        self.note(Fact::Judged {
            check: CheckRef::Outcomes,
            held,
            flight: weak.unwrap_or(flight),
        });
    }
}
