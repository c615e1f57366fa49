//! The polling state machine: interval, slow-down, back-off, deadline, final outcomes. Its main type is [`Polling`].
//!
//! A client that waits for somebody to decide asks the token endpoint again and again. When it may ask, when it must ask less
//! often and when it has to stop is decided here, as a value: no clock, no socket, no chance of its own, no heap. The
//! conformance runner drives a few of these, the load generator a hundred thousand, and tests drive them with no endpoint at all.
//!
//! **One command, then ask [`next`](Polling::next).** Commands are [`begin`](Polling::begin), [`sent`](Polling::sent),
//! [`answered`](Polling::answered) and [`cancel`](Polling::cancel); each takes the time it happened, as time since the run's origin.
//! Between two commands the answer to `next` stays the same:
//!
//! | `next` | do |
//! | --- | --- |
//! | [`Next::PollAt`] | wait until then (later is fine), send the request, tell it with `sent` |
//! | [`Next::InFlight`] | wait for the reply, however long it is held, or for the request's own time limit; tell it with `answered` |
//! | [`Next::Over`] | nothing, for good; it says why |
//!
//! A whole client, against an endpoint that answers `pending`, then `slow_down`, then tokens:
//!
//! ```
//! use std::time::Duration;
//! use pushproof_polling::{Answer, Because, Hints, Meaning, Next, Policy, Polling};
//!
//! let policy = Policy::default();
//! let mut now = Duration::ZERO; // a real client reads its monotonic clock
//! let mut replies = [Meaning::Pending, Meaning::SlowDown, Meaning::Final].into_iter();
//! let mut polled_at = Vec::new();
//!
//! let mut polling = Polling::begin(&policy, now, Hints::default());
//! let because = loop {
//!     match polling.next() {
//!         Next::PollAt(due) => {
//!             now = now.max(due); // a real client sleeps
//!             polling.sent(now);
//!             polled_at.push(now.as_secs());
//!         }
//!         Next::InFlight => {
//!             let meaning = replies.next().unwrap_or(Meaning::TimedOut); // a real client awaits the reply
//!             polling.answered(&policy, now, Answer { meaning, wait: None }, 0);
//!         }
//!         Next::Over(because) => break because,
//!     }
//! };
//! assert_eq!(because, Because::Final);
//! assert_eq!(polled_at, [5, 10, 20]);
//! ```
//!
//! # What an answer does
//!
//! | meaning | interval | next poll, counted from the answer |
//! | --- | --- | --- |
//! | [`Pending`](Meaning::Pending) | stays | after the interval, or the wait if that is longer |
//! | [`SlowDown`](Meaning::SlowDown) | + at least 5 s, or the wait if that is longer, for good | after the new interval |
//! | [`Throttled`](Meaning::Throttled) | stays | after the interval doubled once for each throttled answer in a row (up to 60 s), or the wait if that is longer |
//! | [`Broken`](Meaning::Broken), [`TimedOut`](Meaning::TimedOut) | doubles for good (up to 60 s) | after the new interval, or the wait if that is longer; too many in a row end it |
//! | [`Final`](Meaning::Final) | stays | none, unless the policy insists |
//!
//! Jitter comes on top. A next poll that would be due after the deadline is none: it is over at once, without waiting for the
//! deadline to come. If several bounds are reached by one answer, the reason given is the first of final, failures, polls, deadline.
//!
//! # Which rules it keeps
//!
//! Each law is a property test over arbitrary histories, and each has been shown to catch a machine that breaks it
//! (`tests/it/laws.rs`). The requirements are those of clients that poll:
//!
//! | law | requirement | source |
//! | --- | --- | --- |
//! | never earlier than the interval in force after the last answer; one request in flight | CPOLL-002 | RFC 8628 §3.5, CIBA Core |
//! | 5 s where nothing is said; an interval that is offered is kept | CPOLL-003, 004 | RFC 8628 §3.2 |
//! | `slow_down` adds at least 5 s for good, or what it asks for | CPOLL-005, 007 | RFC 8628 §3.5 |
//! | the interval never shrinks; pending leaves it unchanged | CPOLL-006, 008 | RFC 8628 §3.5 |
//! | a final outcome ends it for good | CPOLL-009 to 012 | RFC 8628 §3.5 |
//! | throttling backs off and is no rejection; every wait is kept, to the nanosecond | CPOLL-015, 016, 034 | RFC 9110 §10.2.3, RFC 6585 §4 |
//! | time-outs and broken replies double the interval, in bounded number | CPOLL-017, 018 | RFC 8628 §3.5 |
//! | a total deadline always ends it: the earlier of policy and expiry | CPOLL-019, 020 | RFC 8628 §3.2 |
//! | a request that runs into its own time limit settles nothing, and is followed by a poll in its turn | CPOLL-021, 035 | CIBA Core |
//! | a held answer counts from when its request left, as a mode | CPOLL-022 | CIBA Core |
//! | jitter only adds | CPOLL-023 | – |
//! | a clock that goes back brings no poll forward | CPOLL-024 | – |
//! | the first poll waits one interval, unless told otherwise | CPOLL-025 | RFC 8628 §3.2 |
//! | cancelling ends it at any time | CPOLL-026 | – |
//!
//! Not kept here, because they are not about time: which reply means what (CPOLL-013, 014), reading a `Retry-After` in both its
//! forms (the first half of CPOLL-016), setting a request's time limit (the first half of CPOLL-021), whether to poll at all, what to
//! ask next, and what never to log (CPOLL-001, 027 to 033, 036).
//!
//! # At the edges
//!
//! All sums saturate, and what lies beyond all time lies after the deadline. An interval is at least [`INTERVAL_MIN`], an offered
//! one of zero is none. A poll may be due exactly at the deadline. A final answer counts however late it comes. Wrong use (a poll
//! before its time or beside another, an answer to nothing) panics with a sentence: it is a bug of the caller.

mod answer;
mod machine;
mod policy;

pub use answer::{Answer, Because, Meaning, Next};
pub use machine::Polling;
pub use policy::{Cadence, DOUBLING_MAX, First, Hints, INTERVAL_MIN, Policy, SLOW_DOWN_MIN};
