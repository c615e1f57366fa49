//! The answer to a push: a JWT signed by the phone, and the choice of the push it answers.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use crate::platform::Platform;

/// How long an answer is valid. Both SDKs: 30 seconds.
const ANSWER_LIFE: Duration = Duration::from_secs(30);

/// What the person does with the push.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It was me.
    Approve,
    /// It was not me.
    Reject {
        /// Why (`auth0_guardian_reason`), if the person says so.
        reason: Option<String>,
    },
}

/// Which of the pushes that have arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which<'a> {
    /// The newest that has not been answered; the newest of all if every one has been, so that a person can try
    /// to change their mind. With several challenges open at once only [`Which::Transaction`] is unambiguous.
    Newest,
    /// The newest with this challenge, answered or not.
    Transaction(&'a str),
}

/// The claims of an answer.
#[derive(Clone)]
pub(crate) struct Claims {
    pub(crate) issued: SystemTime,
    pub(crate) audience: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) decision: Decision,
    pub(crate) platform: Platform,
}

impl Claims {
    /// The claims in the order of the published example, which a signature makes part of the bytes.
    pub(crate) fn to_json(&self) -> Value {
        let mut claims = Map::new();
        claims.insert("iat".into(), self.platform.numeric_date(self.issued));
        claims.insert(
            "exp".into(),
            self.platform.numeric_date(later(self.issued, ANSWER_LIFE)),
        );
        claims.insert("aud".into(), self.audience.as_str().into());
        claims.insert("iss".into(), self.issuer.as_str().into());
        claims.insert("sub".into(), self.subject.as_str().into());
        claims.insert("auth0_guardian_method".into(), "push".into());
        claims.insert(
            "auth0_guardian_accepted".into(),
            (self.decision == Decision::Approve).into(),
        );
        if let Decision::Reject {
            reason: Some(reason),
        } = &self.decision
        {
            claims.insert("auth0_guardian_reason".into(), reason.as_str().into());
        }
        Value::Object(claims)
    }
}

/// `at` moved by `life`; an instant so late that it cannot be moved stays.
pub(crate) fn later(at: SystemTime, life: Duration) -> SystemTime {
    at.checked_add(life).unwrap_or(at)
}

/// The header of every honest answer.
pub(crate) fn header() -> Value {
    json!({ "alg": "RS256", "typ": "JWT" })
}
