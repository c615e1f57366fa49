//! What a check found: [`Checked`], the one result type of all of them.

use std::fmt;

/// The result of one check. It holds if there are no problems; notices never fail it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// What must be put right, one sentence each, with the place.
    pub(crate) problems: Vec<String>,
    /// What is worth a look.
    pub(crate) notices: Vec<String>,
    /// What was looked at, in a few words: a check that looked at nothing is seen.
    pub(crate) note: String,
}

impl Checked {
    /// Whether the check holds.
    pub(crate) fn holds(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for notice in &self.notices {
            writeln!(f, "notice: {notice}")?;
        }
        for problem in &self.problems {
            writeln!(f, "error: {problem}")?;
        }
        if !self.note.is_empty() {
            writeln!(f, "{}", self.note)?;
        }
        Ok(())
    }
}
