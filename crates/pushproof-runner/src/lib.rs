//! Drives sessions against targets: HTTP client, clocks, providers of users, devices and messages, dispatch, the sandbox's socket.
//!
//! This crate alone of those that run scenarios does I/O, and [`clock`] alone reads the system's clock.

pub mod clock;
pub mod transport;

pub mod providers;
pub mod target;

pub mod handler;
pub mod serve;

mod again;
mod pace;
mod seat;
mod taken;
mod trouble;
mod weather;

mod drive;
mod evidence;
mod judge;

pub mod dispatch;
pub mod site;
