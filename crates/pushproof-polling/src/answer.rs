//! What goes into the machine and what comes out: [`Answer`] and [`Next`].

use std::time::Duration;

/// What a reply means to a client that polls. Which reply means what is decided elsewhere (CPOLL-013, CPOLL-014).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// Nobody has decided yet: ask again at the unchanged interval (CPOLL-008).
    Pending,
    /// Still pending, and asked too often: longer intervals from now on (CPOLL-005).
    SlowDown,
    /// A rate limit refused the question; nothing is said about the decision (CPOLL-015).
    Throttled,
    /// Success, rejection, expiry or any other error that settles it (CPOLL-009 to 012).
    Final,
    /// A reply that makes no sense: a 5xx, broken JSON (CPOLL-018).
    Broken,
    /// No reply: the connection failed or the request ran into its time limit (CPOLL-017).
    TimedOut,
}

/// A reply as the machine takes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// What the reply means.
    pub meaning: Meaning,
    /// How long the endpoint asks to wait, counted from the receipt of the reply: `Retry-After` in either form (CPOLL-016), an
    /// `interval` in the body (CPOLL-007), or the time until a rate limit resets (CPOLL-034).
    pub wait: Option<Duration>,
}

impl From<Meaning> for Answer {
    /// An answer that asks for no wait.
    fn from(meaning: Meaning) -> Self {
        Self {
            meaning,
            wait: None,
        }
    }
}

/// What is to be done now. The same until the next command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Wait until this time since the run's origin, then poll. A later poll is fine, an earlier one is not.
    PollAt(Duration),
    /// Wait for the answer to the poll that has left. However long it is held, no other leaves meanwhile.
    InFlight,
    /// Nothing, for good.
    Over(Because),
}

/// Why there is no further poll.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Because {
    /// A final answer came.
    Final,
    /// The next poll would be due after the deadline.
    Deadline,
    /// The policy's number of polls has been answered.
    Polls,
    /// Too many polls in a row were broken or timed out.
    Failures,
    /// The caller cancelled.
    Cancelled,
}
