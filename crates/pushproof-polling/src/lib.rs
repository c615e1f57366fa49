//! The polling state machine: interval, slow-down, back-off, deadline, final outcomes.

mod answer;
mod machine;
mod policy;

pub use answer::{Answer, Because, Meaning, Next};
pub use machine::Polling;
pub use policy::{Cadence, DOUBLING_MAX, First, Hints, INTERVAL_MIN, Policy, SLOW_DOWN_MIN};
