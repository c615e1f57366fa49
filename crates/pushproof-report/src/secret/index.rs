//! Many needles, one pass: [`Index`].

use std::collections::BTreeMap;
use std::ops::{Bound, Range};

/// Needles in sorted order, with a filter in front: most positions of a text are dismissed by their first
/// four bytes, the rest by a look into the order.
#[derive(Default)]
pub(super) struct Index {
    needles: BTreeMap<Box<[u8]>, usize>,
    /// One bit for each hash of the first [`KEY_LEN`] bytes of a needle; empty until there is one.
    filter: Vec<u64>,
    needle_len_max: usize,
}

/// Every needle is at least this long: see [`super::SECRET_CHARS_MIN`].
const KEY_LEN: usize = 4;
const FILTER_BITS: u32 = 20;

impl Index {
    pub(super) fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// Adds a needle; one that is there already keeps its owner.
    pub(super) fn insert(&mut self, needle: Vec<u8>, owner: usize) {
        let key = key(&needle).expect("a needle is longer than its key");
        if self.filter.is_empty() {
            self.filter = vec![0; 1 << (FILTER_BITS - 6)];
        }
        self.filter[key / 64] |= 1 << (key % 64);
        self.needle_len_max = self.needle_len_max.max(needle.len());
        self.needles.entry(needle.into()).or_insert(owner);
    }

    /// Tells, for each position where a needle begins, where the longest one lies and whose it is.
    pub(super) fn find(&self, text: &[u8], mut found: impl FnMut(Range<usize>, usize)) {
        for start in 0..text.len() {
            let rest = &text[start..];
            if !self.may_begin(rest) {
                continue;
            }
            if let Some((len, owner)) = self.longest(rest) {
                found(start..start + len, owner);
            }
        }
    }

    /// The length and the owner of the longest needle that `head` and then `tail` begin with.
    pub(super) fn begins(&self, head: &[u8], tail: &[u8]) -> Option<(usize, usize)> {
        let joined =
            |len: usize| -> Vec<u8> { head.iter().chain(tail).take(len).copied().collect() };
        match self.may_begin(&joined(KEY_LEN)) {
            true => self.longest(&joined(self.needle_len_max)),
            false => None,
        }
    }

    fn may_begin(&self, text: &[u8]) -> bool {
        match key(text) {
            Some(key) if !self.filter.is_empty() => self.filter[key / 64] & (1 << (key % 64)) != 0,
            _ => false,
        }
    }

    /// The longest needle that `text` begins with.
    ///
    /// Subtle: it is no greater than `text`, and of those that `text` begins with it is the greatest, so it is
    /// met first on the way down. The way down skips: after a candidate that shares only `n` bytes, whatever
    /// `text` begins with has at most `n` bytes and is no greater than these. The bound gets shorter each time.
    fn longest(&self, text: &[u8]) -> Option<(usize, usize)> {
        let mut bound = text;
        loop {
            let below = (Bound::Unbounded, Bound::Included(bound));
            let (candidate, &owner) = self.needles.range::<[u8], _>(below).next_back()?;
            let shared = shared_len(candidate, text);
            if shared == candidate.len() {
                return Some((shared, owner));
            }
            if shared < KEY_LEN {
                return None;
            }
            bound = &text[..shared];
        }
    }
}

fn shared_len(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Fibonacci hash of the first bytes.
fn key(text: &[u8]) -> Option<usize> {
    let head: &[u8; KEY_LEN] = text.first_chunk()?;
    let hash = u32::from_le_bytes(*head).wrapping_mul(0x9E37_79B1);
    Some((hash >> (32 - FILTER_BITS)) as usize)
}
