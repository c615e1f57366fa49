//! A text that does not print: tickets, bearers, seeds, signed answers.

use std::fmt;

/// A secret of the phone. `Debug` shows a placeholder; [`Secret::reveal`] is the only way out.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Box<str>);

impl Secret {
    pub(crate) fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The single way out: searching for `reveal` lists every use.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹secret›")
    }
}
