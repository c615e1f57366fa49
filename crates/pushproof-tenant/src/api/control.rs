//! The inboxes of the control surface under `/__control/` (`design.md` §5): what a test needs and a tenant does not
//! offer. The clock is not here, because the tenant has none.

use serde_json::Value;

use crate::percent::percent_decode;
use crate::refusals;
use crate::reply::{Answer, Reply};
use crate::tenant::Tenant;

impl Tenant {
    /// Push payloads not yet fetched, oldest first.
    pub(crate) fn control_inbox(&mut self, push_token: &str) -> Answer {
        let push_token = percent_decode(push_token).ok_or_else(refusals::not_found)?;
        Ok(Reply::ok(Value::Array(self.pushes.fetch(&push_token))))
    }

    /// Messages to a phone number or e-mail address not yet fetched, oldest first.
    pub(crate) fn control_messages(&mut self, address: &str) -> Answer {
        let address = percent_decode(address).ok_or_else(refusals::not_found)?;
        Ok(Reply::ok(Value::Array(self.messages.fetch(&address))))
    }
}
