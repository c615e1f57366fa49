//! Things that are kept for a while and then forgotten: [`Shelf`]. It bounds the memory of the tenant.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::Duration;

/// A map whose entries leave at an instant given when they are put in, and whose oldest leave early when it is full.
/// Entries are found by hash, since a poll looks into two shelves that may hold very many; they are gone through in the
/// order in which they were put in.
#[derive(Debug)]
pub(crate) struct Shelf<K, V, H = RandomState> {
    items: HashMap<K, Item<V>, H>,
    leaving: VecDeque<(Duration, K)>,
    len_max: usize,
}

#[derive(Debug)]
struct Item<V> {
    value: V,
    leaves_at: Duration,
}

impl<K: Hash + Eq + Clone, V, H: BuildHasher + Default> Shelf<K, V, H> {
    pub(crate) fn new(len_max: usize) -> Self {
        Self {
            items: HashMap::default(),
            leaving: VecDeque::new(),
            len_max,
        }
    }

    pub(crate) fn put(&mut self, now: Duration, key: K, value: V, leaves_at: Duration) {
        self.sweep(now);
        self.leaving.push_back((leaves_at, key.clone()));
        self.items.insert(key, Item { value, leaves_at });
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.items.get(key).map(|item| &item.value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.items.get_mut(key).map(|item| &mut item.value)
    }

    /// The entry put in last, if it is still there.
    pub(crate) fn newest(&self) -> Option<(&K, &V)> {
        let (_, key) = self.leaving.back()?;
        self.get(key).map(|value| (key, value))
    }

    /// All entries, from the one put in last; one that was put in again comes more than once.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = (&K, &V)> {
        let keys = self.leaving.iter().rev().map(|(_, key)| key);
        keys.filter_map(|key| self.get(key).map(|value| (key, value)))
    }

    /// Forgets what is due. An entry put in again under the same key leaves when its newest promise says.
    fn sweep(&mut self, now: Duration) {
        while let Some((leaves_at, key)) = self.leaving.front() {
            if *leaves_at > now && self.leaving.len() < self.len_max {
                break;
            }
            if self
                .items
                .get(key)
                .is_some_and(|item| item.leaves_at <= *leaves_at)
            {
                self.items.remove(key);
            }
            self.leaving.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn things_leave_when_due_and_the_oldest_leave_a_full_shelf() {
        let mut shelf: Shelf<_, _> = Shelf::new(3);
        for key in 0..5_u64 {
            shelf.put(s(0), key, key, s(10));
        }
        assert_eq!(
            (shelf.get(&1), shelf.get(&2), shelf.get(&4)),
            (None, Some(&2), Some(&4))
        );
        shelf.put(s(10), 9, 9, s(20));
        assert_eq!((shelf.get(&4), shelf.get(&9)), (None, Some(&9)));
    }

    #[test]
    fn putting_again_prolongs() {
        let mut shelf: Shelf<_, _> = Shelf::new(100);
        shelf.put(s(0), 1, "old", s(10));
        shelf.put(s(5), 1, "new", s(15));
        shelf.put(s(12), 2, "other", s(30));
        assert_eq!(shelf.get(&1), Some(&"new"));
    }
}
