//! Keys for phones: making one takes a tenth of a second, so the phones of a process share a few.

use std::sync::Arc;

use pushproof_device::KeyPair;
use tokio::sync::OnceCell;

/// How many keys a process makes: as many as phones appear in one case.
const KEYS_MAX: usize = 4;

/// A few keys, each made when it is first wanted, and the next one ahead of that.
#[derive(Default)]
pub struct KeyPool {
    keys: [Arc<OnceCell<KeyPair>>; KEYS_MAX],
}

impl KeyPool {
    /// A pool that has made nothing yet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The key of a case's `nth` phone. Phones of one case never share a key, or one could answer for the other.
    pub(super) async fn key(&self, nth: usize) -> KeyPair {
        let Some(cell) = self.keys.get(nth) else {
            return Self::own().await;
        };
        if let Some(next) = self.keys.get(nth + 1).filter(|next| !next.initialized()) {
            let next = Arc::clone(next);
            tokio::spawn(async move { next.get_or_init(Self::own).await.clone() });
        }
        cell.get_or_init(Self::own).await.clone()
    }

    /// A key of its own.
    pub(super) async fn own() -> KeyPair {
        tokio::task::spawn_blocking(KeyPair::generate)
            .await
            .expect("making a key does not panic, and the runtime is running")
    }
}
