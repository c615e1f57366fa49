//! A factor has been proved, by a phone that enrolled or by a right code: what becomes active with it.

use crate::authenticator::DeviceId;
use crate::fault::Fault;
use crate::tenant::Tenant;
use crate::user::{User, UserKey};

impl Tenant {
    /// An authenticator has been proved: it becomes active, but for [`Fault::NeverActive`].
    pub(crate) fn confirm(&mut self, user: UserKey, device: &DeviceId) {
        let is_off = self.has(Fault::NeverActive);
        if let Some(user) = self.users.get_mut(user).filter(|_| !is_off) {
            user.activate(device);
        }
    }
}

impl User {
    /// Makes a factor active, with its sibling, and the recovery code with it (`protocol.md` §11.1).
    pub(crate) fn activate(&mut self, device: &DeviceId) {
        let sibling = self
            .on_device(device)
            .and_then(|authenticator| authenticator.sibling.clone());
        for authenticator in &mut self.authenticators {
            let confirmed =
                authenticator.device == *device || Some(&authenticator.device) == sibling.as_ref();
            authenticator.active |= confirmed || !authenticator.is_factor();
        }
    }
}
