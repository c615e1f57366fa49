//! [`Drift`]: one difference between a stored and a seen shape.

use std::fmt;

use crate::path::Path;

/// One difference between a stored and a seen shape. Printed, it is one line without values of the reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Where.
    pub path: Path,
    /// What.
    pub change: Change,
}

/// Whether a client written against the stored shape can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A client that ignores what it does not know goes on working.
    Additive,
    /// A client may rely on what is no longer so.
    Breaking,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Additive => "additive",
            Self::Breaking => "breaking",
        })
    }
}

/// What a drift consists of. Shapes within it are in the notation, cut to one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A member that the stored shape does not have.
    MemberAdded {
        /// Its shape.
        seen: String,
        /// Whether it was missing in some of what was seen.
        optional: bool,
    },
    /// A required member that was never seen.
    MemberMissing,
    /// A required member that was missing in some of what was seen.
    BecameOptional,
    /// None of the types seen is a stored one.
    TypeChanged {
        /// The types before.
        stored: String,
        /// The types now.
        seen: String,
    },
    /// Types seen beside stored ones.
    TypeAdded {
        /// The types before.
        stored: String,
        /// Only the new ones.
        seen: String,
    },
    /// A discriminating string has another value.
    ConstantChanged {
        /// The value before, quoted.
        stored: String,
        /// The value now, quoted.
        seen: String,
    },
    /// A discriminating string has more than the one value.
    ConstantWidened {
        /// The value before, quoted.
        stored: String,
        /// What all values now have in common.
        seen: String,
    },
    /// Strings of another or of no kind.
    KindChanged {
        /// The kind before.
        stored: String,
        /// The kind now.
        seen: String,
    },
    /// The place is declared secret now. The reply need not have changed.
    BecameSecret,
    /// Member names are data now: declared so, or beyond the bounds.
    BecameMap,
    /// Nothing was known, as of the elements of an array that was always empty.
    NowKnown {
        /// The shape.
        seen: String,
    },
    /// Declared so, or beyond the bounds: nothing can be said of the place.
    BecameAnything,
}

impl Change {
    /// How grave the change is for clients.
    pub fn severity(&self) -> Severity {
        match self {
            Self::MemberAdded { .. } | Self::BecameSecret | Self::NowKnown { .. } => {
                Severity::Additive
            }
            Self::MemberMissing
            | Self::BecameOptional
            | Self::TypeChanged { .. }
            | Self::TypeAdded { .. }
            | Self::ConstantChanged { .. }
            | Self::ConstantWidened { .. }
            | Self::KindChanged { .. }
            | Self::BecameMap
            | Self::BecameAnything => Severity::Breaking,
        }
    }

    /// A stable word for reports and scripts, such as `member-added`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::MemberAdded { .. } => "member-added",
            Self::MemberMissing => "member-missing",
            Self::BecameOptional => "became-optional",
            Self::TypeChanged { .. } => "type-changed",
            Self::TypeAdded { .. } => "type-added",
            Self::ConstantChanged { .. } => "constant-changed",
            Self::ConstantWidened { .. } => "constant-widened",
            Self::KindChanged { .. } => "kind-changed",
            Self::BecameSecret => "became-secret",
            Self::BecameMap => "became-map",
            Self::NowKnown { .. } => "now-known",
            Self::BecameAnything => "became-anything",
        }
    }
}

impl Drift {
    /// How grave the change is for clients.
    pub fn severity(&self) -> Severity {
        self.change.severity()
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = self.severity();
        match self.path.0.as_slice() {
            [] => write!(f, "{severity}: the reply ")?,
            _ => write!(f, "{severity}: `{}` ", self.path)?,
        }
        match &self.change {
            Change::MemberAdded {
                seen,
                optional: false,
            } => write!(f, "is new: `{seen}`"),
            Change::MemberAdded {
                seen,
                optional: true,
            } => write!(f, "is new and optional: `{seen}`"),
            Change::MemberMissing => f.write_str("is missing"),
            Change::BecameOptional => f.write_str("is missing in some replies"),
            Change::TypeChanged { stored, seen } => write!(f, "was `{stored}`, is `{seen}`"),
            Change::TypeAdded { stored, seen } => write!(f, "was `{stored}`, is also `{seen}`"),
            Change::ConstantChanged { stored, seen } => {
                write!(f, "was always `{stored}`, is `{seen}`")
            }
            Change::ConstantWidened { stored, seen } => {
                write!(f, "was always `{stored}`, is any `{seen}`")
            }
            Change::KindChanged { stored, seen } => write!(f, "was a `{stored}`, is a `{seen}`"),
            Change::BecameSecret => f.write_str("is declared secret now"),
            Change::BecameMap => f.write_str("had fixed members, is a `map` now"),
            Change::NowKnown { seen } => write!(f, "was never seen with content, is `{seen}`"),
            Change::BecameAnything => f.write_str("can no longer be described: `anything`"),
        }
    }
}
