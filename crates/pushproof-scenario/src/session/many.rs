//! Several requests in flight at the same moment: one call many times, or calls that stand beside one another.
//!
//! Every reply is waited for, whatever the first ones say: what was sent may do something, and a race is judged by all who ran.

use std::sync::Arc;
use std::time::Duration;

use super::judge::LazyJson;
use super::{CheckRef, Fact, Flight, Held, MAIN_LANE, Reply, Session, State, Stop};
use crate::dialect::Recognition;
use crate::program::{Action, AtOnce};

/// Where such a step stands.
#[derive(Debug)]
pub(super) struct Many {
    /// What is waited for, and which step it belongs to.
    waiting: Vec<(Flight, u16)>,
    /// How many replies each count has got.
    seen: Vec<u32>,
    /// The first reply that is wrong in itself, or one too many.
    wrong: Option<Flight>,
    /// The first reply that is only tolerated.
    weak: Option<Flight>,
    /// The first request without a reply.
    lost: Option<Flight>,
    /// The last reply.
    last: Option<Flight>,
    /// Why the case ends here, and at which step.
    stop: Option<(u16, Stop)>,
    /// The last of the steps that run together.
    end: u16,
}

impl Many {
    fn new(counts: usize, end: u16) -> Self {
        Self {
            waiting: Vec::new(),
            seen: vec![0; counts],
            wrong: None,
            weak: None,
            lost: None,
            last: None,
            stop: None,
            end,
        }
    }

    pub(super) fn waits_for(&self, flight: Flight) -> bool {
        self.waiting.iter().any(|(waited, _)| *waited == flight)
    }

    fn land(&mut self, flight: Flight) -> Option<u16> {
        let at = self
            .waiting
            .iter()
            .position(|(waited, _)| *waited == flight)?;
        Some(self.waiting.remove(at).1)
    }

    /// Counts one reply of a race.
    fn count(&mut self, race: &AtOnce, flight: Flight, recognition: Recognition) {
        self.last = Some(flight);
        let mut counted = false;
        for (count, seen) in race.counts.iter().zip(&mut self.seen) {
            if recognition.outcomes.meets(count.outcome) {
                counted = true;
                *seen += 1;
                if count.at_most.is_some_and(|most| *seen > most) {
                    self.wrong = self.wrong.or(Some(flight));
                }
            }
        }
        if counted {
            return;
        }
        match race.others.held(recognition) {
            Held::Yes | Held::Absent => {}
            Held::Weakly => self.weak = self.weak.or(Some(flight)),
            Held::No => self.wrong = self.wrong.or(Some(flight)),
            // So only values are called, and this is about outcomes.
            Held::Unknown => {}
        }
    }

    /// Whether a count has got fewer than it must have.
    fn is_short(&self, race: &AtOnce) -> bool {
        let mut counts = race.counts.iter().zip(&self.seen);
        counts.any(|(count, seen)| *seen < count.at_least)
    }
}

impl Session {
    /// Sends one call many times.
    pub(super) fn begin_race(&mut self, race: &AtOnce) {
        let step = self.step;
        let mut many = Many::new(race.counts.len(), step);
        for _ in 0..race.times {
            let flight = self.flight(MAIN_LANE);
            self.outputs.send(flight, step);
            many.waiting.push((flight, step));
        }
        self.state = State::Many(Box::new(many));
    }

    /// Sends a call and those beside it.
    pub(super) fn begin_together(&mut self, first: u16, beside: usize) {
        let end = first.saturating_add(u16::try_from(beside).unwrap_or(u16::MAX));
        let mut many = Many::new(0, end);
        for step in first..=end {
            self.step = step;
            if step > first {
                self.note(Fact::Entered);
            }
            let flight = self.flight(MAIN_LANE);
            self.outputs.send(flight, step);
            many.waiting.push((flight, step));
        }
        self.state = State::Many(Box::new(many));
    }

    fn many(&mut self) -> Option<&mut Many> {
        match &mut self.state {
            State::Many(many) => Some(many),
            _ => None,
        }
    }

    pub(super) fn many_replied(&mut self, at: Duration, flight: Flight, reply: &Reply<'_>) {
        let program = Arc::clone(&self.program);
        let Some(step) = self.many().and_then(|many| many.land(flight)) else {
            return;
        };
        self.step = step;
        match &program.steps[usize::from(step)].action {
            Action::AtOnce(race) => {
                let recognition = self.recognise(&race.exchange, reply);
                self.heed(at, recognition);
                self.note(Fact::Answered {
                    flight,
                    poll: 0,
                    recognition,
                });
                let json = LazyJson::new(reply.body);
                self.judge_always(&race.exchange, recognition.outcomes, flight, reply, &json);
                if let Some(many) = self.many() {
                    many.count(race, flight, recognition);
                }
            }
            Action::Call { exchange, expect } => {
                if let Err(stop) = self.judge_call(at, exchange, *expect, flight, reply)
                    && let Some(many) = self.many()
                {
                    many.stop.get_or_insert((step, stop));
                }
            }
            _ => {}
        }
        self.end_many(at);
    }

    pub(super) fn many_failed(&mut self, at: Duration, flight: Flight) {
        let Some(many) = self.many() else { return };
        let Some(step) = many.land(flight) else {
            return;
        };
        many.lost = many.lost.or(Some(flight));
        let action = &self.program.steps[usize::from(step)].action;
        let is_call = matches!(action, Action::Call { .. });
        if let Some(many) = self.many().filter(|_| is_call) {
            many.stop.get_or_insert((step, Stop::Transport(flight)));
        }
        self.end_many(at);
    }

    /// Concludes once every request has come back.
    fn end_many(&mut self, at: Duration) {
        let Some(many) = self.many().filter(|many| many.waiting.is_empty()) else {
            return;
        };
        let (end, stop) = (many.end, many.stop);
        if let Some((step, stop)) = stop {
            self.step = step;
            return self.stop_at(at, stop, end);
        }
        let program = Arc::clone(&self.program);
        if let Action::AtOnce(race) = &program.steps[usize::from(end)].action {
            self.step = end;
            if let Err(stop) = self.judge_race(race) {
                return self.stop_at(at, stop, end);
            }
        }
        self.step = end;
        self.leave(at);
    }

    fn judge_race(&mut self, race: &AtOnce) -> Result<(), Stop> {
        let Some(many) = self.many() else {
            return Ok(());
        };
        let short = many.is_short(race);
        let (wrong, lost, weak) = (many.wrong, many.lost, many.weak);
        // What was lost may have been what is missing; what is wrong is wrong in any case.
        if let (None, Some(lost)) = (wrong, lost) {
            return Err(Stop::Transport(lost));
        }
        let Some(flight) = wrong.or(weak).or(many.last) else {
            return Ok(());
        };
        let held = match (wrong.is_some() || short, weak) {
            (true, _) => Held::No,
            (false, Some(_)) => Held::Weakly,
            (false, None) => Held::Yes,
        };
        self.note(Fact::Judged {
            check: CheckRef::Expect,
            held,
            flight,
        });
        if held == Held::No {
            return Err(Stop::Breached);
        }
        Ok(())
    }
}
