//! `/userinfo`: the profile behind an access token. An `mfa_token` opens nothing here (MTK-008).

use serde_json::json;

use crate::call::Call;
use crate::refusals;
use crate::reply::{Answer, Reply};
use crate::tenant::Tenant;

impl Tenant {
    pub(crate) fn userinfo(&mut self, call: &Call<'_>) -> Answer {
        let owner = self.profile_owner(call)?;
        let user = self.users.get(owner).ok_or_else(refusals::not_found)?;
        Ok(Reply::ok(
            json!({ "sub": user.id, "email": user.email, "email_verified": user.email_verified }),
        ))
    }
}
