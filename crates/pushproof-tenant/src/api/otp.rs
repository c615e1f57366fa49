//! The grant `mfa-otp`: a code of an authenticator app (`protocol.md` §5.4). The first right code of an app that was
//! only associated confirms it.

use std::time::Duration;

use crate::authenticator::{Authenticator, BegunWith, DeviceId, Kind};
use crate::body::Fields;
use crate::call::Call;
use crate::client::ClientKey;
use crate::fault::Fault;
use crate::refusals;
use crate::reply::{Answer, Refusal, Reply};
use crate::tenant::Tenant;
use crate::totp::step_at;
use crate::user::{User, UserKey};

impl Tenant {
    pub(crate) fn mfa_otp(
        &mut self,
        call: &Call<'_>,
        fields: &Fields,
        client: ClientKey,
    ) -> Answer {
        let otp = fields.required("otp")?;
        let (_, login) = self.login_of(call, fields, client)?;
        self.check_failures_left(call.now, login.user)?;
        let owners = self.bent_owners(login.user);
        let mut owners = owners.into_iter();
        let accepted = owners.find_map(|owner| self.accept_otp(call.now, owner, otp));
        let Some(device) = accepted else {
            self.count_failure(call.now, login.user);
            return Err(self.wrong_otp(login.user, otp));
        };
        if !self.has(Fault::RightOtpConfirmsNothing) {
            self.confirm(login.user, &device);
        }
        self.issue(call, login.user, client, &login.wish)
            .map(Reply::ok)
    }

    /// Whose codes count: the user's own (OTP-VERIFY-002), but for [`Fault::OtpOfAnyone`].
    fn bent_owners(&self, user: UserKey) -> Vec<UserKey> {
        if self.has(Fault::OtpOfAnyone) {
            return self.users.iter().map(|(user, _)| user).collect();
        }
        vec![user]
    }

    /// A wrong code changes nothing (OTP-ENROLL-004) and is final (OTP-VERIFY-002), but for two faults.
    fn wrong_otp(&mut self, user: UserKey, otp: &str) -> Refusal {
        let newest = self.users.get(user).and_then(|user| {
            let mut apps = user.authenticators.iter().rev();
            apps.find(|one| matches!(one.kind, Kind::Totp { .. }) && one.sibling.is_none())
        });
        if let Some(device) = newest.map(|app| app.device.clone())
            && self.has(Fault::WrongOtpConfirms)
        {
            self.confirm(user, &device);
        }
        if self.has(Fault::WrongOtpPends) {
            return refusals::authorization_pending(self.settings.statuses);
        }
        self.echoing(refusals::wrong_otp(), otp)
    }

    /// Refuses a user who has guessed too often, whatever the code (OTP-VERIFY-006).
    pub(crate) fn check_failures_left(
        &mut self,
        now: Duration,
        user: UserKey,
    ) -> Result<(), Refusal> {
        let rate = self.settings.buckets.otp;
        let is_off = self.has(Fault::OtpNotThrottled);
        let user = self.user_mut(self.bent_payer(user))?;
        match user.otp_failures.peek(rate, now) {
            Err(level) if !is_off => Err(refusals::too_many_failures(level)),
            _ => Ok(()),
        }
    }

    pub(crate) fn count_failure(&mut self, now: Duration, user: UserKey) {
        let rate = self.settings.buckets.otp;
        let user = self.bent_payer(user);
        if let Some(user) = self.users.get_mut(user) {
            let _emptied = user.otp_failures.take(rate, now);
        }
    }

    /// The authenticator whose code this is. Its step and all before it are used up by that.
    fn accept_otp(&mut self, now: Duration, user: UserKey, otp: &str) -> Option<DeviceId> {
        let window = Window {
            now: self.bent_otp_time(now),
            back: self.otp_steps_back(),
        };
        let is_reusable = self.has(Fault::OtpReusable);
        let user = self.users.get_mut(user)?;
        let usable: Vec<bool> = user
            .authenticators
            .iter()
            .map(|authenticator| may_answer(user, authenticator))
            .collect();
        for (authenticator, _) in user
            .authenticators
            .iter_mut()
            .zip(usable)
            .filter(|(_, usable)| *usable)
        {
            let Kind::Totp { secret, used_step } = &mut authenticator.kind else {
                continue;
            };
            let is_fresh = |step: &u64| is_reusable || used_step.is_none_or(|used| *step > used);
            if let Some(step) = window
                .steps()
                .filter(is_fresh)
                .find(|step| secret.code(*step) == otp)
            {
                *used_step = Some(step);
                return Some(authenticator.device.clone());
            }
        }
        None
    }

    /// One step of drift each way (OTP-VERIFY-004), but for [`Fault::OldOtpAccepted`].
    fn otp_steps_back(&self) -> u64 {
        if self.has(Fault::OldOtpAccepted) {
            20
        } else {
            1
        }
    }

    /// The time that codes are computed for: now, but for [`Fault::OtpOtherPeriod`].
    fn bent_otp_time(&self, now: Duration) -> Duration {
        if self.has(Fault::OtpOtherPeriod) {
            now / 2
        } else {
            now
        }
    }
}

/// Whether codes of an authenticator count: of an active one, and of one that waits for its first code. The sibling of
/// a push waits for its phone instead; and what was begun with a password alone counts only as long as the user has
/// no factor, or a stolen password would outlive the enrolment of its owner (ASSOC-008).
fn may_answer(user: &User, authenticator: &Authenticator) -> bool {
    let waits_for_code = authenticator.sibling.is_none();
    let is_begun_rightly = authenticator.begun_with == BegunWith::Management || !user.is_enrolled();
    authenticator.active || (waits_for_code && is_begun_rightly)
}

struct Window {
    now: Duration,
    back: u64,
}

impl Window {
    fn steps(&self) -> impl Iterator<Item = u64> + use<> {
        let step = step_at(self.now);
        step.saturating_sub(self.back)..=step + 1
    }
}
