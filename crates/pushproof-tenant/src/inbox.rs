//! Messages that wait until somebody fetches them: [`Inboxes`].

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

/// Of one address so many are kept; then the oldest is dropped.
const WAITING_MAX: usize = 64;
/// So many addresses have messages waiting; then messages to further ones are dropped.
const ADDRESSES_MAX: usize = 1_000_000;

#[derive(Default, Debug)]
pub(crate) struct Inboxes(BTreeMap<String, VecDeque<Value>>);

impl Inboxes {
    pub(crate) fn deliver(&mut self, address: &str, message: Value) {
        if self.0.len() >= ADDRESSES_MAX && !self.0.contains_key(address) {
            return;
        }
        let waiting = self.0.entry(address.into()).or_default();
        if waiting.len() == WAITING_MAX {
            waiting.pop_front();
        }
        waiting.push_back(message);
    }

    /// All that waits at an address, oldest first; each message is given once.
    pub(crate) fn fetch(&mut self, address: &str) -> Vec<Value> {
        self.0.remove(address).map(Vec::from).unwrap_or_default()
    }
}
