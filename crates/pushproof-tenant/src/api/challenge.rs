//! `POST /mfa/challenge`: asks a second factor (`protocol.md` §4).

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::authenticator::{Authenticator, Channel, DeviceId, Kind};
use crate::body::Fields;
use crate::call::Call;
use crate::fault::Fault;
use crate::login::Login;
use crate::refusals;
use crate::reply::{Answer, Refusal, Reply};
use crate::seal::{Purpose, SealId};
use crate::settings::Factor;
use crate::tenant::Tenant;
use crate::transaction::{BegunBy, Opening};
use crate::user::{User, UserKey};

/// What is asked, and of whom.
enum Target {
    Push(DeviceId),
    Otp,
    Prompt(DeviceId, Channel, String),
    /// Nobody: what [`Fault::NothingEnrolledChallenged`] asks.
    Nobody,
}

impl Tenant {
    pub(crate) fn challenge(&mut self, call: &Call<'_>) -> Answer {
        let fields = self.challenge_fields(call)?;
        let client = self.authenticate_client(call, &fields)?;
        let (login_id, login) = self.login_of(call, &fields, client)?;
        let target = self.target(&login, &fields)?;
        let mut answer = self.ask(call, login_id, &login, target)?;
        if self.has(Fault::ChallengeIssuesToken)
            && let Some(token) = self
                .issue(call, login.user, client, &login.wish)?
                .remove("access_token")
            && let Some(Value::Object(body)) = &mut answer.body
        {
            body.insert("access_token".into(), token);
        }
        Ok(answer)
    }

    fn challenge_fields(&self, call: &Call<'_>) -> Result<Fields, Refusal> {
        if self.has(Fault::ChallengeFormIgnored) && Fields::is_form(call.headers) {
            return Ok(Fields::empty());
        }
        self.fields(call)
    }

    /// Which factor to ask: the one named, or the best that the client accepts.
    fn target(&self, login: &Login, fields: &Fields) -> Result<Target, Refusal> {
        let accepted = Accepted(fields.text("challenge_type")?.map(str::to_ascii_lowercase));
        let user = self.user(login.user)?;
        let implicit = user
            .implicit_email()
            .filter(|_| self.settings.factors.contains(&Factor::Email));
        let factors = || self.challengeable(user, implicit.as_ref());
        if let Some(id) = fields.text("authenticator_id")? {
            let named = factors()
                .find(|one| one.id() == id)
                .or_else(|| self.of_others(id));
            let named = named.ok_or_else(refusals::invalid_authenticator)?;
            return accepted
                .holds(named)
                .then(|| target_of(named))
                .ok_or_else(refusals::unsupported_challenge_type);
        }
        if factors().next().is_none() {
            return self.bent_nobody(refusals::nothing_enrolled(self.settings.profile));
        }
        let phones = factors().filter(|one| matches!(one.kind, Kind::Push(_)));
        let best = phones.chain(factors()).find(|one| accepted.holds(one));
        best.map(target_of)
            .ok_or_else(refusals::unsupported_challenge_type)
    }

    /// A user without factors cannot be asked, but for [`Fault::NothingEnrolledChallenged`].
    fn bent_nobody(&self, refusal: Refusal) -> Result<Target, Refusal> {
        if self.has(Fault::NothingEnrolledChallenged) {
            Ok(Target::Nobody)
        } else {
            Err(refusal)
        }
    }

    /// What can be asked of a user: confirmed factors only (CHAL-006).
    fn challengeable<'u>(
        &self,
        user: &'u User,
        implicit: Option<&'u Authenticator>,
    ) -> impl Iterator<Item = &'u Authenticator> {
        let with_unconfirmed = self.has(Fault::UnconfirmedChallenged);
        let all = user.authenticators.iter().chain(implicit);
        all.filter(move |one| one.is_factor() && (one.active || with_unconfirmed))
    }

    /// A factor of another user, by [`Fault::OthersAuthenticators`].
    fn of_others(&self, id: &str) -> Option<&Authenticator> {
        let others = self
            .users
            .iter()
            .filter(|_| self.has(Fault::OthersAuthenticators));
        others
            .flat_map(|(_, user)| &user.authenticators)
            .find(|one| one.active && one.id() == id)
    }

    fn ask(&mut self, call: &Call<'_>, login_id: SealId, login: &Login, target: Target) -> Answer {
        match target {
            Target::Otp => Ok(Reply::ok(self.bent_otp_answer(login_id, login.expires))),
            Target::Push(device) => self.push(call, login_id, login.user, device),
            Target::Prompt(device, channel, address) => {
                self.take_message(call.now, login.user, channel)?;
                let to = (channel, &*address);
                let oob_code = self.send_code(
                    call.now,
                    login.user,
                    Some(login_id),
                    device,
                    BegunBy::Challenge,
                    to,
                );
                let mut body = json!({ "challenge_type": "oob", "oob_code": oob_code });
                if !self.has(Fault::PromptUnannounced) {
                    body["binding_method"] = json!("prompt");
                }
                Ok(Reply::ok(body))
            }
            Target::Nobody => {
                let oob_code = self.sealer.seal(Purpose::OobCode, login_id, login.expires);
                Ok(Reply::ok(
                    json!({ "challenge_type": "oob", "oob_code": oob_code }),
                ))
            }
        }
    }

    /// There is nothing out of band about a one-time code (CHAL-002), but for [`Fault::OtpChallengeHasCode`].
    fn bent_otp_answer(&self, login_id: SealId, expires: Duration) -> Value {
        let mut body = json!({ "challenge_type": "otp" });
        if self.has(Fault::OtpChallengeHasCode) {
            body["oob_code"] = json!(self.sealer.seal(Purpose::OobCode, login_id, expires));
        }
        body
    }

    fn push(
        &mut self,
        call: &Call<'_>,
        login_id: SealId,
        user: UserKey,
        device: DeviceId,
    ) -> Answer {
        let rate = self.settings.buckets.push;
        let level = {
            let user = self.user_mut(self.bent_payer(user))?;
            user.pushes
                .take(rate, call.now)
                .map_err(refusals::too_many_messages)?
        };
        let opening = Opening {
            user,
            login: Some(login_id),
            device: device.clone(),
            begun_by: BegunBy::Challenge,
            binding_code: None,
        };
        let (id, oob_code) = self.open(call.now, opening);
        self.deliver_push(call, id, user, &device);
        let mut body = Map::new();
        body.insert("challenge_type".into(), json!("oob"));
        body.insert("oob_code".into(), json!(oob_code));
        self.bend_push_answer(&mut body);
        Ok(Reply::ok(body).with_level(level))
    }

    /// Sends the payload of `protocol.md` §8.4, in its flat form, to the phone that was challenged (CHAL-015).
    fn deliver_push(&mut self, call: &Call<'_>, id: SealId, user: UserKey, device: &DeviceId) {
        let Some(transaction) = self.transactions.get(&id) else {
            return;
        };
        let expires = transaction.expires;
        let source =
            json!({ "b": { "n": "Chrome", "v": "143" }, "os": { "n": "Linux", "v": "6" } });
        let payload = json!({
            "sh": call.host(),
            "dai": device.to_string(),
            "txtkn": self.sealer.seal(Purpose::PushToken, id, expires),
            "c": transaction.challenge,
            "d": crate::dates::iso_millis(call.now),
            "s": source.to_string(),
        });
        if let Some(push_token) = self.bent_push_address(user, device) {
            let leaves_at = expires + self.settings.lifetimes.remembered;
            self.pushes
                .deliver(call.now, &push_token, payload, leaves_at);
        }
    }

    /// The push token of the phone, but for [`Fault::PushGoesAstray`].
    fn bent_push_address(&self, user: UserKey, device: &DeviceId) -> Option<String> {
        if self.has(Fault::PushGoesAstray) {
            let others = self.users.iter().filter(|(other, _)| *other != user);
            let mut phones = others.flat_map(|(_, other)| &other.authenticators);
            let astray = phones.find_map(|one| match &one.kind {
                Kind::Push(Some(phone)) => Some(phone.push_token.clone()),
                _ => None,
            });
            if astray.is_some() {
                return astray;
            }
        }
        self.users
            .get(user)?
            .phone(device)
            .map(|phone| phone.push_token.clone())
    }
}

/// The challenge types that a client accepts, in lower case; without a list, all.
struct Accepted(Option<String>);

impl Accepted {
    fn holds(&self, authenticator: &Authenticator) -> bool {
        let types = self.0.as_deref();
        types.is_none_or(|types| {
            types
                .split_ascii_whitespace()
                .any(|one| one == authenticator.authenticator_type())
        })
    }
}

fn target_of(authenticator: &Authenticator) -> Target {
    match &authenticator.kind {
        Kind::Push(_) => Target::Push(authenticator.device.clone()),
        Kind::Prompt { channel, address } => {
            Target::Prompt(authenticator.device.clone(), *channel, address.clone())
        }
        Kind::Totp { .. } | Kind::Recovery { .. } => Target::Otp,
    }
}
