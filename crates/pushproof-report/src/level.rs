//! How strongly a requirement is meant: [`Level`], the words of RFC 2119.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How strongly a requirement is meant (RFC 2119).
///
/// The order is that of a listing: [`Level::Must`], the strongest, comes first and is the *least* value.
/// To ask for the stronger of several, say [`Level::strongest`] and not `min` or `max`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A breach is a failure.
    Must,
    /// A breach is a warning, and a failure under `--strict`.
    Should,
    /// There is no breach: it is reported as observed or not observed.
    May,
}

impl Level {
    /// All levels, the strongest first.
    pub const ALL: [Self; 3] = [Self::Must, Self::Should, Self::May];

    /// The strongest of several levels; `None` of none.
    pub fn strongest(levels: impl IntoIterator<Item = Self>) -> Option<Self> {
        levels.into_iter().min()
    }

    /// The word as it stands in YAML, JSON and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::May => "may",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
