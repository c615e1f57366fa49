//! The grant `refresh_token` (RFC 6749 §6): new tokens for who once had the scope `offline_access`. The refresh token
//! itself stays as it is, which is the vendor's default.

use std::time::Duration;

use crate::body::Fields;
use crate::call::Call;
use crate::client::ClientKey;
use crate::login::Wish;
use crate::refusals;
use crate::reply::{Answer, Refusal, Reply};
use crate::tenant::{ALPHANUMERIC, Tenant};
use crate::user::UserKey;

/// What a refresh token stands for.
#[derive(Clone)]
pub(crate) struct Refresh {
    user: UserKey,
    client: ClientKey,
    wish: Wish,
    expires: Duration,
}

impl Tenant {
    /// A token that renews what was wished for.
    pub(crate) fn begin_refresh(
        &mut self,
        now: Duration,
        user: UserKey,
        client: ClientKey,
        wish: &Wish,
    ) -> String {
        let token = format!("v1.{}", self.text(ALPHANUMERIC, 43));
        let expires = now + self.settings.lifetimes.refresh_token;
        let refresh = Refresh {
            user,
            client,
            wish: wish.clone(),
            expires,
        };
        self.refreshes.put(now, token.clone(), refresh, expires);
        token
    }

    pub(crate) fn refresh(
        &mut self,
        call: &Call<'_>,
        fields: &Fields,
        client: ClientKey,
    ) -> Answer {
        let token = fields.required("refresh_token")?.to_owned();
        let found = self.refreshes.get(&token);
        let found = found.filter(|found| found.client == client && call.now < found.expires);
        let Refresh { user, wish, .. } =
            found.cloned().ok_or_else(refusals::unknown_refresh_token)?;
        let owner = self
            .users
            .get_mut(user)
            .ok_or_else(refusals::unknown_refresh_token)?;
        if owner.blocked {
            return Err(refusals::user_blocked());
        }
        owner.seen = call.now;
        let wish = narrowed(wish, fields.text("scope")?)?;
        self.token_set(call, user, client, &wish).map(Reply::ok)
    }
}

/// The wish with the scope that is asked for now, which may be narrower than it was and not wider.
fn narrowed(wish: Wish, asked: Option<&str>) -> Result<Wish, Refusal> {
    let Some(asked) = asked else {
        return Ok(wish);
    };
    let granted = wish.scope.as_deref().unwrap_or_default();
    let was_granted = |one: &str| granted.split_ascii_whitespace().any(|other| other == one);
    if !asked.split_ascii_whitespace().all(was_granted) {
        return Err(refusals::invalid_scope());
    }
    Ok(Wish {
        scope: Some(asked.into()),
        ..wish
    })
}
