//! `PATCH` and `DELETE /api/device-accounts/{id}`: a phone changes its name or push token, or leaves
//! (`protocol.md` §8.6).

use http::Method;
use serde_json::{Value, json};

use crate::api::device_enrol::{invalid_body, invalid_token};
use crate::authenticator::{DeviceId, Phone};
use crate::call::Call;
use crate::jwt::Jwt;
use crate::reply::{Answer, Refusal, Reply};
use crate::tenant::Tenant;
use crate::user::UserKey;

impl Tenant {
    pub(crate) fn device_account(&mut self, call: &Call<'_>, id: &str) -> Answer {
        let device = DeviceId(id.into());
        let owner = self.device_owner(call, &device)?;
        if *call.method == Method::DELETE {
            self.users.remove_device(owner, &device, true);
            return Ok(Reply::no_content());
        }
        let body: Value =
            serde_json::from_slice(call.body).map_err(|_| invalid_body("The body is not JSON."))?;
        let user = self.users.get_mut(owner).ok_or_else(account_not_found)?;
        let phone = user.phone_mut(&device).ok_or_else(account_not_found)?;
        change(phone, &body)?;
        Ok(Reply::ok(json!({
            "id": id, "identifier": phone.identifier, "name": phone.name,
            "push_credentials": { "service": phone.push_service, "token": phone.push_token },
        })))
    }

    /// The owner of a device account, for whom the bearer speaks: the token of the enrolment, or a JWT that the phone
    /// signed itself.
    fn device_owner(&self, call: &Call<'_>, device: &DeviceId) -> Result<UserKey, Refusal> {
        let bearer = call.credentials("Bearer").ok_or_else(invalid_token)?;
        let owner = self
            .users
            .with_device(device)
            .ok_or_else(account_not_found)?;
        let user = self.users.get(owner).ok_or_else(account_not_found)?;
        let phone = user.phone(device).ok_or_else(account_not_found)?;
        let accounts = call
            .path
            .rsplit_once('/')
            .map_or(call.path, |(folder, _)| folder);
        let audience = format!("{}{accounts}", call.origin);
        let is_owners = bearer == phone.account_token
            || speaks_for(bearer, phone, |claims| {
                claims["iss"] == *device.0
                    && claims["sub"] == *user.id
                    && claims["aud"] == *audience
                    && claims["exp"]
                        .as_f64()
                        .is_some_and(|exp| call.now.as_secs_f64() < exp)
            });
        is_owners.then_some(owner).ok_or_else(invalid_token)
    }
}

fn speaks_for(bearer: &str, phone: &Phone, is_right: impl Fn(&Value) -> bool) -> bool {
    let Some(jwt) = Jwt::parse(bearer) else {
        return false;
    };
    let is_signed = phone.key.as_ref().is_some_and(|key| key.has_signed(&jwt));
    is_signed && is_right(&jwt.claims)
}

/// Takes over what the body names; all of it or, when something is no text, nothing.
fn change(phone: &mut Phone, body: &Value) -> Result<(), Refusal> {
    let text = |value: &Value, now: &str| match value {
        Value::Null => Ok(now.to_owned()),
        Value::String(text) if !text.is_empty() => Ok(text.clone()),
        _ => Err(invalid_body("Every member must be a text.")),
    };
    let push = &body["push_credentials"];
    let identifier = text(&body["identifier"], &phone.identifier)?;
    let name = text(&body["name"], &phone.name)?;
    let push_service = text(&push["service"], &phone.push_service)?;
    let push_token = text(&push["token"], &phone.push_token)?;
    (
        phone.identifier,
        phone.name,
        phone.push_service,
        phone.push_token,
    ) = (identifier, name, push_service, push_token);
    Ok(())
}

fn account_not_found() -> Refusal {
    Refusal::new(
        404,
        "device_account_not_found",
        "The device account was not found.",
    )
}
