//! The tenant as its callers see it: requests in, replies out, on a clock that jumps.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod phone;
mod world;

mod chaos;
mod control;
mod edges;
mod factors;
mod faults;
mod forgeries;
mod http_facts;
mod model;
mod outcomes;
mod page;
mod recovery;
mod renewal;
mod reply_faults;
mod sequence;
mod throttling;
