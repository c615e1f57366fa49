//! What the tenant serves, one endpoint or grant a file.

mod token;

mod client_credentials;
mod oob;
mod otp;
mod password;
mod recovery;
pub(crate) mod refresh;

mod associate;
mod authenticators;
mod challenge;
mod prompts;

mod device_account;
mod device_answer;
mod device_enrol;

mod control;
mod control_phone;
mod control_settings;
mod control_state;
mod userinfo;
mod users;
