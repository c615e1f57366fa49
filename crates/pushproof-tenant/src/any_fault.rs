//! A fault as it is asked for by text: [`AnyFault`], one of the catalogue or a change to a reply.

use std::fmt;
use std::str::FromStr;

use crate::fault::Fault;
use crate::reply_fault::ReplyFault;

/// Either kind of fault. `AnyFault::from_str` is what a `--fault` option wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AnyFault {
    /// One with an id: `DEF-001`, `REQ-PWD-004`.
    Known(Fault),
    /// A change to replies: `reply:POST /mfa/challenge:remove=oob_code`.
    Reply(ReplyFault),
}

impl fmt::Display for AnyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(fault) => fault.fmt(f),
            Self::Reply(fault) => fault.fmt(f),
        }
    }
}

impl FromStr for AnyFault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        if text.starts_with("reply:") {
            return text.parse().map(Self::Reply);
        }
        text.parse().map(Self::Known).map_err(|unknown| {
            let ids: Vec<_> = Fault::ALL.iter().map(|fault| fault.id()).collect();
            let near = nearest(&text.to_uppercase(), &ids)
                .map_or_else(String::new, |near| format!("did you mean `{near}`? "));
            let other = "any reply can be changed by `reply:METHOD /path:CHANGE`";
            FaultError::new(format!("{unknown}"), format!("{near}{other}"))
        })
    }
}

/// A text that asks for no fault, with advice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FaultError {
    what: String,
    hint: String,
}

impl FaultError {
    pub(crate) fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: hint.into(),
        }
    }

    /// What to write instead.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for FaultError {}

/// The known text that a mistyped one most likely means.
pub(crate) fn nearest<'k>(typed: &str, known: &[&'k str]) -> Option<&'k str> {
    let far = |known: &str| strsim::osa_distance(typed, known);
    let nearest = known.iter().copied().min_by_key(|one| far(one))?;
    (far(nearest) <= typed.len().div_ceil(4).min(3)).then_some(nearest)
}
