//! The `settings` hook: tenant switches, `POST {"recovery_codes": false}`.

use serde_json::{Map, Value};

use super::hook::{Hook, HookError};
use crate::transport::Transport;

/// Sets tenant switches.
#[derive(Clone)]
pub struct Settings(Hook);

impl Settings {
    /// The hook at `url`.
    pub fn new(hooks: &Transport, url: &str) -> Self {
        Self(Hook::new("settings", hooks, url))
    }

    /// Sets the switches that are given, and leaves the others.
    ///
    /// # Errors
    /// [`HookError`] if the hook does not say that it has done so.
    pub async fn set(&self, switches: &Map<String, Value>) -> Result<(), HookError> {
        self.0
            .post(&Value::Object(switches.clone()))
            .await
            .map(drop)
    }
}
