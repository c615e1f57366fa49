//! What a reply means to a phone: acknowledged, refused, or nothing at all.

use http::Response;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use crate::error::DeviceError;

/// More than any device call answers: an enrolment has some hundreds of bytes.
const REPLY_BYTES_MAX: usize = 64 * 1024;
const REPLY: &str = "the reply";

/// What the endpoint said to a request of the phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reading {
    /// It did as it was asked: 2xx, in the form that the SDKs accept.
    Acknowledged,
    /// It refused: 4xx, except 408 and 429, which say "later". The text is the status and, if it is one of those that
    /// Guardian documents, the `errorCode`; other text of the endpoint does not get in.
    Refused(String),
}

/// Error codes of the device API (vendor's error code reference and SDKs).
const CODES: &[&str] = &[
    "already_enrolled",
    "device_account_conflict",
    "device_account_not_found",
    "enrollment_conflict",
    "enrollment_not_found",
    "enrollment_transaction_not_found",
    "error_sending_push_notification",
    "feature_disabled",
    "field_required",
    "insufficient_scope",
    "invalid_bearer_format",
    "invalid_body",
    "invalid_challenge",
    "invalid_otp",
    "invalid_phone_number",
    "invalid_query_string",
    "invalid_recovery_code",
    "invalid_token",
    "login_transaction_not_found",
    "not_enrolled",
    "pn_endpoint_disabled",
    "push_notification_wrong_credentials",
    "tenant_not_found",
    "too_many_pn",
    "too_many_sms",
    "transaction_expired",
];

/// Reads a reply of which only the success matters.
///
/// As the Swift SDK it wants `application/json` from every success but 204; what the JSON says is of no interest.
pub(crate) fn read(reply: &Response<Vec<u8>>) -> Result<Reading, DeviceError> {
    bounded(REPLY, reply.body(), REPLY_BYTES_MAX)?;
    match reply.status().as_u16() {
        204 => Ok(Reading::Acknowledged),
        200..=299 if is_json(reply) => Ok(Reading::Acknowledged),
        200..=299 => Err(DeviceError::MediaType),
        status @ (408 | 429) => Err(DeviceError::Status { status }),
        status @ 400..=499 => Ok(Reading::Refused(refusal(status, reply.body()))),
        status => Err(DeviceError::Status { status }),
    }
}

/// The JSON object of a reply that [`read`] found acknowledged.
pub(crate) fn object(reply: &Response<Vec<u8>>) -> Result<Map<String, Value>, DeviceError> {
    match serde_json::from_slice(reply.body()) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) | Err(_) => Err(DeviceError::NotJson {
            what: REPLY,
            wanted: "a JSON object",
        }),
    }
}

/// Refuses to look at more than `bytes_max`.
pub(crate) fn bounded(
    what: &'static str,
    body: &[u8],
    bytes_max: usize,
) -> Result<(), DeviceError> {
    let bytes = body.len();
    if bytes > bytes_max {
        Err(DeviceError::TooLarge {
            what,
            bytes,
            bytes_max,
        })
    } else {
        Ok(())
    }
}

/// A member that must be a text with something in it.
pub(crate) fn text<'a>(
    what: &'static str,
    members: &'a Map<String, Value>,
    member: &'static str,
) -> Result<&'a str, DeviceError> {
    let wrong = |why| DeviceError::Member { what, member, why };
    match members.get(member) {
        None => Err(wrong("is missing")),
        Some(Value::String(text)) if text.is_empty() => Err(wrong("is empty")),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(wrong("is no string")),
    }
}

fn is_json(reply: &Response<Vec<u8>>) -> bool {
    let Some(Ok(value)) = reply
        .headers()
        .get(CONTENT_TYPE)
        .map(|value| value.to_str())
    else {
        return false;
    };
    let media_type = value.split(';').next().unwrap_or(value);
    media_type.trim().eq_ignore_ascii_case("application/json")
}

fn refusal(status: u16, body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    match body
        .get("errorCode")
        .and_then(Value::as_str)
        .filter(|code| CODES.contains(code))
    {
        Some(code) => format!("{status} {code}"),
        None => format!("{status} without a known error code"),
    }
}
