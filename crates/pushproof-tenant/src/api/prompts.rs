//! Factors that send a code: text message, voice call, e-mail. The code comes back as `binding_code`.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::authenticator::{Channel, DeviceId, Kind};
use crate::bearer::Bearer;
use crate::fault::Fault;
use crate::refusals;
use crate::reply::Refusal;
use crate::seal::SealId;
use crate::tenant::{DIGITS, Tenant};
use crate::transaction::{BegunBy, Opening};
use crate::user::UserKey;

impl Tenant {
    /// Associates an address and sends the first code to it. Text and voice are one device (`protocol.md` §2.3, item 5).
    pub(crate) fn begin_prompted(
        &mut self,
        now: Duration,
        bearer: &Bearer,
        channel: Channel,
        address: String,
    ) -> Result<Map<String, Value>, Refusal> {
        let user = bearer.user();
        self.take_message(now, user, channel)?;
        let device = self.device_id();
        let channels: &[Channel] = match channel {
            Channel::Email => &[Channel::Email],
            Channel::Sms if self.has(Fault::TextWithoutVoice) => &[Channel::Sms],
            Channel::Sms | Channel::Voice => &[Channel::Sms, Channel::Voice],
        };
        for channel in channels {
            let kind = Kind::Prompt {
                channel: *channel,
                address: address.clone(),
            };
            self.add(user, device.clone(), kind, None, bearer.begun_with());
        }
        let oob_code = self.send_code(
            now,
            user,
            bearer.login(),
            device,
            BegunBy::Enrolment,
            (channel, &address),
        );
        let mut body = Map::new();
        body.insert("authenticator_type".into(), json!("oob"));
        if !self.has(Fault::TextEnrolmentUnannounced) {
            body.insert("binding_method".into(), json!("prompt"));
        }
        body.insert("oob_channel".into(), json!(channel.name()));
        body.insert("oob_code".into(), json!(oob_code));
        Ok(body)
    }

    /// Begins a transaction and sends its code; gives the `oob_code`.
    pub(crate) fn send_code(
        &mut self,
        now: Duration,
        user: UserKey,
        login: Option<SealId>,
        device: DeviceId,
        begun_by: BegunBy,
        (channel, address): (Channel, &str),
    ) -> String {
        let code = self.text(DIGITS, 6);
        let message = json!({ "channel": channel.name(), "code": code });
        let leaves_at = now + self.settings.lifetimes.remembered;
        self.messages.deliver(now, address, message, leaves_at);
        let opening = Opening {
            user,
            login,
            device,
            begun_by,
            binding_code: Some(code),
        };
        self.open(now, opening).1
    }

    /// Takes one message from the user's bucket of the channel.
    pub(crate) fn take_message(
        &mut self,
        now: Duration,
        user: UserKey,
        channel: Channel,
    ) -> Result<(), Refusal> {
        let buckets = self.settings.buckets;
        let user = self.user_mut(user)?;
        let taken = match channel {
            Channel::Email => user.emails.take(buckets.email, now),
            Channel::Sms | Channel::Voice => user.texts.take(buckets.sms, now),
        };
        taken.map(|_| ()).map_err(refusals::too_many_messages)
    }

    /// Whether the code typed is the code sent (SMS-003). Wrong ones count as failed codes of the user.
    pub(crate) fn check_binding_code(
        &mut self,
        now: Duration,
        id: SealId,
        typed: Option<&str>,
    ) -> Result<(), Refusal> {
        if self.has(Fault::BindingCodeUnchecked) {
            return Ok(());
        }
        let typed = typed.ok_or_else(|| refusals::missing("binding_code"))?;
        let transaction = self.transaction(id)?;
        let (user, is_right) = (
            transaction.user,
            transaction.binding_code.as_deref() == Some(typed),
        );
        self.check_failures_left(now, user)?;
        if is_right {
            return Ok(());
        }
        self.count_failure(now, user);
        Err(self.echoing(refusals::wrong_binding_code(), typed))
    }
}
