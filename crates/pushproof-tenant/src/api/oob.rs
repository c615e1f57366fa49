//! The grant `mfa-oob`: one poll of an out-of-band transaction (`protocol.md` §5.4, §7).
//!
//! A poll goes through five gates: the credentials, the binding of `oob_code` to `mfa_token`, the poll bucket, where
//! the transaction stands, and redemption. Being throttled changes nothing about the transaction (OOB-POLL-020).

use std::time::Duration;

use crate::body::Fields;
use crate::bucket::{Bucket, Level};
use crate::call::Call;
use crate::client::ClientKey;
use crate::fault::Fault;
use crate::login::Login;
use crate::refusals;
use crate::reply::{Answer, Refusal, Reply};
use crate::seal::SealId;
use crate::tenant::Tenant;
use crate::transaction::{BegunBy, Standing, State};

/// The parameters of the grant besides the `mfa_token`.
pub(crate) struct Oob<'f> {
    oob_code: &'f str,
    /// An empty one counts as none, since a client was seen to send it with a push (OOB-POLL-014).
    binding_code: Option<&'f str>,
}

impl<'f> Oob<'f> {
    pub(crate) fn read(fields: &'f Fields) -> Result<Self, Refusal> {
        Ok(Self {
            oob_code: fields.required("oob_code")?,
            binding_code: fields.text("binding_code")?,
        })
    }
}

impl Tenant {
    pub(crate) fn mfa_oob(
        &mut self,
        call: &Call<'_>,
        client: ClientKey,
        oob: &Oob<'_>,
        fields: &Fields,
    ) -> Answer {
        let (login_id, login) = self.login_of(call, fields, client)?;
        let id = self.transaction_named(oob.oob_code)?;
        self.check_binding(id, login_id, &login)?;
        let level = self.take_poll(call.now, id)?;
        let id = self.bent_transaction(id, &login);
        let answer = self.settle(call, id, client, &login, oob.binding_code);
        match answer {
            Ok(reply) => Ok(reply.with_level(level)),
            Err(refusal) if refusal.more.throttled => Err(refusal),
            Err(refusal) => Err(refusal.with_level(level)),
        }
    }

    /// An `oob_code` goes with the `mfa_token` that it was got with; one begun with a management token goes with any
    /// login of its user (OOB-POLL-008, -009).
    fn check_binding(&self, id: SealId, login_id: SealId, login: &Login) -> Result<(), Refusal> {
        let transaction = self.transaction(id)?;
        let is_users = transaction.user == login.user;
        let is_logins = transaction
            .login
            .is_none_or(|begun_with| begun_with == login_id);
        if (is_users && is_logins) || self.has(Fault::OobCodeOfAnyone) {
            Ok(())
        } else {
            Err(refusals::oob_code_mismatch())
        }
    }

    /// Takes a token from the poll bucket of the transaction, or asks the client to slow down.
    fn take_poll(&mut self, now: Duration, id: SealId) -> Result<Level, Refusal> {
        let rate = self.poll_rate();
        let taken = self.poll_bucket(id)?.take(rate, now);
        let taken = self.bent_throttle(id, taken);
        let statuses = self.settings.statuses;
        taken.map_err(|level| refusals::slow_down(statuses, level, rate.refill.as_secs()))
    }

    /// The bucket of the transaction, but for [`Fault::ThrottledTogether`].
    fn poll_bucket(&mut self, id: SealId) -> Result<&mut Bucket, Refusal> {
        if self.has(Fault::ThrottledTogether) {
            return Ok(&mut self.shared_polls);
        }
        let transaction = self.transaction_mut(id)?;
        Ok(&mut transaction.polls)
    }

    /// What the bucket said, but for faults of throttling.
    fn bent_throttle(&mut self, id: SealId, taken: Result<Level, Level>) -> Result<Level, Level> {
        let (Ok(level) | Err(level)) = taken;
        if self.has(Fault::MoreLeftThanThereIs) {
            let remaining = level.limit + 1;
            return taken.map(|level| Level { remaining, ..level });
        }
        if self.has(Fault::PollsNotThrottled) {
            return Ok(level);
        }
        let (lasts, kills) = (
            self.has(Fault::ThrottledForEver),
            self.has(Fault::SlowDownKills),
        );
        if !lasts && !kills {
            return taken;
        }
        let Some(transaction) = self.transactions.get_mut(&id) else {
            return taken;
        };
        transaction.was_throttled = taken.is_err() || (lasts && transaction.was_throttled);
        if kills && taken.is_err() {
            transaction.state = State::Rejected;
        }
        if transaction.was_throttled {
            Err(level)
        } else {
            Ok(level)
        }
    }

    /// Tells how the transaction stands, and redeems it when it is approved.
    fn settle(
        &mut self,
        call: &Call<'_>,
        id: SealId,
        client: ClientKey,
        login: &Login,
        binding_code: Option<&str>,
    ) -> Answer {
        match self.standing(call.now, id)? {
            Standing::Pending if self.is_prompted(id) => {
                self.check_binding_code(call.now, id, binding_code)?;
                self.redeem(call, id, client, login)
            }
            Standing::Pending => Err(self.unanswered(id)),
            Standing::Approved => self.redeem(call, id, client, login),
            Standing::Rejected => Err(refusals::rejected(self.settings.profile)),
            Standing::Expired => Err(refusals::oob_code_expired()),
            Standing::Redeemed { .. } => Err(refusals::oob_code_used()),
        }
    }

    fn is_prompted(&self, id: SealId) -> bool {
        self.transactions
            .get(&id)
            .is_some_and(|transaction| transaction.binding_code.is_some())
    }

    fn redeem(&mut self, call: &Call<'_>, id: SealId, client: ClientKey, login: &Login) -> Answer {
        let transaction = self.transaction_mut(id)?;
        transaction.state = State::Redeemed { at: call.now };
        let device = transaction.device.clone();
        if transaction.begun_by == BegunBy::Enrolment && transaction.binding_code.is_some() {
            self.confirm(login.user, &device);
        }
        let mut set = self.issue(call, login.user, client, &login.wish)?;
        if self.has(Fault::ExpiresInIsText)
            && let Some(expires_in) = set.get_mut("expires_in")
        {
            *expires_in = expires_in.to_string().into();
        }
        Ok(Reply::ok(set))
    }

    /// Nobody has answered yet (OOB-POLL-001); [`Fault::UnansweredIsRefused`] takes that of a push for a refusal.
    fn unanswered(&self, id: SealId) -> Refusal {
        let is_push = || {
            self.transactions
                .get(&id)
                .is_some_and(|one| one.begun_by == BegunBy::Challenge)
        };
        if self.has(Fault::UnansweredIsRefused) && is_push() {
            return refusals::rejected(self.settings.profile);
        }
        refusals::authorization_pending(self.settings.statuses)
    }

    fn standing(&self, now: Duration, id: SealId) -> Result<Standing, Refusal> {
        let transaction = self.transaction(id)?;
        Ok(self.bent_standing(now, transaction.standing(now), transaction.begun_by))
    }

    /// Where faults see a transaction stand; without one, where it stands.
    fn bent_standing(&self, now: Duration, standing: Standing, begun_by: BegunBy) -> Standing {
        let second = Duration::from_secs(1);
        match standing {
            Standing::Pending
                if begun_by == BegunBy::Enrolment && self.has(Fault::TokensBeforeEnrolment) =>
            {
                Standing::Approved
            }
            Standing::Rejected if self.has(Fault::TokensAfterRejection) => Standing::Approved,
            Standing::Rejected if self.has(Fault::RejectedStaysPending) => Standing::Pending,
            Standing::Expired if self.has(Fault::OobCodeNeverExpires) => Standing::Pending,
            Standing::Redeemed { .. } if self.has(Fault::RedeemableTwice) => Standing::Approved,
            Standing::Redeemed { at }
                if self.has(Fault::RedeemRace) && now.saturating_sub(at) < second =>
            {
                Standing::Approved
            }
            standing => standing,
        }
    }

    /// The transaction asked for, but for [`Fault::OobCodesMixedUp`].
    fn bent_transaction(&self, id: SealId, login: &Login) -> SealId {
        if !self.has(Fault::OobCodesMixedUp) {
            return id;
        }
        let user = self.users.get(login.user);
        user.and_then(|user| user.recent.back().copied())
            .unwrap_or(id)
    }
}
