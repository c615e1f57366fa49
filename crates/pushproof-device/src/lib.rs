//! A Guardian phone as a value: it enrols, receives pushes, answers them, forges answers, and shows one-time codes.
//!
//! Start at [`Phone`]. It makes `http::Request<Vec<u8>>` values and reads `http::Response<Vec<u8>>` values; whoever
//! holds it carries them. **Never here:** sockets, clocks, waiting, the MFA API that an application speaks. The time is a
//! parameter, and so is every reply.
//!
//! A reply is read into a [`Reading`]: acknowledged, or refused by the endpoint. What fits neither (a server error, a
//! success without the members a phone needs, throttling) is a [`DeviceError`]: nothing was learnt about the decision, and
//! nobody may conclude that the endpoint refused. Error texts are made of fixed words and numbers, so neither a secret
//! nor an endpoint's hostile text can get into them.
//!
//! Facts and their sources: the Guardian device protocol as its public SDKs for Android and Swift speak it.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use pushproof_device::{Decision, KeyPair, Phone, Reading, Which};
//!
//! # fn main() -> Result<(), pushproof_device::DeviceError> {
//! # let json = |status: u16, body: &str| http::Response::builder().status(status)
//! #     .header("content-type", "application/json").body(body.as_bytes().to_vec()).expect("the parts are valid");
//! let mut phone = Phone::new("https://tenant.example.com", "Ada's phone", "local-id-1", "push-token-1", KeyPair::generate());
//!
//! let request = phone.enrol("otpauth://totp/Acme:ada?enrollment_tx_id=T1&base_url=https%3A%2F%2Ftenant.example.com")?;
//! assert_eq!(request.uri(), "https://tenant.example.com/appliance-mfa/api/enroll");
//! let reply = json(200, r#"{"id":"dev_1","user_id":"auth0|1","issuer":"Acme","token":"…"}"#);
//! assert_eq!(phone.enrolled(&reply)?, Reading::Acknowledged);
//!
//! let inbox = br#"[{"sh":"tenant.example.com","dai":"dev_1","txtkn":"TX1","c":"challenge-1","d":"2026-01-01T00:00:00.000Z"}]"#;
//! assert_eq!(phone.receive(inbox)?, 1);
//! let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
//! let request = phone.answer(Decision::Approve, Which::Newest, now)?;
//! assert_eq!(request.uri(), "https://tenant.example.com/appliance-mfa/api/resolve-transaction");
//! # Ok(()) }
//! ```

mod phone;

mod answer;
mod barcode;
mod base;
mod enrolment;
mod error;
mod forgery;
mod key;
mod platform;
mod push;
mod reply;
mod request;
mod secret;
mod totp;

pub use answer::{Decision, Which};
pub use barcode::ticket;
pub use error::DeviceError;
pub use forgery::{Forgery, UnknownForgery};
pub use key::KeyPair;
pub use phone::Phone;
pub use platform::Platform;
pub use push::Push;
pub use reply::Reading;
pub use totp::{Hash, Totp, totp};
