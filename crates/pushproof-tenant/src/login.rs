//! A passed first factor that waits for the second: [`Login`], named by its `mfa_token`.

use std::sync::Arc;
use std::time::Duration;

use crate::body::Fields;
use crate::call::Call;
use crate::client::ClientKey;
use crate::fault::Fault;
use crate::refusals;
use crate::reply::Refusal;
use crate::seal::{Purpose, SealId};
use crate::tenant::Tenant;
use crate::user::{User, UserKey};

#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) user: UserKey,
    pub(crate) client: ClientKey,
    pub(crate) expires: Duration,
    pub(crate) wish: Wish,
}

/// What the client asked for with the first factor; the second factor grants it.
#[derive(Clone, Default)]
pub(crate) struct Wish {
    pub(crate) audience: Option<Arc<str>>,
    pub(crate) scope: Option<Arc<str>>,
}

/// Where an `mfa_token` was presented; each place has its own refusals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// The `Authorization` header of `/mfa/*`.
    Bearer,
    /// A parameter of the challenge or the token endpoint.
    Parameter,
}

impl Tenant {
    /// Remembers a passed first factor; gives its `mfa_token`.
    pub(crate) fn begin_login(
        &mut self,
        now: Duration,
        user: UserKey,
        client: ClientKey,
        wish: Wish,
    ) -> String {
        let id = self.seal_id();
        let expires = now + self.settings.lifetimes.mfa_token;
        let (id, sealed_expiry) = self.bent_login_name(user, id, expires);
        let leaves_at = expires + self.settings.lifetimes.remembered;
        if let Some(user) = self.users.get_mut(user) {
            user.seen = now;
        }
        self.logins.put(
            now,
            id,
            Login {
                user,
                client,
                expires,
                wish,
            },
            leaves_at,
        );
        self.sealer.seal(Purpose::MfaToken, id, sealed_expiry)
    }

    /// The name and the sealed expiry: as given, but for [`Fault::MfaTokenRepeats`].
    fn bent_login_name(&self, user: UserKey, id: SealId, expires: Duration) -> (SealId, Duration) {
        match self.users.get(user) {
            Some(user) if self.has(Fault::MfaTokenRepeats) => (user.seal_name(), Duration::ZERO),
            _ => (id, expires),
        }
    }

    /// The login that an `mfa_token` names, if it is alive.
    pub(crate) fn login(
        &self,
        now: Duration,
        mfa_token: &str,
        door: Door,
    ) -> Result<(SealId, Login), Refusal> {
        let Some(id) = self.sealer.unseal(Purpose::MfaToken, mfa_token) else {
            if self.has(Fault::TamperedTokenIs500) {
                return Err(refusals::server_error());
            }
            return Err(match door {
                Door::Bearer => refusals::invalid_bearer(),
                Door::Parameter => refusals::malformed_mfa_token(self.settings.profile),
            });
        };
        let expired = || match door {
            Door::Bearer => refusals::invalid_bearer(),
            Door::Parameter => refusals::mfa_token_expired(),
        };
        let login = self.logins.get(&id).ok_or_else(expired)?;
        let is_alive = now < login.expires || self.has(Fault::MfaTokenNeverExpires);
        let user = self.users.get(login.user).filter(|_| is_alive);
        if user.ok_or_else(expired)?.blocked {
            return Err(match door {
                Door::Bearer => refusals::invalid_bearer(),
                Door::Parameter => refusals::user_blocked(),
            });
        }
        Ok((id, login.clone()))
    }

    /// The user of a login; one who was removed takes all logins along.
    pub(crate) fn user(&self, key: UserKey) -> Result<&User, Refusal> {
        self.users.get(key).ok_or_else(refusals::mfa_token_expired)
    }

    pub(crate) fn user_mut(&mut self, key: UserKey) -> Result<&mut User, Refusal> {
        self.users
            .get_mut(key)
            .ok_or_else(refusals::mfa_token_expired)
    }

    /// Whose buckets are emptied by what a user does: the user's own (RATE-004), but for [`Fault::ThrottledTogether`].
    pub(crate) fn bent_payer(&self, user: UserKey) -> UserKey {
        let first = self.users.iter().next();
        let first = first.filter(|_| self.has(Fault::ThrottledTogether));
        first.map_or(user, |(first, _)| first)
    }

    /// The login of the parameter `mfa_token`, which must have been issued to the client (MTK-005).
    pub(crate) fn login_of(
        &self,
        call: &Call<'_>,
        fields: &Fields,
        client: ClientKey,
    ) -> Result<(SealId, Login), Refusal> {
        let (id, login) = match fields.required("mfa_token") {
            Ok(mfa_token) => self.login(call.now, mfa_token, Door::Parameter)?,
            Err(refusal) => self.bent_guess(refusal)?,
        };
        if login.client != client && !self.has(Fault::MfaTokenOfAnyClient) {
            return Err(refusals::other_clients_mfa_token());
        }
        Ok((id, login))
    }

    /// Who presents no `mfa_token` has none (MTK-009), but for [`Fault::MfaTokenGuessed`].
    fn bent_guess(&self, refusal: Refusal) -> Result<(SealId, Login), Refusal> {
        let latest = self
            .logins
            .newest()
            .filter(|_| self.has(Fault::MfaTokenGuessed));
        latest
            .map(|(id, login)| (*id, login.clone()))
            .ok_or(refusal)
    }
}
