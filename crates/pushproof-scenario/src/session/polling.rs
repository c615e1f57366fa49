//! The poll step: the polling machine decides when, the pattern decides what may be seen, the phones act in between.

use std::sync::Arc;
use std::time::Duration;

use pushproof_polling::{Answer as PollAnswer, Because, Hints, Meaning, Next, Polling};

use super::judge::ParseWhen;
use super::{Answer, CheckRef, Fact, Flight, Held, MAIN_LANE, Output, Reply, Session, State, Stop};
use crate::ast::{ActExpect, Settles};
use crate::pattern::Live;
use crate::program::{Action, Poll, Trigger};

/// Where a poll step stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct PollState {
    polling: Polling,
    live: Live,
    began: Duration,
    /// The poll in flight, or the last one.
    flight: Flight,
    /// One bit for each action: begun, answered.
    fired: u32,
    answered: u32,
    /// Polls sent, and the time, when the last decision was acknowledged.
    decided: Option<(u32, Duration)>,
    /// A reply was only tolerated.
    weakly: bool,
    /// Polling is over; actions in flight are waited for.
    ending: Option<Because>,
}

impl PollState {
    pub(super) fn waits_for(&self, flight: Flight) -> bool {
        self.polling.next() == Next::InFlight && self.flight == flight
    }

    /// The first poll waits for the actions that come before it.
    fn is_held(&self, poll: &Poll) -> bool {
        let before = |(at, _): &(usize, _)| self.fired & !self.answered & (1 << at) != 0;
        let mut early = poll
            .meanwhile
            .iter()
            .enumerate()
            .filter(|(_, one)| one.trigger == Trigger::AfterPoll(0));
        early.any(|early| before(&early))
    }

    fn acts_in_flight(&self) -> bool {
        self.fired & !self.answered != 0
    }

    /// The instant at which there is something to do.
    pub(super) fn wakes_at(&self, poll: &Poll) -> Duration {
        let next = match self.polling.next() {
            Next::PollAt(at) if self.ending.is_none() && !self.is_held(poll) => at,
            Next::PollAt(_) | Next::InFlight | Next::Over(_) => Duration::MAX,
        };
        let timed = poll
            .meanwhile
            .iter()
            .enumerate()
            .filter_map(|(at, one)| match one.trigger {
                Trigger::At(time) if self.fired & (1 << at) == 0 && self.ending.is_none() => {
                    Some(self.began + time)
                }
                Trigger::At(_) | Trigger::AfterPoll(_) => None,
            });
        timed.fold(next, Duration::min)
    }
}

impl Session {
    pub(super) fn poll_plan(&self) -> &Poll {
        match &self.program.steps[self.position()].action {
            Action::Poll(poll) => poll,
            Action::Call { .. } | Action::Wait { .. } | Action::Device { .. } => {
                unreachable!("a session polls only in a poll step")
            }
        }
    }

    pub(super) fn begin_poll(&mut self, poll: &Poll, at: Duration) {
        let since = at.saturating_sub(self.hints_at);
        let hints = if poll.follows_hints {
            let left = |expires: Duration| expires.saturating_sub(since);
            Hints {
                interval: self.hints.interval,
                expires_in: self.hints.expires_in.map(left),
            }
        } else {
            Hints::default()
        };
        self.state = State::Polling(PollState {
            polling: Polling::begin(&poll.policy, at, hints),
            live: poll.pattern.start(),
            began: at,
            flight: Flight {
                number: 0,
                lane: MAIN_LANE,
            },
            fired: 0,
            answered: 0,
            decided: None,
            weakly: false,
            ending: None,
        });
        self.fire(poll, at);
        self.advance_poll(poll, at);
    }

    fn poll_state(&mut self) -> Option<&mut PollState> {
        match &mut self.state {
            State::Polling(state) => Some(state),
            State::Calling(_) | State::Waiting(_) | State::Acting(_) | State::Over => None,
        }
    }

    /// Begins the actions whose moment has come.
    fn fire(&mut self, poll: &Poll, at: Duration) {
        for (position, one) in poll.meanwhile.iter().enumerate() {
            let Some(state) = self.poll_state() else {
                return;
            };
            let due = match one.trigger {
                Trigger::AfterPoll(polls) => polls == state.polling.polls(),
                Trigger::At(time) => at >= state.began + time,
            };
            if due && state.fired & (1 << position) == 0 {
                state.fired |= 1 << position;
                let lane =
                    u8::try_from(position).expect("the compiler bounds the actions of a step");
                let flight = self.flight(lane);
                self.outputs.push_back(Output::Act(flight, self.step));
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
        match state.polling.next() {
            Next::PollAt(due) if state.ending.is_none() && at >= due && !state.is_held(poll) => {
                let flight = Flight {
                    number,
                    lane: MAIN_LANE,
                };
                state.polling.sent(at);
                state.flight = flight;
                self.number = number;
                self.outputs.push_back(Output::Send(flight, step));
            }
            Next::Over(because) if state.ending.is_none() => self.end_poll(poll, at, because),
            Next::PollAt(_) | Next::InFlight | Next::Over(_) => {}
        }
    }

    pub(super) fn poll_woken(&mut self, at: Duration) {
        let program = Arc::clone(&self.program);
        let Action::Poll(poll) = &program.steps[self.position()].action else {
            return;
        };
        let timed = poll
            .meanwhile
            .iter()
            .any(|one| matches!(one.trigger, Trigger::At(_)));
        if timed
            && self
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
        let jitter = self.chance.u16(..);
        let Some(state) = self.poll_state() else {
            return;
        };
        let number = state.polling.polls();
        let answer = PollAnswer {
            meaning: recognition.meaning,
            wait: recognition.wait,
        };
        let next = state.polling.answered(&poll.policy, at, answer, jitter);
        let strict = poll
            .pattern
            .advance(state.live, recognition.outcomes.without(recognition.weak));
        let live = poll.pattern.advance(state.live, recognition.outcomes);
        state.weakly |= strict.is_dead() && !live.is_dead();
        state.live = live;
        let decided = state.decided;
        self.note(Fact::Answered {
            flight,
            poll: number,
            recognition,
        });
        let over = match next {
            Next::Over(because) => Some(because),
            Next::PollAt(_) | Next::InFlight => {
                poll.pattern.is_complete(live).then_some(Because::Final)
            }
        };
        let json = serde_json::Value::parse_when(
            over.is_some() || self.looks_into_body(&poll.exchange),
            reply.body,
        );
        self.judge_always(
            &poll.exchange,
            recognition.outcomes,
            flight,
            reply,
            json.as_ref(),
        );
        if live.is_dead() {
            self.note(Fact::Judged {
                check: CheckRef::Outcomes,
                held: Held::No,
                flight,
            });
            return self.stop(Stop::Breached);
        }
        // With `insist` a decision shows again and again; only the first answers after it are bound.
        if !poll.policy.insist && self.is_late(poll, decided, number, at, recognition.meaning) {
            self.note(Fact::Judged {
                check: CheckRef::Settles,
                held: Held::No,
                flight,
            });
            return self.stop(Stop::Breached);
        }
        if over.is_none() {
            self.fire(poll, at);
        }
        match over {
            // A reply that ends the step fulfils its pattern, or the step ends in a breach and nobody looks into the reply.
            Some(because) if poll.pattern.accepts(live) && because != Because::Failures => {
                match self.examine(&poll.exchange, flight, reply, json.as_ref()) {
                    Ok(()) => self.end_poll(poll, at, because),
                    Err(stop) => {
                        self.note(Fact::Judged {
                            check: CheckRef::Outcomes,
                            held: Held::Yes,
                            flight,
                        });
                        self.stop(stop);
                    }
                }
            }
            Some(because) => self.end_poll(poll, at, because),
            None => self.advance_poll(poll, at),
        }
    }

    /// Whether this answer comes too late to be still undecided.
    fn is_late(
        &self,
        poll: &Poll,
        decided: Option<(u32, Duration)>,
        number: u32,
        at: Duration,
        meaning: Meaning,
    ) -> bool {
        let (Some((settles, _)), Some((polls, since))) = (poll.settles, decided) else {
            return false;
        };
        let undecided = meaning != Meaning::Final;
        match settles {
            Settles::Polls(most) => {
                let sent = number.saturating_sub(polls);
                sent > most || (undecided && sent >= most)
            }
            Settles::Time(most) => at.saturating_sub(since) > most,
        }
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
        state.polling.answered(
            &poll.policy,
            at,
            PollAnswer {
                meaning,
                wait: None,
            },
            jitter,
        );
        if state.polling.next() == Next::Over(Because::Failures) {
            return self.stop(Stop::Unanswered(flight));
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
        state.answered |= 1 << position;
        if let Answer::Acknowledged(_) = answer {
            state.decided = Some((state.polling.polls(), at));
        }
        self.note(Fact::Acted(flight, answer.kind()));
        if let Answer::Unavailable = answer {
            return self.stop(Stop::Device(flight));
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
            return self.stop(Stop::Breached);
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
        if state.acts_in_flight() {
            state.ending = Some(because);
            return;
        }
        let (flight, weakly, decided) = (state.flight, state.weakly, state.decided);
        let accepted = poll.pattern.accepts(state.live);
        self.note(Fact::PollingOver(because));
        if because == Because::Failures && !accepted {
            return self.stop(Stop::Unanswered(flight));
        }
        let held = match (accepted, weakly) {
            (true, false) => Held::Yes,
            (true, true) => Held::Weakly,
            (false, _) => Held::No,
        };
        self.note(Fact::Judged {
            check: CheckRef::Outcomes,
            held,
            flight,
        });
        if held == Held::No {
            return self.stop(Stop::Breached);
        }
        if poll.settles.is_some() && decided.is_some() {
            self.note(Fact::Judged {
                check: CheckRef::Settles,
                held: Held::Yes,
                flight,
            });
        }
        self.leave(at);
    }
}
