//! Real SDKs, unmodified, against `pushproof serve --tls`: each flow is a script beside this file, which tells what it met as a transcript.
//!
//! The SDKs are installed once, from the lock files, into the target folder. Where Node, Python, Chromium or the package registries are missing, a flow is
//! skipped, and says so on standard error whatever the test runner captures. Anything else that goes wrong is a failure.
//! The SDKs for browsers run in headless Chromium, in an application that the test serves.
//! The options of `serve` that applications depend on are tested here too; they need no SDK.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod browser;
mod flows;
mod installed;
mod options;
mod run;
mod sandbox;
