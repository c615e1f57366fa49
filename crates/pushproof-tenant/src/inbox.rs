//! Messages that wait until somebody fetches them: [`Inboxes`].

use std::time::Duration;

use serde_json::Value;

use crate::shelf::Shelf;

/// So many messages wait at most, at all addresses together; above it the oldest are dropped.
const WAITING_MAX: usize = 200_000;

#[derive(Debug)]
pub(crate) struct Inboxes {
    /// By address and number, so that those of one address lie side by side in the order of arrival.
    waiting: Shelf<(String, u64), Value>,
    delivered: u64,
}

impl Default for Inboxes {
    fn default() -> Self {
        Self {
            waiting: Shelf::new(WAITING_MAX),
            delivered: 0,
        }
    }
}

impl Inboxes {
    pub(crate) fn deliver(
        &mut self,
        now: Duration,
        address: &str,
        message: Value,
        leaves_at: Duration,
    ) {
        self.delivered += 1;
        self.waiting.put(
            now,
            (address.to_owned(), self.delivered),
            message,
            leaves_at,
        );
    }

    /// All that waits at an address, oldest first; each message is given once.
    pub(crate) fn fetch(&mut self, address: &str) -> Vec<Value> {
        let (first, last) = ((address.to_owned(), 0), (address.to_owned(), u64::MAX));
        self.waiting.take(&first..=&last)
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
