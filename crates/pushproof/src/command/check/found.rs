//! What a check finds: [`Checked`] files with their problems, and [`Found`], all of them.

use std::fmt;
use std::path::PathBuf;

use pushproof_scenario::{Diagnostic, Stages, verify};

use crate::command::counted;

/// Finds what is wrong with another text of a file.
pub(super) type Again<'a> = Box<dyn Fn(&str) -> Stages + 'a>;

/// One file and what is wrong in it.
pub(super) struct Checked<'a> {
    /// The name people know it by.
    pub(super) shown: String,
    /// Where it can be written; standard input and embedded files cannot.
    pub(super) path: Option<PathBuf>,
    /// Its text, without a byte order mark.
    pub(super) text: String,
    pub(super) stages: Stages,
    pub(super) again: Again<'a>,
}

impl<'a> Checked<'a> {
    /// Checks a text by `again`.
    pub(super) fn new(shown: &str, path: Option<PathBuf>, text: &str, again: Again<'a>) -> Self {
        let stages = again(without_mark(text));
        Self::known(shown, path, text, stages, again)
    }

    /// A text about which everything is known.
    pub(super) fn known(
        shown: &str,
        path: Option<PathBuf>,
        text: &str,
        stages: Stages,
        again: Again<'a>,
    ) -> Self {
        Self {
            shown: shown.to_owned(),
            path,
            stages,
            text: without_mark(text).to_owned(),
            again,
        }
    }

    /// Leaves only fixes that have been tried and do help.
    fn verify(&mut self) {
        if !self.may_be_fixed() {
            return;
        }
        let Self {
            shown,
            text,
            stages,
            again,
            ..
        } = self;
        verify(shown, text, stages, &mut |text| again(text));
    }
}

fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

impl Checked<'_> {
    /// Whether any problem has a fix.
    pub(super) fn may_be_fixed(&self) -> bool {
        let stages = &self.stages;
        let mut all = stages
            .reading
            .iter()
            .chain(&stages.parsing)
            .chain(&stages.compiling);
        all.any(|problem| !problem.fixes.is_empty())
    }
}

/// How many there are of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) scenarios: usize,
    pub(super) cases: usize,
    pub(super) fragments: usize,
    pub(super) dialects: usize,
    pub(super) requirements: usize,
    pub(super) targets: usize,
    pub(super) known: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (self.scenarios, "scenario"),
            (self.cases, "case"),
            (self.fragments, "fragment"),
            (self.dialects, "dialect"),
            (self.requirements, "list of requirements"),
            (self.targets, "target"),
            (self.known, "list of known deviations"),
        ];
        let some = all.into_iter().filter(|(n, _)| *n > 0);
        let words: Vec<String> = some
            .map(|(n, noun)| match noun.strip_prefix("list") {
                Some(rest) if n > 1 => format!("{n} lists{rest}"),
                _ => counted(n, noun),
            })
            .collect();
        if words.is_empty() {
            f.write_str("no file")
        } else {
            f.write_str(&words.join(", "))
        }
    }
}

/// Everything that was looked at.
#[derive(Default)]
pub(super) struct Found<'a> {
    pub(super) checked: Vec<Checked<'a>>,
    /// What belongs to no checked file, or to several.
    pub(super) others: Vec<Diagnostic>,
    pub(super) counts: Counts,
}

impl Found<'_> {
    /// Tries the fixes.
    pub(super) fn verify(&mut self) {
        self.checked.iter_mut().for_each(Checked::verify);
        for problem in &mut self.others {
            problem.fixes.clear();
        }
    }

    /// Every problem once, by file and place.
    pub(super) fn problems(&self) -> Vec<Diagnostic> {
        let own = self
            .checked
            .iter()
            .flat_map(|file| file.stages.clone().into_all());
        let mut problems: Vec<Diagnostic> = own.chain(self.others.iter().cloned()).collect();
        let key = |problem: &Diagnostic| {
            let place = (problem.source.path().to_owned(), problem.span);
            (place, problem.code, problem.message.clone())
        };
        // Of two that are the same, the one whose fix is known to help stands first.
        problems.sort_by_cached_key(|problem| (key(problem), problem.fixes.is_empty()));
        problems.dedup_by(|one, other| key(one) == key(other));
        problems
    }
}
