//! What people read and tenants are set to, for the steps of a case that are nobody's phone: [`Aids`].

use serde_json::{Map, Value};

use super::devices::Acted;
use super::messages::Messages;
use super::settings::Settings;

/// The inboxes and the switches of one case.
pub(crate) struct Aids {
    pub(crate) messages: Option<Messages>,
    pub(crate) settings: Option<Settings>,
}

impl Aids {
    /// Reads the next message to an address. None is no failure: it brings nothing.
    pub(crate) async fn read(&self, channel: &str, address: &str) -> Acted {
        let Some(messages) = &self.messages else {
            return Acted::unavailable("the target has no `messages`");
        };
        if address.is_empty() {
            return Acted::unavailable(format!("the user has no address for `{channel}`"));
        }
        match messages.next(address, Some(channel)).await {
            Ok(Some(message)) => Acted {
                values: vec![("code".to_owned(), message.code)],
                ..Acted::acknowledged()
            },
            Ok(None) => Acted {
                detail: Some("nothing has arrived".to_owned()),
                ..Acted::acknowledged()
            },
            Err(error) => Acted::unavailable(error.to_string()),
        }
    }

    /// Sets switches of the tenant.
    pub(crate) async fn set(&self, switches: &Map<String, Value>) -> Acted {
        let Some(settings) = &self.settings else {
            return Acted::unavailable("the target has no `settings`");
        };
        match settings.set(switches).await {
            Ok(()) => Acted::acknowledged(),
            Err(error) => Acted::unavailable(error.to_string()),
        }
    }
}
