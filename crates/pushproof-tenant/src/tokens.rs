//! What a login ends in: a set of tokens, RS256 JWTs signed by the tenant (`protocol.md` §5.3).

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::client::ClientKey;
use crate::fault::Fault;
use crate::login::Wish;
use crate::refusals;
use crate::reply::Refusal;
use crate::tenant::Tenant;
use crate::user::UserKey;

/// The scopes of the MFA API.
const MFA_SCOPES: [&str; 3] = ["enroll", "read:authenticators", "remove:authenticators"];
/// The scopes that are about the person and not about an API.
const PERSON_SCOPES: [&str; 6] = [
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
];

/// How long an id token lives: ten hours, the vendor's default.
const ID_TOKEN_S: u64 = 36_000;

/// What an access token may be for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Audience<'a> {
    /// Only the profile of the person.
    Userinfo,
    /// `{issuer}mfa/`.
    Mfa,
    /// An API of the settings.
    Api(&'a str),
}

impl Tenant {
    /// Whether a password grant may ask for this audience.
    pub(crate) fn check_audience(&self, call: &Call<'_>, wish: &Wish) -> Result<(), Refusal> {
        self.audience(call, wish).map(|_| ())
    }

    /// Whether the wish is for the MFA API.
    pub(crate) fn wishes_mfa_api(&self, call: &Call<'_>, wish: &Wish) -> bool {
        self.audience(call, wish)
            .is_ok_and(|audience| audience == Audience::Mfa)
    }

    fn audience<'w>(&self, call: &Call<'_>, wish: &'w Wish) -> Result<Audience<'w>, Refusal> {
        let Some(asked) = wish.audience.as_deref() else {
            return Ok(Audience::Userinfo);
        };
        let is_ours = |path: &str| asked.trim_end_matches('/') == call.url(path);
        if is_ours("mfa") {
            Ok(Audience::Mfa)
        } else if is_ours("userinfo") {
            Ok(Audience::Userinfo)
        } else if self.settings.audiences.iter().any(|known| known == asked) {
            Ok(Audience::Api(asked))
        } else {
            Err(refusals::invalid_request(
                "invalid audience specified for password grant exchange",
            ))
        }
    }

    /// The tokens that grant a wish to a user (SEC-003: the one of the first factor), and with `offline_access` one to
    /// renew them.
    pub(crate) fn issue(
        &mut self,
        call: &Call<'_>,
        user: UserKey,
        client: ClientKey,
        wish: &Wish,
    ) -> Result<Map<String, Value>, Refusal> {
        let mut set = self.token_set(call, user, client, wish)?;
        let scope = set.get("scope").and_then(Value::as_str).unwrap_or_default();
        if scope.split(' ').any(|one| one == "offline_access") {
            let refresh_token = self.begin_refresh(call.now, user, client, wish);
            set.insert("refresh_token".into(), json!(refresh_token));
        }
        Ok(set)
    }

    /// The tokens without one to renew them.
    pub(crate) fn token_set(
        &self,
        call: &Call<'_>,
        user: UserKey,
        client: ClientKey,
        wish: &Wish,
    ) -> Result<Map<String, Value>, Refusal> {
        let audience = self.audience(call, wish)?;
        let scope = granted_scope(audience, wish.scope.as_deref());
        let has = |name: &str| scope.split(' ').any(|one| one == name);
        let user = self
            .users
            .get(self.bent_subject(user))
            .ok_or_else(refusals::mfa_token_expired)?;
        let client_id = &*self.client_settings(client).id;
        let lifetime = self.lifetime(audience).as_secs();
        let iat = call.now.as_secs();

        let mut set = Map::new();
        let access = json!({ "iss": call.issuer(), "sub": user.id, "aud": aud(call, audience, has("openid")), "iat": iat,
            "exp": iat + lifetime, "scope": scope, "azp": client_id });
        set.insert("access_token".into(), json!(self.keys.sign(&access)));
        if has("openid") {
            let mut id = json!({ "iss": call.issuer(), "sub": user.id, "aud": client_id, "iat": iat,
                "exp": iat + ID_TOKEN_S });
            if has("email") {
                id["email"] = json!(user.email);
                id["email_verified"] = json!(user.email_verified);
            }
            set.insert("id_token".into(), json!(self.keys.sign(&id)));
        }
        if !scope.is_empty() {
            set.insert("scope".into(), json!(scope));
        }
        set.insert("expires_in".into(), json!(lifetime));
        set.insert("token_type".into(), json!("Bearer"));
        Ok(set)
    }

    fn lifetime(&self, audience: Audience<'_>) -> Duration {
        match audience {
            Audience::Mfa => self.settings.lifetimes.management_token,
            Audience::Userinfo | Audience::Api(_) => self.settings.lifetimes.access_token,
        }
    }

    /// Whom tokens are issued for: the user given, but for [`Fault::TokensForAnother`].
    fn bent_subject(&self, user: UserKey) -> UserKey {
        if !self.has(Fault::TokensForAnother) {
            return user;
        }
        self.users
            .iter()
            .map(|(other, _)| other)
            .find(|other| *other != user)
            .unwrap_or(user)
    }
}

/// The `aud` of an access token; with `openid` it opens the profile too.
fn aud(call: &Call<'_>, audience: Audience<'_>, openid: bool) -> Value {
    match audience {
        Audience::Userinfo => json!(call.url("userinfo")),
        Audience::Mfa => json!(call.url("mfa/")),
        Audience::Api(api) if openid => json!([api, call.url("userinfo")]),
        Audience::Api(api) => json!(api),
    }
}

/// Of the scopes asked for, those that the audience has; all of them when none was asked for.
fn granted_scope(audience: Audience<'_>, asked: Option<&str>) -> String {
    let Some(asked) = asked else {
        return if audience == Audience::Mfa {
            MFA_SCOPES.join(" ")
        } else {
            String::new()
        };
    };
    let exists = |scope: &&str| match audience {
        Audience::Userinfo => PERSON_SCOPES.contains(scope),
        Audience::Mfa => MFA_SCOPES.contains(scope) || PERSON_SCOPES.contains(scope),
        Audience::Api(_) => true,
    };
    asked
        .split_ascii_whitespace()
        .filter(exists)
        .collect::<Vec<_>>()
        .join(" ")
}
