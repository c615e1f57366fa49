//! As much of the Management API as a provider of users needs: `/api/v2/users`.

use http::Method;
use serde_json::{Map, Value, json};

use crate::authenticator::Kind;
use crate::body::Fields;
use crate::call::Call;
use crate::percent::percent_decode;
use crate::refusals;
use crate::reply::{Answer, Refusal, Reply};
use crate::tenant::{HEX, Tenant};
use crate::user::{Registration, User, UserKey};

impl Tenant {
    pub(crate) fn create_user(&mut self, call: &Call<'_>) -> Answer {
        self.manager(call, "create:users")?;
        let fields = self.fields(call)?;
        if fields.required("connection")? != self.settings.connection {
            return Err(refusals::invalid_request("The connection does not exist."));
        }
        let (email, password) = (fields.required("email")?, fields.required("password")?);
        if !email.contains('@') {
            return Err(refusals::invalid_request("email must be an address"));
        }
        let email_verified = flag(&fields, "email_verified")?.unwrap_or(false);
        if self.users.named(email).is_some() {
            return Err(Refusal::new(
                409,
                "auth0_idp_error",
                "The user already exists.",
            ));
        }
        let unseen_since = call.now.saturating_sub(self.settings.lifetimes.user);
        self.users
            .make_room(unseen_since, self.settings.users_max.max(1));
        let registration = Registration {
            id: format!("auth0|{}", self.text(HEX, 24)),
            email: email.into(),
            email_verified,
            password: password.into(),
            email_device: self.device_id(),
        };
        let user = User::new(call.now, &self.settings.buckets, registration);
        let shown = self.shown(&user);
        self.users.add(user);
        Ok(Reply::created(shown))
    }

    /// `GET`, `PATCH` or `DELETE /api/v2/users/{id}`. Deleting who does not exist is no error, as at the vendor's.
    pub(crate) fn manage_user(&mut self, call: &Call<'_>, id: &str) -> Answer {
        if *call.method == Method::DELETE {
            self.manager(call, "delete:users")?;
            if let Some(key) = self.user_in_path(id) {
                self.users.remove(key);
            }
            return Ok(Reply::no_content());
        }
        if *call.method == Method::PATCH {
            self.manager(call, "update:users")?;
            return self.change_user(call, id);
        }
        self.manager(call, "read:users")?;
        let user = self
            .user_in_path(id)
            .and_then(|key| self.users.get(key))
            .ok_or_else(user_not_found)?;
        Ok(Reply::ok(self.shown(user)))
    }

    /// Takes over what the body names, all of it or nothing.
    fn change_user(&mut self, call: &Call<'_>, id: &str) -> Answer {
        let fields = self.fields(call)?;
        let key = self.user_in_path(id).ok_or_else(user_not_found)?;
        let blocked = flag(&fields, "blocked")?;
        let email_verified = flag(&fields, "email_verified")?;
        let password = fields.text("password")?;
        let known = ["blocked", "email_verified", "password", "connection"];
        if fields
            .members()
            .keys()
            .any(|name| !known.contains(&&**name))
        {
            return Err(refusals::invalid_request(
                "Only blocked, email_verified and password can be changed.",
            ));
        }
        let user = self.users.get_mut(key).ok_or_else(user_not_found)?;
        user.blocked = blocked.unwrap_or(user.blocked);
        user.email_verified = email_verified.unwrap_or(user.email_verified);
        if let Some(password) = password {
            user.password = password.into();
        }
        let user = self.users.get(key).ok_or_else(user_not_found)?;
        Ok(Reply::ok(self.shown(user)))
    }

    /// Gives the user a new recovery code; the old one is dead (`protocol.md` §6, item 7).
    pub(crate) fn regenerate_recovery_code(&mut self, call: &Call<'_>, id: &str) -> Answer {
        self.manager(call, "update:users")?;
        let key = self.user_in_path(id).ok_or_else(user_not_found)?;
        let fresh = self.recovery_code();
        let entry = self.users.get_mut(key).and_then(|user| user.recovery_mut());
        match entry.map(|entry| &mut entry.kind) {
            Some(Kind::Recovery { code }) => {
                code.clone_from(&fresh);
                Ok(Reply::ok(json!({ "recovery_code": fresh })))
            }
            _ => Err(Refusal::new(
                404,
                "not_enrolled",
                "The user has no recovery code.",
            )),
        }
    }

    fn user_in_path(&self, id: &str) -> Option<UserKey> {
        self.users.with_id(&percent_decode(id)?)
    }

    fn shown(&self, user: &User) -> Map<String, Value> {
        let bare_id = user.id.strip_prefix("auth0|").unwrap_or(&user.id);
        let identity = json!({ "connection": self.settings.connection, "user_id": bare_id, "provider": "auth0", "isSocial": false });
        let mut shown: Map<String, Value> = [
            ("user_id", json!(user.id)),
            ("email", json!(user.email)),
            ("email_verified", json!(user.email_verified)),
            ("identities", json!([identity])),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect();
        if user.blocked {
            shown.insert("blocked".into(), json!(true));
        }
        shown
    }
}

fn flag(fields: &Fields, name: &'static str) -> Result<Option<bool>, Refusal> {
    match fields.member(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(refusals::must_be(name, "a boolean")),
    }
}

fn user_not_found() -> Refusal {
    Refusal::new(404, "inexistent_user", "The user does not exist.")
}
