//! Enrolling (`POST {base}/api/enroll`): the request's body, and what the phone keeps of the reply.

use std::time::Duration;

use http::Response;
use serde_json::{Map, Value, json};

use crate::error::DeviceError;
use crate::key::KeyPair;
use crate::platform::Platform;
use crate::reply::{object, text};
use crate::secret::Secret;
use crate::totp::{Totp, hash};

const WHAT: &str = "the enrolment";
/// An id goes into URLs; real ones have some twenty characters.
const ID_BYTES_MAX: usize = 256;

/// What the endpoint told the phone about its account there.
#[derive(Clone, Debug)]
pub(crate) struct Enrolment {
    /// The device account; a push names it as `dai`.
    pub(crate) id: String,
    /// The user, as the `sub` of what the phone says about its own account.
    pub(crate) user_id: String,
    /// The bearer of the deprecated form of account calls. Kept because it must not show up anywhere.
    pub(crate) token: Secret,
    /// The seed of the OTP sibling, if there is one.
    pub(crate) totp: Option<Totp>,
}

/// The body that names the device and carries its key.
pub(crate) fn body(
    identifier: &str,
    name: &str,
    push_token: &str,
    key: &KeyPair,
    platform: Platform,
) -> Value {
    let public_key = if platform.pads_modulus() {
        key.public_jwk_padded()
    } else {
        key.public_jwk()
    };
    json!({
        "identifier": identifier,
        "name": name,
        "push_credentials": { "service": platform.push_service(), "token": push_token },
        "public_key": public_key,
    })
}

impl Enrolment {
    /// Reads an acknowledged enrolment: needed is what both SDKs need, `id`, `user_id`, `issuer` and `token`.
    pub(crate) fn read(reply: &Response<Vec<u8>>) -> Result<Self, DeviceError> {
        let members = object(reply)?;
        text(WHAT, &members, "issuer")?;
        let id = text(WHAT, &members, "id")?;
        if id.len() > ID_BYTES_MAX {
            return Err(DeviceError::Member {
                what: WHAT,
                member: "id",
                why: "is longer than 256 bytes",
            });
        }
        Ok(Self {
            id: id.to_owned(),
            user_id: text(WHAT, &members, "user_id")?.to_owned(),
            token: Secret::new(text(WHAT, &members, "token")?),
            totp: totp_of(&members)?,
        })
    }
}

/// The OTP sibling. It may be absent or null; when it is there its numbers must be JSON numbers.
fn totp_of(members: &Map<String, Value>) -> Result<Option<Totp>, DeviceError> {
    let totp = match members.get("totp") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(totp)) => totp,
        Some(_) => {
            return Err(DeviceError::Member {
                what: WHAT,
                member: "totp",
                why: "is no object",
            });
        }
    };
    let hash = match totp.get("algorithm") {
        None => crate::totp::Hash::default(),
        Some(_) => hash(text("`totp`", totp, "algorithm")?)?,
    };
    let digits = number(totp, "digits", 6)?;
    let period = number(totp, "period", 30)?;
    let digits = u32::try_from(digits).unwrap_or(u32::MAX);
    Totp::new(text("`totp`", totp, "secret")?)?
        .with(hash, digits, Duration::from_secs(period))
        .map(Some)
}

fn number(
    totp: &Map<String, Value>,
    member: &'static str,
    missing: u64,
) -> Result<u64, DeviceError> {
    match totp.get(member) {
        None => Ok(missing),
        Some(value) => value.as_u64().ok_or(DeviceError::Member {
            what: "`totp`",
            member,
            why: "is no whole number",
        }),
    }
}
