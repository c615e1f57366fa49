//! The runner's parts against little servers of their own, on ports that the system picks.

#![expect(clippy::unwrap_used, reason = "tests")]

mod devices;
mod failures;
mod guardian;
mod hooks;
mod peer;
mod person;
mod pool;
mod proxy;
mod repeat;
mod serve;
mod target;
mod transport;
mod users;
mod weather;
mod world;
