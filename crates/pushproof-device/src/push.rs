//! A push notification as the phone got it: the flat `data` form.

use std::sync::OnceLock;

use serde_json::{Map, Value};

use crate::error::DeviceError;
use crate::reply::{bounded, text};
use crate::secret::Secret;

/// More than an inbox can hold in a test: a push has some hundreds of bytes.
const INBOX_BYTES_MAX: usize = 1024 * 1024;
const WHAT: &str = "a push";

/// One notification: somebody logs in, and the phone is asked.
#[derive(Clone, Debug)]
pub struct Push {
    challenge: String,
    enrolment_id: String,
    sent_at: String,
    /// The bearer of the answer.
    pub(crate) transaction: Secret,
    /// The first answer that the phone made to it: what a replay replays.
    pub(crate) first_answer: OnceLock<Secret>,
}

impl Push {
    /// The challenge (`c`). It is the `sub` of an answer, and names the push in [`Which::Transaction`](crate::Which::Transaction).
    #[must_use]
    pub fn challenge(&self) -> &str {
        &self.challenge
    }

    /// The device account it was meant for (`dai`). Endpoint's text, and not necessarily this phone's account.
    #[must_use]
    pub fn enrolment_id(&self) -> &str {
        &self.enrolment_id
    }

    /// When it was sent (`d`), as the endpoint wrote it.
    #[must_use]
    pub fn sent_at(&self) -> &str {
        &self.sent_at
    }

    /// The same push in the hands of somebody who has not answered it.
    pub(crate) fn unanswered(&self) -> Self {
        Self {
            first_answer: OnceLock::new(),
            ..self.clone()
        }
    }

    /// Whether the phone has made an honest answer to it, whatever became of that.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.first_answer.get().is_some()
    }
}

/// Reads an inbox: a JSON array of payloads, each with or without its `{"data": …}` wrapper.
pub(crate) fn read_inbox(payloads: &[u8]) -> Result<Vec<Push>, DeviceError> {
    bounded("the inbox", payloads, INBOX_BYTES_MAX)?;
    let Ok(Value::Array(payloads)) = serde_json::from_slice(payloads) else {
        return Err(DeviceError::NotJson {
            what: "the inbox",
            wanted: "a JSON array",
        });
    };
    payloads.iter().map(read).collect()
}

/// All five members that a phone cannot do without must be there; source and location are for people's eyes.
fn read(payload: &Value) -> Result<Push, DeviceError> {
    let Value::Object(members) = payload.get("data").unwrap_or(payload) else {
        return Err(DeviceError::NotJson {
            what: WHAT,
            wanted: "a JSON object",
        });
    };
    text(WHAT, members, "sh")?;
    Ok(Push {
        challenge: text(WHAT, members, "c")?.to_owned(),
        enrolment_id: text(WHAT, members, "dai")?.to_owned(),
        sent_at: text(WHAT, members, "d")?.to_owned(),
        transaction: Secret::new(bearer(members)?),
        first_answer: OnceLock::new(),
    })
}

/// A bearer must be able to stand in a header.
fn bearer(members: &Map<String, Value>) -> Result<&str, DeviceError> {
    let token = text(WHAT, members, "txtkn")?;
    if token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(token)
    } else {
        Err(DeviceError::Member {
            what: WHAT,
            member: "txtkn",
            why: "cannot stand in a header",
        })
    }
}
