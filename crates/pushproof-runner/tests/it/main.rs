//! The runner's parts against little servers of their own, on ports that the system picks.

#![expect(clippy::unwrap_used, reason = "tests")]

mod peer;
mod serve;
mod target;
mod transport;
