//! The grant `mfa-recovery-code` and the life of recovery codes (`protocol.md` §6): made with the first association,
//! good once a factor is confirmed, and each use replaces the code by a new one.

use std::time::Duration;

use serde_json::json;

use crate::authenticator::{Authenticator, BegunWith, Kind};
use crate::body::Fields;
use crate::call::Call;
use crate::client::ClientKey;
use crate::fault::Fault;
use crate::refusals;
use crate::reply::{Answer, Refusal, Reply};
use crate::tenant::{Tenant, UPPER_AND_DIGITS};
use crate::user::UserKey;

const CODE_LEN: usize = 24;

impl Tenant {
    pub(crate) fn mfa_recovery_code(
        &mut self,
        call: &Call<'_>,
        fields: &Fields,
        client: ClientKey,
    ) -> Answer {
        let code = fields.required("recovery_code")?;
        let (_, login) = self.login_of(call, fields, client)?;
        self.check_recovery_failures_left(call.now, login.user)?;
        if !self.is_recovery_code(call.now, login.user, code) {
            self.count_recovery_failure(call.now, login.user);
            return Err(self.echoing(refusals::wrong_recovery_code(), code));
        }
        let replacement = self.replace_recovery_code(call.now, login.user, code);
        let mut set = self.issue(call, login.user, client, &login.wish)?;
        if !self.has(Fault::NoReplacementCode) {
            set.insert("recovery_code".into(), json!(replacement));
        }
        Ok(Reply::ok(set))
    }

    fn check_recovery_failures_left(
        &mut self,
        now: Duration,
        user: UserKey,
    ) -> Result<(), Refusal> {
        let rate = self.settings.buckets.recovery;
        let is_off = self.has(Fault::RecoveryNotThrottled);
        let user = self.user_mut(self.bent_payer(user))?;
        match user.recovery_failures.peek(rate, now) {
            Err(level) if !is_off => Err(refusals::too_many_failures(level)),
            _ => Ok(()),
        }
    }

    fn count_recovery_failure(&mut self, now: Duration, user: UserKey) {
        let rate = self.settings.buckets.recovery;
        let burned = self
            .has(Fault::WrongCodeBurnsGoodOne)
            .then(|| self.recovery_code());
        let payer = self.bent_payer(user);
        if let Some(payer) = self.users.get_mut(payer) {
            let _emptied = payer.recovery_failures.take(rate, now);
        }
        let Some(user) = self.users.get_mut(user) else {
            return;
        };
        if let (Some(burned), Some(Kind::Recovery { code })) =
            (burned, user.recovery_mut().map(|entry| &mut entry.kind))
        {
            *code = burned;
        }
    }

    /// Whether the code is the user's, and good.
    fn is_recovery_code(&self, now: Duration, user: UserKey, given: &str) -> bool {
        if !self.settings.recovery_codes || self.has(Fault::GoodRecoveryRefused) {
            return false;
        }
        self.users
            .get(user)
            .and_then(|user| user.recovery())
            .is_some_and(|entry| {
                let is_usable = entry.active || self.has(Fault::RecoveryBeforeConfirmation);
                is_usable && matches!(&entry.kind, Kind::Recovery { code } if code == given)
            })
            || self.bent_recovery(now, user, given)
    }

    /// Codes that are good only by a fault.
    fn bent_recovery(&self, now: Duration, user: UserKey, given: &str) -> bool {
        let second = Duration::from_secs(1);
        let used = self
            .users
            .get(user)
            .and_then(|user| user.used_recovery.as_ref())
            .filter(|(code, _)| code == given);
        let of_anyone = || {
            self.users
                .iter()
                .filter_map(|(_, other)| other.recovery())
                .any(|entry| {
                    entry.active && matches!(&entry.kind, Kind::Recovery { code } if code == given)
                })
        };
        (self.has(Fault::RecoveryCodeReusable) && used.is_some())
            || (self.has(Fault::RecoveryRace)
                && used.is_some_and(|(_, at)| now.saturating_sub(*at) < second))
            || (self.has(Fault::RecoveryCodeOfAnyone) && of_anyone())
    }

    /// Puts a new code in the place of a used one, and gives it (RECOV-002, RECOV-003).
    fn replace_recovery_code(&mut self, now: Duration, user: UserKey, used: &str) -> String {
        let replacement = if self.has(Fault::ReplacementCodeEqual) {
            used.to_owned()
        } else {
            self.recovery_code()
        };
        let kept = if self.has(Fault::ReplacementCodeDead) {
            self.recovery_code()
        } else {
            replacement.clone()
        };
        if let Some(user) = self.users.get_mut(user) {
            user.used_recovery = Some((used.to_owned(), now));
            if let Some(Kind::Recovery { code }) = user.recovery_mut().map(|entry| &mut entry.kind)
            {
                *code = kept;
            }
        }
        replacement
    }

    /// The code that an association returns: with the first one of a user, if the tenant has recovery codes (ASSOC-012
    /// to -014). The entry is inactive until a factor is confirmed.
    pub(crate) fn first_recovery_code(&mut self, user: UserKey) -> Option<String> {
        if !self.settings.recovery_codes && !self.has(Fault::RecoveryCodesThoughDisabled) {
            return None;
        }
        let repeats = self.has(Fault::RecoveryCodesEveryTime);
        let fresh = self.recovery_code();
        let device = self.device_id();
        let missing = self.has(Fault::RecoveryCodesMissing);
        let user = self.users.get_mut(user)?;
        if let Some(Kind::Recovery { code }) = user.recovery().map(|entry| &entry.kind) {
            return repeats.then(|| code.clone());
        }
        user.authenticators.push(Authenticator {
            device,
            kind: Kind::Recovery {
                code: fresh.clone(),
            },
            active: user.is_enrolled(),
            sibling: None,
            begun_with: BegunWith::Login,
        });
        Some(fresh).filter(|_| !missing)
    }

    /// A new code: 24 upper-case letters and digits.
    pub(crate) fn recovery_code(&mut self) -> String {
        self.text(UPPER_AND_DIGITS, CODE_LEN)
    }
}
