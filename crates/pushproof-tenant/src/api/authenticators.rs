//! `GET /mfa/authenticators` and `DELETE /mfa/authenticators/{id}` (`protocol.md` §3).

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Map, Value, json};

use crate::authenticator::{Authenticator, Kind};
use crate::bearer::Bearer;
use crate::call::Call;
use crate::fault::Fault;
use crate::percent::percent_decode;
use crate::refusals;
use crate::reply::{Answer, Reply};
use crate::settings::MfaRequirements;
use crate::tenant::Tenant;
use crate::user::{User, UserKey};

impl Tenant {
    pub(crate) fn list_authenticators(&mut self, call: &Call<'_>) -> Answer {
        if self.has(Fault::LabelledListRefused) && call.headers.contains_key(CONTENT_TYPE) {
            return Err(refusals::invalid_request("A list has no body."));
        }
        if self.has(Fault::ListOfNobody) && !call.headers.contains_key(AUTHORIZATION) {
            return Ok(Reply::ok(json!([])));
        }
        let bearer = self.bearer(call, "read:authenticators")?;
        if self.has(Fault::MfaTokenCannotList) && matches!(bearer, Bearer::Login { .. }) {
            return Err(refusals::invalid_bearer());
        }
        let user = bearer.user();
        let shown = self
            .users
            .iter()
            .filter(|(key, _)| *key == user || self.has(Fault::ListOfEveryone));
        let entries: Vec<Value> = if self.has(Fault::ListOfEveryone) {
            shown.flat_map(|(_, user)| self.listed(user)).collect()
        } else {
            self.users
                .get(user)
                .map(|user| self.listed(user))
                .unwrap_or_default()
        };
        if self.has(Fault::ListIsObject) {
            return Ok(Reply::ok(json!({ "authenticators": entries })));
        }
        Ok(Reply::ok(Value::Array(entries)))
    }

    /// The entries of a user, in the order of creation, the implicit e-mail last.
    pub(crate) fn listed(&self, user: &User) -> Vec<Value> {
        let implicit = user.implicit_email();
        let all = user.authenticators.iter().chain(implicit.as_ref());
        let shown = all.filter(|one| one.is_factor() || self.settings.recovery_codes);
        shown
            .map(|one| Value::Object(self.bent_entry(one)))
            .collect()
    }

    /// The entry as it is, but for faults of the list.
    fn bent_entry(&self, authenticator: &Authenticator) -> Map<String, Value> {
        let mut entry = authenticator.listed();
        if self.settings.mfa_requirements == MfaRequirements::Types {
            entry.insert("type".into(), json!(authenticator.requirement_type()));
        }
        if let Some((name, secret)) = authenticator
            .secret()
            .filter(|_| self.has(Fault::ListLeaks))
        {
            entry.insert(name.into(), json!(secret));
        }
        if let Kind::Prompt { address, .. } = &authenticator.kind
            && self.has(Fault::UnmaskedName)
        {
            entry.insert("name".into(), json!(address));
        }
        if self.has(Fault::ActiveIsText) {
            entry.insert("active".into(), json!(authenticator.active.to_string()));
        }
        if self.has(Fault::ChannelUnlisted) {
            entry.shift_remove("oob_channel");
        }
        if self.has(Fault::PrefixOfAnother) && matches!(authenticator.kind, Kind::Totp { .. }) {
            entry.insert("id".into(), json!(format!("push|{}", authenticator.device)));
        }
        entry
    }

    /// Only a management token may delete (MTK-012). What belongs together goes together (DEL-005).
    pub(crate) fn delete_authenticator(&mut self, call: &Call<'_>, id: &str) -> Answer {
        let bearer = self.bearer(call, "remove:authenticators")?;
        if matches!(bearer, Bearer::Login { .. }) && !self.has(Fault::MfaTokenDeletes) {
            return Err(refusals::invalid_bearer());
        }
        let decoded = if self.has(Fault::PathNotDecoded) {
            Some(id.to_owned())
        } else {
            percent_decode(id)
        };
        let id = decoded.ok_or_else(refusals::not_found)?;
        let owner = self
            .owner_of(&id, bearer.user())
            .ok_or_else(refusals::not_found)?;
        if self.has(Fault::DeleteDoesNothing) {
            return Ok(Reply::ok(json!({ "deleted": true })));
        }
        let with_sibling = !self.has(Fault::SiblingLeft);
        let user = self.users.get(owner).ok_or_else(refusals::not_found)?;
        let device = user
            .authenticators
            .iter()
            .find(|one| one.id() == id)
            .map(|one| one.device.clone());
        let device = device.ok_or_else(refusals::not_found)?;
        self.users.remove_device(owner, &device, with_sibling);
        Ok(Reply::no_content())
    }

    /// The owner of a factor that may be deleted: the user alone, but for [`Fault::OthersAuthenticators`].
    fn owner_of(&self, id: &str, user: UserKey) -> Option<UserKey> {
        let has = |owner: &User| {
            owner
                .authenticators
                .iter()
                .any(|one| one.is_factor() && one.id() == id)
        };
        if self.users.get(user).is_some_and(has) {
            return Some(user);
        }
        let others = self
            .users
            .iter()
            .filter(|_| self.has(Fault::OthersAuthenticators));
        others
            .filter(|(_, other)| has(other))
            .map(|(key, _)| key)
            .next()
    }
}
