//! Keys for phones: making one takes a tenth of a second, so phones share, lend or own them. Start at [`KeyPool`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pushproof_device::KeyPair;
use tokio::sync::OnceCell;

/// How many keys a process makes for sandboxes: as many as phones appear in one case.
const KEYS_MAX: usize = 4;

/// Where phones take their keys from.
#[derive(Default)]
pub struct KeyPool {
    lending: Lending,
    /// A few keys, each made when it is first wanted, and the next one ahead of that.
    keys: [Arc<OnceCell<KeyPair>>; KEYS_MAX],
    /// Keys that were given back.
    free: Mutex<Vec<KeyPair>>,
}

/// Who else may have the key of a phone.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Lending {
    /// Phones of other cases.
    #[default]
    Shared,
    /// Nobody as long as the phone is there.
    Lent,
    /// Nobody, ever.
    Owned,
}

impl KeyPool {
    /// For sandboxes, of which each case has one of its own: phones of different cases never meet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// For a tenant that all cases share. Two users whose phones had the same key would not show that one can answer for the other, and a tenant
    /// may refuse a key that it knows. Users who `stay` keep their phones after the run of a case, and then nobody else gets the key.
    pub(crate) fn of_one_tenant(stay: bool) -> Arc<Self> {
        Arc::new(Self {
            lending: if stay { Lending::Owned } else { Lending::Lent },
            ..Self::default()
        })
    }

    /// The key of a case's `nth` phone. Phones of one case never share a key, or one could answer for the other.
    async fn key(&self, nth: usize) -> KeyPair {
        let lent = self.lending == Lending::Lent;
        if let Some(key) = lent.then(|| self.free().pop()).flatten() {
            return key;
        }
        let shared = self.keys.get(nth);
        let Some(cell) = shared.filter(|_| self.lending == Lending::Shared) else {
            return Self::own().await;
        };
        if let Some(next) = self.keys.get(nth + 1).filter(|next| !next.initialized()) {
            let next = Arc::clone(next);
            tokio::spawn(async move { next.get_or_init(Self::own).await.clone() });
        }
        cell.get_or_init(Self::own).await.clone()
    }

    /// The keys of one case, given back once it is over and its users are no more.
    pub fn lend(self: &Arc<Self>) -> Arc<Loan> {
        Arc::new(Loan {
            pool: Arc::clone(self),
            lent: Mutex::default(),
        })
    }

    fn free(&self) -> MutexGuard<'_, Vec<KeyPair>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A key of its own.
    pub(super) async fn own() -> KeyPair {
        tokio::task::spawn_blocking(KeyPair::generate)
            .await
            .expect("making a key does not panic, and the runtime is running")
    }
}

/// The keys that the phones of one case have.
pub struct Loan {
    pool: Arc<KeyPool>,
    lent: Mutex<Vec<KeyPair>>,
}

impl Loan {
    /// The key of a run's `nth` phone.
    pub(super) async fn key(&self, nth: usize) -> KeyPair {
        let key = self.pool.key(nth).await;
        let mut lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
        lent.push(key.clone());
        key
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if self.pool.lending == Lending::Lent {
            let mut lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
            self.pool.free().append(&mut lent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_is_lent_to_nobody_else_until_its_case_is_over() {
        let pool = KeyPool::of_one_tenant(false);
        let (one, other) = (pool.lend(), pool.lend());
        let first = one.key(0).await.public_jwk();
        assert_ne!(other.key(0).await.public_jwk(), first);
        drop(one);
        assert_eq!(other.key(1).await.public_jwk(), first);
        assert_ne!(other.key(2).await.public_jwk(), first);
    }
}
