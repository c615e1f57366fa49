//! What a check, a case or a requirement came to: [`Verdict`], and how verdicts combine.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Level;

/// What a check, a case or a requirement came to. The order is worst first (`Fail` is the least value),
/// which is the order in which verdicts fold: see [`Verdict::worst`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A MUST was breached.
    Fail,
    /// Instances of one case came to different verdicts.
    Flaky,
    /// A SHOULD was breached, or a form was seen that only a `level: should` alternative allows.
    Warn,
    /// A breach that the list of known deviations names.
    Known,
    /// Judged, but the evidence does not decide; a negative check whose control did not hold, for example.
    Inconclusive,
    /// Never judged: the target, a user, a device or an earlier step stood in the way.
    CouldNotRun,
    /// Held.
    Pass,
    /// The target lacks a feature that it needs, or nothing was there of what it is about and need not be there.
    NotApplicable,
}

impl Verdict {
    /// All verdicts, the worst first.
    pub const ALL: [Self; 8] = [
        Self::Fail,
        Self::Flaky,
        Self::Warn,
        Self::Known,
        Self::Inconclusive,
        Self::CouldNotRun,
        Self::Pass,
        Self::NotApplicable,
    ];

    /// The worst of several verdicts; `None` of none.
    pub fn worst(verdicts: impl IntoIterator<Item = Self>) -> Option<Self> {
        verdicts.into_iter().min()
    }

    /// What a check that came to `self` means for a requirement that it covers at `level`.
    ///
    /// One check may cover a MUST and a SHOULD, so its breach is `Fail` for the one and `Warn` for the other. For
    /// a MAY a breach is no breach: it is `Pass`, and was not observed. A `Warn` stays `Warn` for a MUST: it
    /// says that a form was tolerated, not that the requirement was breached.
    #[must_use]
    pub const fn at(self, level: Level) -> Self {
        match (self, level) {
            (Self::Fail, Level::Should) => Self::Warn,
            (Self::Fail | Self::Warn, Level::May) => Self::Pass,
            (verdict, _) => verdict,
        }
    }

    /// Under `--strict` a warning is a failure.
    #[must_use]
    pub const fn under(self, strict: bool) -> Self {
        match self {
            Self::Warn if strict => Self::Fail,
            verdict => verdict,
        }
    }

    /// Whether the question was left open: neither held nor breached, although it was asked.
    pub const fn is_unjudged(self) -> bool {
        matches!(self, Self::Inconclusive | Self::CouldNotRun)
    }

    /// The word as it stands in YAML, JSON and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Flaky => "flaky",
            Self::Warn => "warn",
            Self::Known => "known",
            Self::Inconclusive => "inconclusive",
            Self::CouldNotRun => "could-not-run",
            Self::Pass => "pass",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
