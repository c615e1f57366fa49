//! How often somebody tries to log in under a name: [`Attempts`] (`protocol.md` §7.1, §7.4).
//!
//! Counted by the name that was typed, whether a user has it or not, so that being blocked tells nobody who exists
//! (PWD-006).

use std::time::Duration;

use aws_lc_rs::digest;

use crate::bucket::{Bucket, Level};
use crate::refusals;
use crate::reply::Refusal;
use crate::tenant::Tenant;

/// Stands for a name, whatever its length; its case does not matter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct NameKey([u8; 32]);

impl NameKey {
    fn of(name: &str) -> Self {
        let digest = digest::digest(&digest::SHA256, name.to_lowercase().as_bytes());
        let mut key = [0; 32];
        key.copy_from_slice(digest.as_ref());
        Self(key)
    }
}

#[derive(Debug)]
pub(crate) struct Attempts {
    logins: Bucket,
    /// Wrong passwords since the last right one.
    failures: u32,
    blocked_until: Option<Duration>,
}

impl Tenant {
    /// Refuses a login under a name that is blocked or was used too often, before any password is looked at.
    pub(crate) fn admit_login(&mut self, now: Duration, name: &str) -> Result<(), Refusal> {
        let (rate, limit) = (
            self.settings.buckets.login,
            self.settings.login_failures_max,
        );
        let attempts = self.attempts_of(now, name);
        if let Some(until) = attempts.blocked_until.filter(|until| now < *until) {
            let level = Level {
                limit,
                remaining: 0,
                wait: until.saturating_sub(now),
            };
            return Err(refusals::account_blocked(level));
        }
        let taken = attempts.logins.take(rate, now);
        taken.map(|_| ()).map_err(refusals::too_many_logins)
    }

    /// Remembers how a login went.
    pub(crate) fn count_login(&mut self, now: Duration, name: &str, is_right: bool) {
        let (limit, block) = (
            self.settings.login_failures_max,
            self.settings.lifetimes.block,
        );
        let attempts = self.attempts_of(now, name);
        attempts.failures = if is_right {
            0
        } else {
            attempts.failures.saturating_add(1)
        };
        if attempts.failures < limit {
            return;
        }
        let (logins, until) = (attempts.logins, now + block);
        let blocked = Attempts {
            logins,
            failures: 0,
            blocked_until: Some(until),
        };
        self.attempts.put(now, NameKey::of(name), blocked, until);
    }

    fn attempts_of(&mut self, now: Duration, name: &str) -> &mut Attempts {
        let key = NameKey::of(name);
        if self.attempts.get(&key).is_none() {
            let fresh = Attempts {
                logins: Bucket::full(self.settings.buckets.login, now),
                failures: 0,
                blocked_until: None,
            };
            let leaves_at = now + self.settings.lifetimes.remembered;
            self.attempts.put(now, key, fresh, leaves_at);
        }
        self.attempts
            .get_mut(&key)
            .expect("it was put there if it was not")
    }
}
