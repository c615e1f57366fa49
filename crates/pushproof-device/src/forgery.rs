//! Answers that an endpoint must refuse, leaving the transaction as it was (requirement DEV-003).

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::json;

use crate::answer::{Claims, header};
use crate::key::{KeyPair, signing_input, with_signature};

/// How far in the past an expired answer was made: more than any tolerance for clocks that differ.
const EXPIRED_AGE: Duration = Duration::from_secs(3600);

/// In which one way an answer is wrong. Everything else about it is as an honest answer has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Forgery {
    /// Signed with a key that was never enrolled.
    WrongKey,
    /// `alg` is `none`, and there is no signature (RFC 8725 §2.1).
    AlgNone,
    /// `alg` is `HS256`, with the phone's *public* key, as PEM text, for its HMAC key (RFC 8725 §2.1).
    Hs256PublicKey,
    /// `sub` names another challenge: that of another push the phone has, or a made-up one.
    WrongSub,
    /// `aud` is another endpoint.
    WrongAud,
    /// `iss` is another device.
    WrongIss,
    /// Made and expired an hour ago.
    Expired,
    /// An answer made earlier, sent once more: the latest one to another push, else the one to this push.
    Replayed,
}

impl Forgery {
    /// All of them, in the order in which they are documented.
    pub const ALL: [Self; 8] = [
        Self::WrongKey,
        Self::AlgNone,
        Self::Hs256PublicKey,
        Self::WrongSub,
        Self::WrongAud,
        Self::WrongIss,
        Self::Expired,
        Self::Replayed,
    ];

    /// Its name in scenarios.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WrongKey => "wrong_key",
            Self::AlgNone => "alg_none",
            Self::Hs256PublicKey => "hs256_public_key",
            Self::WrongSub => "wrong_sub",
            Self::WrongAud => "wrong_aud",
            Self::WrongIss => "wrong_iss",
            Self::Expired => "expired",
            Self::Replayed => "replayed",
        }
    }
}

impl fmt::Display for Forgery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no forgery of that name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no such forgery")]
pub struct UnknownForgery;

impl FromStr for Forgery {
    type Err = UnknownForgery;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|forgery| forgery.name() == name)
            .ok_or(UnknownForgery)
    }
}

/// A forged answer made from honest claims. `other` is the challenge of another push, if the phone has one. A replay
/// is not made but found: `None`.
pub(crate) fn forge(
    forgery: Forgery,
    claims: Claims,
    key: &KeyPair,
    other: Option<&str>,
) -> Option<String> {
    let signed = |claims: Claims| Some(key.sign_rs256(&claims.to_json(), &header()));
    match forgery {
        Forgery::WrongKey => Some(STRANGER.sign_rs256(&claims.to_json(), &header())),
        Forgery::AlgNone => {
            let input = signing_input(&json!({ "alg": "none", "typ": "JWT" }), &claims.to_json());
            Some(with_signature(input, &[]))
        }
        Forgery::Hs256PublicKey => {
            let input = signing_input(&json!({ "alg": "HS256", "typ": "JWT" }), &claims.to_json());
            let mac = hmac::sign(
                &hmac::Key::new(hmac::HMAC_SHA256, key.public_pem().as_bytes()),
                input.as_bytes(),
            );
            Some(with_signature(input, mac.as_ref()))
        }
        Forgery::WrongSub => {
            let subject = other.map_or_else(|| format!("{}-other", claims.subject), str::to_owned);
            signed(Claims { subject, ..claims })
        }
        Forgery::WrongAud => signed(Claims {
            audience: "https://other.example/appliance-mfa/api/resolve-transaction".into(),
            ..claims
        }),
        Forgery::WrongIss => {
            let issuer = format!("{}-other", claims.issuer);
            signed(Claims { issuer, ..claims })
        }
        Forgery::Expired => {
            let issued = claims
                .issued
                .checked_sub(EXPIRED_AGE)
                .unwrap_or(claims.issued);
            signed(Claims { issued, ..claims })
        }
        Forgery::Replayed => None,
    }
}

/// The key that no phone has: one a process, made when the first forgery needs it.
static STRANGER: LazyLock<KeyPair> = LazyLock::new(KeyPair::generate);
