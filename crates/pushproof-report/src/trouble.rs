//! What went wrong on the way to the endpoint and back, and whose doing it is taken to be: the words of [`Event::Troubled`](crate::Event::Troubled).

use serde::{Deserialize, Serialize};

/// Whose doing something is taken to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attribution {
    /// The endpoint's own: it answers otherwise, and shows this each time.
    Target,
    /// Something between: a network, a proxy, a front that answers for the endpoint.
    Environment,
    /// The target file's: what it gives does not fit the endpoint.
    TargetFile,
    /// This program's: it was late, or out of resources.
    Pushproof,
    /// Not known yet: what looks like a breach was seen, and whether it shows again decides.
    Unknown,
}

impl Attribution {
    /// The word as it stands in reports for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Environment => "environment",
            Self::TargetFile => "target file",
            Self::Pushproof => "pushproof",
            Self::Unknown => "in doubt",
        }
    }
}

/// What was done about a trouble.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// The same request was sent again, where that can do no harm.
    SentAgain,
    /// The same request was sent again after the time that the endpoint asked for.
    Waited,
    /// The case went on without the answer; what it sees from here on accuses nobody.
    WentOn,
    /// What looked like a breach is not counted.
    SetAside,
    /// The case was run again, with new users.
    RanAgain,
    /// Nothing: the case could not run to its end.
    GaveUp,
    /// A breach was seen as often as it takes: it counts.
    Confirmed,
}

impl Remedy {
    /// In words, after what happened.
    pub const fn says(self) -> &'static str {
        match self {
            Self::SentAgain => "sent again",
            Self::Waited => "waited, then sent again",
            Self::WentOn => "went on without the answer",
            Self::SetAside => "set aside",
            Self::RanAgain => "case run again",
            Self::GaveUp => "given up",
            Self::Confirmed => "confirmed",
        }
    }
}
