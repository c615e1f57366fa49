//! A second factor of a user: [`Authenticator`], and how the list shows it (`protocol.md` §3.1).

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::masks;
use crate::phone_key::PhoneKey;
use crate::totp::TotpSecret;

/// `dev_` and 16 characters: what stands behind the prefix of an authenticator's id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct DeviceId(pub(crate) Arc<str>);

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) struct Authenticator {
    pub(crate) device: DeviceId,
    pub(crate) kind: Kind,
    pub(crate) active: bool,
    /// What comes and goes with it: the OTP sibling of a push, the push of an OTP sibling.
    pub(crate) sibling: Option<DeviceId>,
    /// The credential that it was begun with.
    pub(crate) begun_with: BegunWith,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BegunWith {
    /// A login `mfa_token`: whoever has the password.
    Login,
    /// An access token with the scope `enroll`: whoever has passed the second factor.
    Management,
}

pub(crate) enum Kind {
    /// A Guardian phone, `None` until it has enrolled.
    Push(Option<Phone>),
    Totp {
        secret: TotpSecret,
        /// The latest step whose code was accepted; it and all before it are used up (RFC 6238 §5.2).
        used_step: Option<u64>,
    },
    Recovery {
        code: String,
    },
    /// A code sent to an address.
    Prompt {
        channel: Channel,
        address: String,
    },
}

/// What a phone said of itself when it enrolled.
pub(crate) struct Phone {
    /// Chosen by the phone; the `iss` of its answers.
    pub(crate) identifier: String,
    pub(crate) name: String,
    pub(crate) push_service: String,
    pub(crate) push_token: String,
    /// The bearer for later calls about this device account.
    pub(crate) account_token: String,
    /// `None` for a phone that the tenant plays itself: no answer from outside can be signed for it.
    pub(crate) key: Option<PhoneKey>,
}

/// How a prompted code travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Channel {
    Sms,
    Voice,
    Email,
}

impl Channel {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Email => "email",
        }
    }
}

impl Authenticator {
    pub(crate) fn id(&self) -> String {
        format!("{}|{}", self.prefix(), self.device)
    }

    fn prefix(&self) -> &'static str {
        match &self.kind {
            Kind::Push(_) => "push",
            Kind::Totp { .. } => "totp",
            Kind::Recovery { .. } => "recovery-code",
            Kind::Prompt { channel, .. } => channel.name(),
        }
    }

    pub(crate) fn authenticator_type(&self) -> &'static str {
        match &self.kind {
            Kind::Push(_) | Kind::Prompt { .. } => "oob",
            Kind::Totp { .. } => "otp",
            Kind::Recovery { .. } => "recovery-code",
        }
    }

    /// Whether this is a factor of its own, which a recovery code is not.
    pub(crate) fn is_factor(&self) -> bool {
        !matches!(self.kind, Kind::Recovery { .. })
    }

    /// The entry in the list. It never holds a secret (LIST-005).
    pub(crate) fn listed(&self) -> Map<String, Value> {
        let mut entry = Map::new();
        entry.insert("id".into(), json!(self.id()));
        entry.insert(
            "authenticator_type".into(),
            json!(self.authenticator_type()),
        );
        entry.insert("active".into(), json!(self.active));
        let (channel, name) = match &self.kind {
            Kind::Push(phone) => (
                Some("auth0"),
                phone.as_ref().map(|phone| phone.name.clone()),
            ),
            Kind::Prompt {
                channel: Channel::Email,
                address,
            } => (Some("email"), Some(masks::email(address))),
            Kind::Prompt { channel, address } => {
                (Some(channel.name()), Some(masks::phone(address)))
            }
            Kind::Totp { .. } | Kind::Recovery { .. } => (None, None),
        };
        entry.extend(channel.map(|channel| ("oob_channel".into(), json!(channel))));
        entry.extend(name.map(|name| ("name".into(), json!(name))));
        entry
    }

    /// What the list must never show; [`crate::Fault::ListLeaks`] shows it.
    pub(crate) fn secret(&self) -> Option<(&'static str, String)> {
        match &self.kind {
            Kind::Totp { secret, .. } => Some(("secret", secret.base32())),
            Kind::Recovery { code } => Some(("recovery_code", code.clone())),
            Kind::Push(_) | Kind::Prompt { .. } => None,
        }
    }
}
