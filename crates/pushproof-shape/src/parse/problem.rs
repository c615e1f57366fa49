//! [`ParseError`]: why a text is no shape, and where.

use thiserror::Error;

/// Why a text is no shape, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct ParseError {
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong in the text of a shape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// Only blanks and comments.
    #[error("no shape here")]
    Empty,
    /// Something else stands where only this can.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A word that is no type.
    #[error("unknown word `{0}`")]
    UnknownWord(String),
    /// A quote without its end, or a wrong escape.
    #[error("this quoted text is not a JSON string")]
    BadString,
    /// A member, a type or an entry that was there before.
    #[error("`{0}` stands here twice")]
    Twice(String),
    /// `anything` or `nothing` in a union.
    #[error("`{0}` does not stand with others")]
    NotAlone(&'static str),
    /// Indentation is by spaces.
    #[error("indented by a tab")]
    Tab,
    /// Each level is indented by two spaces more.
    #[error("indented by {found} instead of {expected}")]
    Indent {
        /// Spaces.
        expected: usize,
        /// Spaces.
        found: usize,
    },
    /// An entry below a line that has no room for it, such as a member below a `string`.
    #[error("nothing above takes this entry")]
    NoPlace,
    /// `array` or `map` without what it holds.
    #[error("no `{0} ` entry below this line")]
    NoEntry(char),
    /// `array of` or `map of` beside another array, object or map: what follows would not be clear.
    #[error("`{0} of` beside an array, an object or a map")]
    Crowded(&'static str),
    /// More than a shape can hold.
    #[error("more than {most} {what}")]
    Bound {
        /// The thing that is bounded.
        what: &'static str,
        /// Its bound.
        most: usize,
    },
}

const WORDS: &str = "anything, nothing, null, boolean, integer, number, string, uuid, url, jwt, time, secret, array, object, map";

impl ParseError {
    /// What to try.
    pub fn hint(&self) -> Option<String> {
        match self.problem {
            Problem::UnknownWord(_) => Some(format!("the words are {WORDS}")),
            Problem::Crowded(word) => {
                let marker = if word == "array" { '-' } else { '*' };
                Some(format!(
                    "write `{word}` alone, and what it holds as a `{marker} ` entry below the line"
                ))
            }
            Problem::NoEntry('-') => Some("write `array of nothing` for an empty array".to_owned()),
            Problem::BadString => Some(
                "escape a quote and a backslash with a backslash, a control character as `\\u001b`"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}
