//! What must never be printed: [`Secret`] keeps a value out of every output by its type, and [`Redactor`]
//! takes it out of text that came from elsewhere, in whatever encoding it is found.
//!
//! Two lines of defence, because each has a hole. The type protects values that pushproof handles itself,
//! of any length. The search protects against echoes: a reply that repeats a token inside a longer text. It
//! looks only for secrets of [`SECRET_CHARS_MIN`] characters or more, since shorter ones occur by chance, and for none that is a word of
//! pushproof itself or of the files that it was given: see [`Redactor::spare`].

mod index;
mod ordinary;
mod spell;
mod view;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::hmac;

use index::Index;
use ordinary::{Ordinary, is_ordinary};
use view::View;

/// A learnt secret is searched for in text from this many characters on.
pub const SECRET_CHARS_MIN: usize = 12;

/// How often a redacted text is looked at again, before it is withheld whole.
const PASSES_MAX: usize = 4;

/// What stands for a text that could not be cleaned: a secret that looks like our own placeholders.
const WITHHELD: &str = "‹withheld›";

/// A value that no output may show: password, token, `oob_code`, recovery code.
///
/// It prints as a fixed placeholder, whatever its length and whatever the format string.
///
/// ```
/// # use pushproof_report::Secret;
/// let pin = Secret::new("4711");
/// assert_eq!(format!("{pin} {pin:?} {:?}", Some(&pin)), "‹secret› ‹secret› Some(‹secret›)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes a value in; nothing else happens to it.
    pub fn new(value: impl Into<Box<str>>) -> Self {
        Self(value.into())
    }

    /// The single way out. Searching for `reveal` lists every use.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹secret›")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹secret›")
    }
}

/// Finds learnt secrets in text and puts placeholders in their stead.
///
/// One per run, shared by all who write. A placeholder's mark is made with a key of the run that is never
/// written: equal secrets can be told equal within a run, and a short one cannot be guessed from its mark.
pub struct Redactor {
    key: hmac::Key,
    learnt: Mutex<Learnt>,
}

/// What the redactor remembers.
#[derive(Default)]
struct Learnt {
    /// The placeholder of each secret that is searched for; an index entry refers to its position.
    labels: Vec<Label>,
    seen: BTreeSet<Box<str>>,
    index: Index,
    ordinary: Ordinary,
}

struct Label {
    label: Box<str>,
    placeholder: Box<str>,
}

impl Redactor {
    /// A redactor that knows no secrets yet. `key` is random, made for the run, and goes nowhere else.
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            learnt: Mutex::default(),
        }
    }

    /// Never takes for a secret what stands in this text: a dialect's or a scenario's, or what the target file says openly. Without it an
    /// endpoint that hands out such a word as a token would have every output withheld that holds the word. What has been learnt stays learnt.
    pub fn spare(&self, text: &str) {
        self.learnt().ordinary.add(text);
    }

    /// Remembers a secret. One of fewer than [`SECRET_CHARS_MIN`] characters is not searched for, nor one that stands in a text to
    /// [spare](Self::spare) or in what reports say by themselves; it must be kept out by its type. A secret that is known already keeps its
    /// first label.
    pub fn learn(&self, label: &str, secret: &str) {
        if secret.chars().count() < SECRET_CHARS_MIN {
            return;
        }
        let placeholder = self.placeholder(label, secret).into();
        let mut learnt = self.learnt();
        if !learnt.seen.insert(secret.into()) || is_ordinary(secret.as_bytes(), &learnt.ordinary) {
            return;
        }
        let owner = learnt.labels.len();
        learnt.labels.push(Label {
            label: label.into(),
            placeholder,
        });
        for spelling in spell::spellings(secret) {
            if !is_ordinary(&spelling, &learnt.ordinary) {
                learnt.index.insert(spelling, owner);
            }
        }
    }

    /// What stands for a secret in every output: `‹mfa_token: 2048 chars, #1f9c›`.
    pub fn placeholder(&self, label: &str, secret: &str) -> String {
        let tag = hmac::sign(&self.key, secret.as_bytes());
        let mark = data_encoding::HEXLOWER.encode(&tag.as_ref()[..2]);
        let chars = secret.chars().count();
        format!("‹{label}: {chars} chars, #{mark}›")
    }

    /// The text with every learnt secret replaced by its placeholder, however it is encoded. Where secrets
    /// overlap, the whole stretch goes, under the label of the longest.
    pub fn redact(&self, text: &str) -> String {
        let learnt = self.learnt();
        let mut text = text.to_owned();
        for _ in 0..PASSES_MAX {
            let hits = learnt.hits(&text);
            if hits.is_empty() {
                return text;
            }
            text = learnt.replace(&text, &hits);
        }
        // Subtle: the placeholders themselves spell a secret again and again.
        WITHHELD.to_owned()
    }

    /// The label of a secret that stands in the text, if one does.
    pub fn scan(&self, text: &str) -> Option<String> {
        let learnt = self.learnt();
        let hits = learnt.hits(text);
        hits.first()
            .map(|hit| learnt.labels[hit.owner].label.to_string())
    }

    /// A thread that panicked while it held the lock leaves at worst a secret half learnt, and every
    /// entry of the index is complete in itself, so a poisoned lock is as good as any.
    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = self.learnt().labels.len();
        f.debug_struct("Redactor")
            .field("secrets", &secrets)
            .finish_non_exhaustive()
    }
}

/// A stretch of text that holds a secret.
struct Hit {
    at: Range<usize>,
    owner: usize,
    /// Length of the secret that gave the owner; the longest of overlapping ones wins.
    owner_len: usize,
}

impl Learnt {
    /// Every stretch of the text that holds secrets: disjoint, in order.
    fn hits(&self, text: &str) -> Vec<Hit> {
        if self.index.is_empty() {
            return Vec::new();
        }
        let mut hits = Vec::new();
        let mut hit = |at: Range<usize>, owner| {
            hits.push(Hit {
                owner,
                owner_len: at.len(),
                at: widen(text, at),
            });
        };
        self.index.find(text.as_bytes(), &mut hit);
        for view in View::all(text) {
            view.find(&self.index, &mut hit);
        }
        merge(hits)
    }

    fn replace(&self, text: &str, hits: &[Hit]) -> String {
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for hit in hits {
            out.push_str(&text[done..hit.at.start]);
            out.push_str(&self.labels[hit.owner].placeholder);
            done = hit.at.end;
        }
        out.push_str(&text[done..]);
        out
    }
}

/// The least stretch around `at` that begins and ends between characters.
fn widen(text: &str, at: Range<usize>) -> Range<usize> {
    text.floor_char_boundary(at.start)..text.ceil_char_boundary(at.end)
}

/// Joins overlapping stretches.
fn merge(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.at.start, hit.at.end));
    let mut merged: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match merged.last_mut() {
            Some(last) if hit.at.start < last.at.end => {
                last.at.end = last.at.end.max(hit.at.end);
                if hit.owner_len > last.owner_len {
                    last.owner = hit.owner;
                    last.owner_len = hit.owner_len;
                }
            }
            _ => merged.push(hit),
        }
    }
    merged
}

#[cfg(test)]
mod tests;
