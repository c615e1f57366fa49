//! What a session says of its work: small `Copy` values. A runner makes events with evidence of them, a load generator counts them.

use std::time::Duration;

use pushproof_polling::Because;
use pushproof_report::ActResult;

use super::Flight;
use crate::dialect::Recognition;

/// One fact about one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// The step's position in the program.
    pub step: u16,
    /// What.
    pub fact: Fact,
}

/// What a [`Note`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The step began.
    Entered,
    /// A reply was recognised.
    Answered {
        /// What had been sent.
        flight: Flight,
        /// 1 for the first poll of a step, 0 for a call.
        poll: u32,
        /// What the reply is.
        recognition: Recognition,
    },
    /// A check was decided.
    Judged {
        /// Which.
        check: CheckRef,
        /// Whether it held.
        held: Held,
        /// The exchange or action it rests on.
        flight: Flight,
    },
    /// A device's action ended.
    Acted(Flight, ActResult),
    /// Nothing happens for a time, on purpose.
    Waits {
        /// From.
        from: Duration,
        /// Until.
        until: Duration,
    },
    /// Polling ended.
    PollingOver(Because),
    /// The step succeeded.
    Left,
    /// The case ends here.
    Stopped(Stop),
}

/// Which check of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckRef {
    /// `expect` of a call or device step.
    Expect,
    /// `outcomes` of a poll step.
    Outcomes,
    /// `settles_within`.
    Settles,
    /// An entry of `meanwhile`.
    Meanwhile(u8),
    /// An entry of `check`.
    Check(u16),
    /// A condition of the dialect, by its position there.
    Always(u16),
}

/// Whether a check held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It did.
    Yes,
    /// It did, in a form that is only tolerated.
    Weakly,
    /// It did not.
    No,
    /// There was nothing that it could have looked at, which it allows.
    Absent,
    /// It compares with what nobody told: an address or a number of a user.
    Unknown,
}

impl Held {
    /// Yes or no.
    #[must_use]
    pub const fn of(held: bool) -> Self {
        if held { Self::Yes } else { Self::No }
    }
}

/// Why a case ends before its last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// What the step demands does not hold.
    Breached,
    /// A value that later steps need is not in the reply; the slot that stays empty.
    Missing {
        /// The slot.
        capture: u16,
        /// The reply.
        flight: Flight,
    },
    /// No reply came.
    Transport(Flight),
    /// Too many polls in a row brought nothing that could be read.
    Unanswered(Flight),
    /// The device could not act.
    Device(Flight),
    /// The device had not acted when polling was over.
    Late(Flight),
    /// Requests and phones took so long that the polls which the step allows could not all be made.
    RanOut {
        /// What they took in all.
        lost_ms: u32,
    },
}
