//! What the answer that asks for a second factor tells about the user's factors, if the tenant is set to tell
//! (`protocol.md` §1.2).

use serde_json::{Value, json};

use crate::authenticator::{Authenticator, Channel, Kind};
use crate::fault::Fault;
use crate::settings::{Factor, MfaRequirements};
use crate::tenant::Tenant;
use crate::user::UserKey;

impl Tenant {
    /// The member `mfa_requirements`. Who can be asked is told by what, and who has enrolled nothing what can be enrolled
    /// (PWD-011); somebody with nothing but a verified e-mail address is both.
    pub(crate) fn mfa_requirements(&self, user: UserKey) -> Option<Value> {
        let user = self.users.get(user)?;
        let implicit = user
            .implicit_email()
            .filter(|_| self.settings.factors.contains(&Factor::Email));
        let all = user.authenticators.iter().chain(implicit.as_ref());
        let active = all.filter(|one| one.active);
        if self.has(Fault::RequirementsSwapped) {
            let told = match user.is_enrolled() {
                true => "enroll",
                false => "challenge",
            };
            return Some(json!({ told: typed(self.enrolable()) }));
        }
        match self.settings.mfa_requirements {
            MfaRequirements::Absent => None,
            MfaRequirements::ChallengeTypes => {
                let factors = active.filter(|one| one.is_factor());
                let types = once_each(factors.map(Authenticator::authenticator_type));
                Some(json!({ "challenge_types": types }))
            }
            MfaRequirements::Types => {
                let challenge = typed(once_each(active.map(Authenticator::requirement_type)));
                let mut told = json!({});
                if !user.is_enrolled() {
                    told["enroll"] = json!(typed(self.enrolable()));
                }
                if !challenge.is_empty() {
                    told["challenge"] = json!(challenge);
                }
                Some(told)
            }
        }
    }

    fn enrolable(&self) -> Vec<&'static str> {
        let types = self.settings.factors.iter().map(|factor| match factor {
            Factor::Push => "push-notification",
            Factor::Otp => "otp",
            Factor::Sms | Factor::Voice => "phone",
            Factor::Email => "email",
        });
        once_each(types.filter(|name| *name != "email")) // an address is verified, not enrolled, in this vocabulary
    }
}

impl Authenticator {
    /// The type in `mfa_requirements`, and in the list of a tenant that tells them.
    pub(crate) fn requirement_type(&self) -> &'static str {
        match &self.kind {
            Kind::Push(_) => "push-notification",
            Kind::Totp { .. } => "otp",
            Kind::Recovery { .. } => "recovery-code",
            Kind::Prompt {
                channel: Channel::Email,
                ..
            } => "email",
            Kind::Prompt { .. } => "phone",
        }
    }
}

fn once_each(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

fn typed(names: Vec<&'static str>) -> Vec<Value> {
    names.iter().map(|name| json!({ "type": name })).collect()
}
