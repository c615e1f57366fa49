//! A simulated tenant of the Auth0-style MFA API, as a value: [`Tenant::handle`] takes an instant and a request and
//! gives the reply.
//!
//! It speaks `/oauth/token`, `/mfa/*`, the Guardian device API, as much of the Management API as a provider of users
//! needs, and a control surface under `/__control/`. It reads no clock and no system randomness after its keys: the
//! same settings and the same requests at the same instants give the same replies, signatures included. Any [`Fault`]
//! can be switched on, so that a suite can be tested against defects it must find; and any reply can be changed by a
//! [`ReplyFault`]. [`AnyFault`] reads both from text.
//!
//! | part | served | form of errors |
//! | --- | --- | --- |
//! | token endpoint | `POST /oauth/token`: `password`, `password-realm`, `client_credentials`, `refresh_token`, `mfa-oob`, `mfa-otp`, `mfa-recovery-code` | OAuth |
//! | MFA API | `POST /mfa/associate`, `POST /mfa/challenge`, `GET /mfa/authenticators`, `DELETE /mfa/authenticators/{id}` | OAuth |
//! | profile | `/userinfo`, `/.well-known/jwks.json`, `/.well-known/openid-configuration` | OAuth |
//! | device API, also under `/appliance-mfa` | `POST /api/enroll`, `POST /api/resolve-transaction`, `PATCH`, `DELETE /api/device-accounts/{id}` | `statusCode`, `errorCode` |
//! | Management API | `POST /api/v2/users`, `GET`, `PATCH`, `DELETE /api/v2/users/{id}`, `POST /api/v2/users/{id}/recovery-code-regeneration` | `statusCode`, `errorCode` |
//! | control | `GET /__control/inbox/{push_token}`, `GET /__control/messages/{address}`, `POST /__control/device`, `POST /__control/settings`, `GET /__control/state` | OAuth |
//! | page | `GET /`: the same for a person who plays the phone | |
//!
//! It is no whole identity service: there is no `/authorize` and no login page, so no code, device or CIBA flow; a DPoP
//! proof is ignored, as RFC 9449 lets a server do, and tokens are bearer tokens; clients cannot show certificates (mTLS);
//! pushes never carry a rich consent; and the Management API has users and nothing else. Phones enrol with RSA or P-256
//! keys.
//!
//! **Never here:** sockets, `async`, clocks, environment, printing, the code of the device crate (each checks the
//! other).
//! **Never fails on a strange request:** whatever the octets, the answer is a reply.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use pushproof_tenant::{Keys, Settings, Tenant};
//!
//! let mut tenant = Tenant::new(Settings::default(), Keys::generate());
//! let request = http::Request::post("http://localhost/mfa/challenge").body(b"{".to_vec())?;
//! let reply = tenant.handle(SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600), request);
//! assert_eq!(reply.status(), 400);
//! # Ok::<(), http::Error>(())
//! ```

mod activity;
mod any_fault;
mod api;
mod attempts;
mod authenticator;
mod bearer;
mod bent;
mod body;
mod bucket;
mod call;
mod client;
mod confirm;
mod dates;
mod fault;
mod inbox;
mod jwt;
mod keys;
mod login;
mod masks;
mod page;
mod percent;
mod phone_key;
mod refusals;
mod reply;
mod reply_fault;
mod requirements;
mod route;
mod seal;
mod settings;
mod shelf;
mod tenant;
mod tokens;
mod totp;
mod transaction;
mod user;

pub use any_fault::{AnyFault, FaultError};
pub use fault::{Fault, UnknownFault};
pub use keys::Keys;
pub use reply_fault::ReplyFault;
pub use settings::{
    Buckets, Client, Factor, Lifetimes, MfaRequirements, OTHER_CLIENT_ID, OTHER_CLIENT_SECRET,
    PUBLIC_CLIENT_ID, Profile, RESTRICTED_CLIENT_ID, RESTRICTED_CLIENT_SECRET, Rate,
    SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, SANDBOX_CONNECTION, SANDBOX_OTHER_AUDIENCE,
    SANDBOX_SWITCHES, Settings, Statuses,
};
pub use tenant::Tenant;
