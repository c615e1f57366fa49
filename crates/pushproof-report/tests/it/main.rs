//! Runs as sequences of events, and what each report makes of them.
#![expect(clippy::unwrap_used, reason = "tests")]

mod story;

mod fold;
mod json;
mod junit;
mod known;
mod record;
mod repeat;
mod terminal;
mod trouble;
mod verdicts;
