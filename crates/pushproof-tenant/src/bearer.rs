//! Who a bearer of `/mfa/*` or the Management API is.

use serde_json::Value;

use crate::authenticator::BegunWith;
use crate::call::Call;
use crate::fault::Fault;
use crate::login::Door;
use crate::refusals;
use crate::reply::Refusal;
use crate::seal::SealId;
use crate::tenant::Tenant;
use crate::user::UserKey;

/// The person behind a bearer of `/mfa/*`. The two kinds are not interchangeable (`protocol.md` §1.4).
pub(crate) enum Bearer {
    Login {
        id: SealId,
        user: UserKey,
        client_id: String,
    },
    Management {
        user: UserKey,
        client_id: String,
    },
}

impl Bearer {
    pub(crate) fn user(&self) -> UserKey {
        match self {
            Self::Login { user, .. } | Self::Management { user, .. } => *user,
        }
    }

    pub(crate) fn login(&self) -> Option<SealId> {
        match self {
            Self::Login { id, .. } => Some(*id),
            Self::Management { .. } => None,
        }
    }

    pub(crate) fn client_id(&self) -> &str {
        match self {
            Self::Login { client_id, .. } | Self::Management { client_id, .. } => client_id,
        }
    }

    pub(crate) fn begun_with(&self) -> BegunWith {
        match self {
            Self::Login { .. } => BegunWith::Login,
            Self::Management { .. } => BegunWith::Management,
        }
    }
}

impl Tenant {
    /// The bearer of a request to `/mfa/*`; a management token needs the scope.
    pub(crate) fn bearer(&self, call: &Call<'_>, scope: &'static str) -> Result<Bearer, Refusal> {
        let token = call
            .credentials("Bearer")
            .ok_or_else(refusals::invalid_bearer)?;
        if let Some(claims) = self.keys.open(token) {
            return self.management_bearer(call, &claims, scope);
        }
        let (id, login) = self.login(call.now, token, Door::Bearer)?;
        let client_id = self.client_settings(login.client).id.clone();
        Ok(Bearer::Login {
            id,
            user: login.user,
            client_id,
        })
    }

    fn management_bearer(
        &self,
        call: &Call<'_>,
        claims: &Value,
        scope: &'static str,
    ) -> Result<Bearer, Refusal> {
        if !is_current(call, claims) {
            return Err(refusals::invalid_bearer());
        }
        if !self.has(Fault::ScopesUnchecked) {
            let audience = call.url("mfa/");
            if !is_for(claims, &audience) && !is_for(claims, audience.trim_end_matches('/')) {
                return Err(refusals::invalid_bearer());
            }
            if !may(claims, scope) {
                return Err(refusals::insufficient_scope(scope));
            }
        }
        let user = claims["sub"]
            .as_str()
            .and_then(|sub| self.users.with_id(sub));
        let user = user.ok_or_else(refusals::invalid_bearer)?;
        Ok(Bearer::Management {
            user,
            client_id: claims["azp"].as_str().unwrap_or_default().into(),
        })
    }

    /// Whether a request may use the Management API; `Err` is its form of refusal.
    pub(crate) fn manager(&self, call: &Call<'_>, scope: &'static str) -> Result<(), Refusal> {
        let claims = call
            .credentials("Bearer")
            .and_then(|token| self.keys.open(token));
        let claims = claims
            .filter(|claims| is_current(call, claims) && is_for(claims, &call.url("api/v2/")));
        let Some(claims) = claims else {
            return Err(Refusal::new(401, "invalid_token", "Invalid token.")
                .with_challenge("Bearer error=\"invalid_token\""));
        };
        if may(&claims, scope) {
            Ok(())
        } else {
            Err(refusals::insufficient_scope(scope))
        }
    }

    /// The user whose profile a request to `/userinfo` may see.
    pub(crate) fn profile_owner(&self, call: &Call<'_>) -> Result<UserKey, Refusal> {
        let refusal = || {
            Refusal::new(401, "invalid_token", "Unauthorized")
                .with_challenge("Bearer error=\"invalid_token\"")
        };
        let token = call.credentials("Bearer").ok_or_else(refusal)?;
        if self.has(Fault::MfaTokenOpensUserinfo)
            && let Ok((_, login)) = self.login(call.now, token, Door::Bearer)
        {
            return Ok(login.user);
        }
        let claims = self.keys.open(token).ok_or_else(refusal)?;
        if !is_current(call, &claims) || !is_for(&claims, &call.url("userinfo")) {
            return Err(refusal());
        }
        claims["sub"]
            .as_str()
            .and_then(|sub| self.users.with_id(sub))
            .ok_or_else(refusal)
    }
}

/// Whether a token is of this issuer and alive.
fn is_current(call: &Call<'_>, claims: &Value) -> bool {
    claims["iss"] == *call.issuer()
        && claims["exp"]
            .as_u64()
            .is_some_and(|exp| call.now.as_secs() < exp)
}

pub(crate) fn is_for(claims: &Value, audience: &str) -> bool {
    match &claims["aud"] {
        Value::String(one) => one == audience,
        Value::Array(several) => several.iter().any(|one| one == audience),
        _ => false,
    }
}

fn may(claims: &Value, scope: &str) -> bool {
    claims["scope"]
        .as_str()
        .is_some_and(|scopes| scopes.split(' ').any(|one| one == scope))
}
