//! The binary as its users meet it, and its scenarios against the simulated tenant; one module a subject.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod command;
mod host;
mod tenantry;

mod words;

mod check;

mod run;

mod failures;

mod codes;

mod interrupted;

mod record;

mod served;

mod secrets;

mod faults;

mod short;

mod guide;

mod shapes;

mod plan;

mod filter;

mod doctor;

mod new;

mod schema;

mod mistakes;

mod kill;

mod leak;

mod hostile;

mod outputs;

mod target_files;
