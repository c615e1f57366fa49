//! Messages that wait until somebody fetches them: [`Inboxes`].

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::Value;

/// So many messages wait at most, at all addresses together; above it the oldest are dropped.
const WAITING_MAX: usize = 200_000;

#[derive(Debug, Default)]
pub(crate) struct Inboxes {
    /// By address, each with its number, oldest first.
    waiting: BTreeMap<String, VecDeque<(u64, Value)>>,
    /// Address and number of all messages with the instant when they leave, in the order of their arrival.
    leaving: VecDeque<(Duration, String, u64)>,
    delivered: u64,
}

impl Inboxes {
    pub(crate) fn deliver(
        &mut self,
        now: Duration,
        address: &str,
        message: Value,
        leaves_at: Duration,
    ) {
        self.sweep(now);
        self.delivered += 1;
        self.leaving
            .push_back((leaves_at, address.to_owned(), self.delivered));
        let waiting = self.waiting.entry(address.to_owned()).or_default();
        waiting.push_back((self.delivered, message));
    }

    /// All that waits at an address, oldest first; each message is given once.
    pub(crate) fn fetch(&mut self, address: &str) -> Vec<Value> {
        let fetched = self.waiting.remove(address).unwrap_or_default();
        fetched.into_iter().map(|(_, message)| message).collect()
    }

    fn sweep(&mut self, now: Duration) {
        while let Some((leaves_at, address, number)) = self.leaving.front() {
            if *leaves_at > now && self.leaving.len() < WAITING_MAX {
                break;
            }
            // Messages of an address leave in order, so this one is the first there, or has been fetched.
            if let Some(waiting) = self.waiting.get_mut(address) {
                if waiting.front().is_some_and(|(first, _)| first == number) {
                    waiting.pop_front();
                }
                if waiting.is_empty() {
                    self.waiting.remove(address);
                }
            }
            self.leaving.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_are_given_once_in_order_and_to_their_address() {
        let mut inboxes = Inboxes::default();
        let s = Duration::from_secs;
        for (address, n) in [("a", 1), ("ab", 2), ("a", 3), ("A", 4)] {
            inboxes.deliver(s(0), address, json!(n), s(10));
        }
        assert_eq!(inboxes.fetch("a"), [json!(1), json!(3)]);
        assert!(inboxes.fetch("a").is_empty());
        inboxes.deliver(s(10), "b", json!(5), s(20));
        assert!(inboxes.fetch("ab").is_empty(), "old messages are dropped");
        assert_eq!(inboxes.fetch("b"), [json!(5)]);
    }
}
