//! What no endpoint can make a secret of: the words that pushproof and its files use anyway.
//!
//! An endpoint may hand out `access_token` as an access token, or the name of a case. If such a value were searched for, every line of the
//! record would hold it, and the record would be worth nothing. It is kept out by its type, like a short secret, and looked for nowhere.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::SECRET_CHARS_MIN;
use super::view::View;
use crate::{ActResult, KnownState, Level, Verdict};

/// The sources of everything that a report says by itself: each phrase, each name of a member and each tag stands in one of them.
const SOURCES: [&str; 8] = [
    include_str!("../event.rs"),
    include_str!("../exit.rs"),
    include_str!("../record.rs"),
    include_str!("../run/case.rs"),
    include_str!("../render/json.rs"),
    include_str!("../render/junit.rs"),
    include_str!("../render/terminal.rs"),
    include_str!("../trouble.rs"),
];

static OWN: LazyLock<Ordinary> = LazyLock::new(|| {
    let mut own = Ordinary::default();
    SOURCES.iter().for_each(|source| own.add(source));
    own.add_words(&Verdict::ALL);
    own.add_words(&[Level::Must, Level::Should, Level::May]);
    own.add_words(&[
        ActResult::Acknowledged,
        ActResult::Refused,
        ActResult::Unavailable,
    ]);
    own.add_words(&[KnownState::Unmatched, KnownState::NotAsked]);
    own
});

/// Texts in which a value may stand, with an index of their stretches of [`SECRET_CHARS_MIN`] bytes.
#[derive(Default)]
pub(super) struct Ordinary {
    texts: Vec<Box<[u8]>>,
    stretches: HashSet<[u8; SECRET_CHARS_MIN]>,
}

impl Ordinary {
    /// Takes a text in: as it is, with its escapes undone, and as JSON writes it.
    pub(super) fn add(&mut self, text: &str) {
        self.add_bytes(text.as_bytes());
        for view in View::all(text) {
            self.add_bytes(view.read());
        }
        let json = serde_json::Value::from(text).to_string();
        if json.len() != text.len() + 2 {
            self.add_bytes(json.as_bytes());
        }
    }

    fn add_words(&mut self, words: &[impl serde::Serialize]) {
        for word in words {
            let word = serde_json::to_value(word).expect("a word is plain data");
            self.add(word.as_str().unwrap_or_default());
        }
    }

    fn add_bytes(&mut self, text: &[u8]) {
        let known = self.stretches.len();
        let stretches = text.array_windows::<SECRET_CHARS_MIN>().copied();
        self.stretches.extend(stretches);
        // A text of nothing but known stretches may still join them anew, unless it is one of those that are there.
        if self.stretches.len() > known || !self.holds(text) {
            self.texts.push(text.into());
        }
    }

    fn holds(&self, value: &[u8]) -> bool {
        let ends = [value.first_chunk(), value.last_chunk()];
        ends.into_iter()
            .all(|end| end.is_some_and(|end| self.stretches.contains(end)))
            && self.texts.iter().any(|text| stands_in(value, text))
    }
}

/// Whether a value is part of what pushproof says by itself, or of these texts.
pub(super) fn is_ordinary(value: &[u8], texts: &Ordinary) -> bool {
    texts.holds(value) || OWN.holds(value)
}

fn stands_in(value: &[u8], text: &[u8]) -> bool {
    text.windows(value.len()).any(|window| window == value)
}
