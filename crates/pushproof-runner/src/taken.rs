//! Which of a target's clients the endpoint has taken in this run: [`Taken`].
//!
//! A client that is refused although its target file gives it so is a breach only of an endpoint that took it before. One that never took it
//! may be right: a secret is easily mistyped.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The clients that were taken, by their position.
#[derive(Default)]
pub(crate) struct Taken(Mutex<BTreeSet<usize>>);

impl Taken {
    /// The endpoint gave this client what it asked for.
    pub(crate) fn take(&self, client: usize) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(client);
    }

    /// Whether the endpoint has taken this client.
    pub(crate) fn has(&self, client: usize) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&client)
    }
}
