//! The first factor: `password` and `password-realm` (`protocol.md` §1). Every user is asked for a second factor, also
//! one who has none yet and will enrol with the `mfa_token`.

use crate::body::Fields;
use crate::call::Call;
use crate::client::ClientKey;
use crate::fault::Fault;
use crate::login::Wish;
use crate::refusals;
use crate::reply::{Answer, Refusal, Reply};
use crate::tenant::Tenant;
use crate::user::UserKey;

impl Tenant {
    pub(crate) fn password(
        &mut self,
        call: &Call<'_>,
        fields: &Fields,
        client: ClientKey,
    ) -> Answer {
        let wish = Wish {
            audience: fields.text("audience")?.map(Into::into),
            scope: fields.text("scope")?.map(Into::into),
        };
        let name = fields.required("username")?;
        self.admit_login(call.now, name)?;
        let user = self.first_factor(fields);
        self.count_login(call.now, name, user.is_ok());
        let user = user?;
        if self.users.get(user).is_some_and(|user| user.blocked) {
            return Err(refusals::user_blocked());
        }
        self.check_audience(call, &wish)?;
        if !self.needs_second_factor(call, user, &wish) {
            return self.issue(call, user, client, &wish).map(Reply::ok);
        }
        let mut refusal = refusals::mfa_required(
            self.settings.statuses,
            self.begin_login(call.now, user, client, wish),
        );
        if let Some(requirements) = self.mfa_requirements(user) {
            refusal = refusal.with_member("mfa_requirements", requirements);
        }
        if self.has(Fault::MfaTokenMissing) {
            refusal.more.members.shift_remove("mfa_token");
        }
        Err(refusal)
    }

    /// The user whose name and password were given. A wrong name and a wrong password look the same (PWD-006).
    fn first_factor(&self, fields: &Fields) -> Result<UserKey, Refusal> {
        let (name, password) = (fields.required("username")?, fields.required("password")?);
        let key = self.users.named(name);
        let is_right = |key: &UserKey| {
            self.has(Fault::WrongPasswordMfaToken)
                || self
                    .users
                    .get(*key)
                    .is_some_and(|user| user.password == password)
        };
        key.filter(is_right).ok_or_else(refusals::wrong_credentials)
    }

    /// Only a user who has enrolled nothing gets a token of the MFA API for a password (`protocol.md` §1.2).
    fn needs_second_factor(&self, call: &Call<'_>, user: UserKey, wish: &Wish) -> bool {
        if self.has(Fault::PasswordIsEnough) {
            return false;
        }
        let is_enrolled = self.users.get(user).is_some_and(|user| user.is_enrolled());
        is_enrolled || !self.wishes_mfa_api(call, wish)
    }
}
