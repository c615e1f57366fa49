//! An out-of-band transaction and its states (`protocol.md` §11.2): [`Transaction`]; and the ticket by which a phone
//! enrols: [`Ticket`].

use std::time::Duration;

use crate::authenticator::DeviceId;
use crate::bucket::Bucket;
use crate::fault::Fault;
use crate::refusals;
use crate::reply::Refusal;
use crate::seal::{Purpose, SealId};
use crate::settings::Rate;
use crate::tenant::{ALPHANUMERIC, Tenant};
use crate::user::UserKey;

pub(crate) struct Transaction {
    /// Counts the transactions of the tenant, from 1. Unlike the `oob_code` it is no secret.
    pub(crate) number: u64,
    pub(crate) begun: Duration,
    pub(crate) user: UserKey,
    /// The login whose `mfa_token` began it; `None` when a management token did, then any login of the user may poll.
    pub(crate) login: Option<SealId>,
    pub(crate) device: DeviceId,
    pub(crate) begun_by: BegunBy,
    pub(crate) state: State,
    pub(crate) expires: Duration,
    /// What the phone must sign as `sub`.
    pub(crate) challenge: String,
    /// What the person must type, if the channel prompts.
    pub(crate) binding_code: Option<String>,
    pub(crate) polls: Bucket,
    /// Set by a refused poll, for [`Fault::ThrottledForEver`].
    pub(crate) was_throttled: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BegunBy {
    Enrolment,
    Challenge,
}

/// What has happened to a transaction. That it is over time is not a state but a matter of [`Transaction::standing`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Pending,
    Approved,
    Rejected,
    Redeemed { at: Duration },
}

/// Where a transaction stands at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    Pending,
    Approved,
    Rejected,
    Redeemed { at: Duration },
    Expired,
}

impl Transaction {
    pub(crate) fn standing(&self, now: Duration) -> Standing {
        match self.state {
            State::Pending | State::Approved if now >= self.expires => Standing::Expired,
            State::Pending => Standing::Pending,
            State::Approved => Standing::Approved,
            State::Rejected => Standing::Rejected,
            State::Redeemed { at } => Standing::Redeemed { at },
        }
    }
}

impl Transaction {
    /// Whether a phone could settle it now, by enrolling or by an answer.
    pub(crate) fn waits_for_phone(&self, now: Duration) -> bool {
        self.binding_code.is_none() && self.standing(now) == Standing::Pending
    }
}

/// What a phone needs to enrol, once.
#[derive(Clone)]
pub(crate) struct Ticket {
    pub(crate) user: UserKey,
    pub(crate) device: DeviceId,
    pub(crate) transaction: SealId,
    pub(crate) expires: Duration,
    pub(crate) used: bool,
}

/// What codes begin with that are counted.
const COUNTED: &str = "oob.4f7d9c0e51b8a263";

/// What a transaction is begun with.
pub(crate) struct Opening {
    pub(crate) user: UserKey,
    pub(crate) login: Option<SealId>,
    pub(crate) device: DeviceId,
    pub(crate) begun_by: BegunBy,
    pub(crate) binding_code: Option<String>,
}

impl Tenant {
    /// Begins a transaction; gives its name and its `oob_code`.
    pub(crate) fn open(&mut self, now: Duration, opening: Opening) -> (SealId, String) {
        let Opening {
            user,
            login,
            device,
            begun_by,
            binding_code,
        } = opening;
        let id = self.seal_id();
        let expires = now
            + match begun_by {
                BegunBy::Enrolment => self.settings.lifetimes.enrolment,
                BegunBy::Challenge => self.settings.lifetimes.oob_code,
            };
        let (id, sealed_expiry) = self.bent_oob_name(user, id, expires);
        let challenge =
            data_encoding::BASE64URL_NOPAD.encode(self.text(ALPHANUMERIC, 24).as_bytes());
        self.opened += 1;
        let transaction = Transaction {
            number: self.opened,
            begun: now,
            user,
            login,
            device,
            begun_by,
            state: State::Pending,
            expires,
            challenge,
            binding_code,
            polls: Bucket::full(self.poll_rate(), now),
            was_throttled: false,
        };
        let leaves_at = expires + self.settings.lifetimes.remembered;
        self.transactions.put(now, id, transaction, leaves_at);
        if let Some(user) = self.users.get_mut(user) {
            user.remember(id);
        }
        let sealed = self.sealer.seal(Purpose::OobCode, id, sealed_expiry);
        (id, self.counted_code().unwrap_or(sealed))
    }

    /// The code of [`Fault::CodesCountUp`].
    fn counted_code(&self) -> Option<String> {
        self.has(Fault::CodesCountUp)
            .then(|| format!("{COUNTED}{:012}", self.opened))
    }

    /// The transaction that an `oob_code` of this tenant was made for.
    pub(crate) fn unseal_oob(&self, oob_code: &str) -> Option<SealId> {
        if self.has(Fault::CodesCountUp) {
            let number = oob_code.strip_prefix(COUNTED)?.parse().ok()?;
            return self.transaction_numbered(number).map(|(id, _)| id);
        }
        self.sealer.unseal(Purpose::OobCode, oob_code)
    }

    /// The name and the sealed expiry: as given, but for [`Fault::OobCodeRepeats`].
    fn bent_oob_name(&self, user: UserKey, id: SealId, expires: Duration) -> (SealId, Duration) {
        match self.users.get(user) {
            Some(user) if self.has(Fault::OobCodeRepeats) => (user.seal_name(), Duration::ZERO),
            _ => (id, expires),
        }
    }

    /// The transaction that an `oob_code` names. A code of this tenant that nobody remembers has expired.
    pub(crate) fn transaction_named(&self, oob_code: &str) -> Result<SealId, Refusal> {
        let id = self.unseal_oob(oob_code);
        let id = id.ok_or_else(|| {
            if self.has(Fault::TamperedCodePends) {
                return refusals::authorization_pending(self.settings.statuses);
            }
            refusals::malformed_oob_code(self.settings.profile)
        })?;
        self.transactions
            .get(&id)
            .map(|_| id)
            .ok_or_else(refusals::oob_code_expired)
    }

    pub(crate) fn transaction(&self, id: SealId) -> Result<&Transaction, Refusal> {
        self.transactions
            .get(&id)
            .ok_or_else(refusals::oob_code_expired)
    }

    pub(crate) fn transaction_mut(&mut self, id: SealId) -> Result<&mut Transaction, Refusal> {
        self.transactions
            .get_mut(&id)
            .ok_or_else(refusals::oob_code_expired)
    }

    /// The transaction with a number, looked for from the newest.
    pub(crate) fn transaction_numbered(&self, number: u64) -> Option<(SealId, &Transaction)> {
        let mut all = self.transactions.newest_first();
        all.find(|(_, transaction)| transaction.number == number)
            .map(|(id, transaction)| (*id, transaction))
    }

    /// Whether a transaction still waits for its answer.
    pub(crate) fn is_open(&self, now: Duration, id: SealId) -> bool {
        self.transactions
            .get(&id)
            .is_some_and(|transaction| transaction.standing(now) == Standing::Pending)
    }

    /// The rate of the poll bucket: as set, but for [`Fault::ThrottledTooEarly`].
    pub(crate) fn poll_rate(&self) -> Rate {
        if self.has(Fault::ThrottledTooEarly) {
            Rate::new(1, 8)
        } else {
            self.settings.buckets.poll
        }
    }
}
