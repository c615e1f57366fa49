//! What a session has to say until it is drained. A queue is a part of every waiting session, so its items are small: what a reply was
//! recognised as and how long a wait is are large, belong to one item of a drain, and are kept once.

use std::collections::VecDeque;
use std::time::Duration;

use pushproof_polling::{Because, Meaning};
use pushproof_report::ActResult;

use super::{CheckRef, Fact, Flight, Held, Note, Output, Stop};
use crate::dialect::{Outcomes, Recognition};

/// Outputs in their order.
#[derive(Debug)]
pub(super) struct Queue {
    items: VecDeque<Item>,
    recognition: Recognition,
}

#[derive(Clone, Copy, Debug)]
enum Item {
    Send(Flight, u16),
    Act(Flight, u16),
    Note(u16, Brief),
}

/// A [`Fact`] without what is large.
#[derive(Clone, Copy, Debug)]
enum Brief {
    Entered,
    Answered(Flight, u32),
    Judged(CheckRef, Held, Flight),
    Acted(Flight, ActResult),
    Waits,
    PollingOver(Because),
    Left,
    Stopped(Stop),
}

/// A pending poll of a dialect with a handful of conditions fits, so that it allocates nothing.
const CAPACITY: usize = 10;

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            items: VecDeque::with_capacity(CAPACITY),
            recognition: Recognition {
                outcomes: Outcomes::NONE,
                weak: Outcomes::NONE,
                near: Outcomes::NONE,
                meaning: Meaning::Broken,
                wait: None,
            },
        }
    }

    pub(super) fn send(&mut self, flight: Flight, step: u16) {
        self.items.push_back(Item::Send(flight, step));
    }

    pub(super) fn act(&mut self, flight: Flight, step: u16) {
        self.items.push_back(Item::Act(flight, step));
    }

    pub(super) fn note(&mut self, step: u16, fact: Fact) {
        let brief = match fact {
            Fact::Entered => Brief::Entered,
            Fact::Answered {
                flight,
                poll,
                recognition,
            } => {
                self.recognition = recognition;
                Brief::Answered(flight, poll)
            }
            Fact::Judged {
                check,
                held,
                flight,
            } => Brief::Judged(check, held, flight),
            Fact::Acted(flight, result) => Brief::Acted(flight, result),
            Fact::Waits { .. } => Brief::Waits,
            Fact::PollingOver(because) => Brief::PollingOver(because),
            Fact::Left => Brief::Left,
            Fact::Stopped(stop) => Brief::Stopped(stop),
        };
        self.items.push_back(Item::Note(step, brief));
    }

    /// The next output; `waits` is the wait that the session has begun, if it has.
    pub(super) fn pop(&mut self, waits: Option<(Duration, Duration)>) -> Option<Output> {
        Some(match self.items.pop_front()? {
            Item::Send(flight, step) => Output::Send(flight, step),
            Item::Act(flight, step) => Output::Act(flight, step),
            Item::Note(step, brief) => Output::Note(Note {
                step,
                fact: self.fact(brief, waits.unwrap_or_default()),
            }),
        })
    }

    fn fact(&self, brief: Brief, (from, until): (Duration, Duration)) -> Fact {
        match brief {
            Brief::Entered => Fact::Entered,
            Brief::Answered(flight, poll) => Fact::Answered {
                flight,
                poll,
                recognition: self.recognition,
            },
            Brief::Judged(check, held, flight) => Fact::Judged {
                check,
                held,
                flight,
            },
            Brief::Acted(flight, result) => Fact::Acted(flight, result),
            Brief::Waits => Fact::Waits { from, until },
            Brief::PollingOver(because) => Fact::PollingOver(because),
            Brief::Left => Fact::Left,
            Brief::Stopped(stop) => Fact::Stopped(stop),
        }
    }

    /// Bytes it holds on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.items.capacity() * std::mem::size_of::<Item>()
    }
}
