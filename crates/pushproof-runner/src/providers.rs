//! What a run needs beside the target itself: users, phones, messages, tenant switches and the tenant's clock.
//!
//! Each is reached through a hook of the target file. A hook has [`HOOK_LIMIT`](crate::clock::HOOK_LIMIT) of real time; what it does wrong makes a case
//! *could-not-run* and is no finding against the endpoint, so every error here says which hook it was, where, and what came back.
//!
//! What belongs to one vendor (the Guardian phone, the Management API) lives here and nowhere else in this crate.

pub mod clock;
pub mod devices;

pub mod messages;
pub mod settings;
pub mod users;

pub(crate) mod aids;
mod hook;
mod template;

pub use self::hook::HookError;
