//! Which fixes help: [`verify`] tries each by itself, [`settle`] applies them until none is left.
//!
//! A fix helps if its problem is gone afterwards and no other has come. What a mistake had hidden does not count as new: the contents of a
//! misspelt key, and whatever a later stage of checking finds once an earlier one lets the file through.

use std::collections::BTreeMap;

use crate::compile::UNUSED;
use crate::diagnostic::Diagnostic;
use crate::fix::Fix;

/// What is wrong in a file, by the stage that finds it. A later stage sees only what the earlier ones could read.
#[derive(Clone, Debug, Default)]
pub struct Stages {
    /// It is not YAML, or no YAML of this language: at most one problem, with which reading ends.
    pub reading: Vec<Diagnostic>,
    /// Keys, words and values.
    pub parsing: Vec<Diagnostic>,
    /// Names, and what does not fit together.
    pub compiling: Vec<Diagnostic>,
}

/// Most fixes that are tried for one file, so that a file full of mistakes ends.
const TRIES_MAX: usize = 500;

impl Stages {
    /// All of them.
    pub fn into_all(self) -> impl Iterator<Item = Diagnostic> {
        let later = self.parsing.into_iter().chain(self.compiling);
        self.reading.into_iter().chain(later)
    }

    /// All of them, each with the number of its stage.
    fn numbered(&self) -> impl Iterator<Item = (usize, &Diagnostic)> {
        let stages = [&self.reading, &self.parsing, &self.compiling];
        let numbered = stages.into_iter().enumerate();
        numbered.flat_map(|(stage, found)| found.iter().map(move |problem| (stage, problem)))
    }

    fn hides_unused(&self) -> bool {
        self.numbered().any(|(_, problem)| problem.is_error())
    }

    /// How often each problem occurs up to a stage; those in `hidden` are left out.
    fn counts(&self, stage: usize, hidden: &dyn Fn(&Diagnostic) -> bool) -> BTreeMap<Key<'_>, u32> {
        let mut counts = BTreeMap::new();
        for (at, problem) in self.numbered() {
            if at <= stage && !hidden(problem) {
                *counts.entry(key(problem)).or_default() += 1;
            }
        }
        counts
    }
}

/// What makes a problem the same before and after an edit has moved it.
type Key<'a> = (&'a str, &'a str, &'a str);

fn key(problem: &Diagnostic) -> Key<'_> {
    (problem.code, &problem.message, problem.source.path())
}

/// Keeps of each problem's fixes only the first that helps. `check` finds what is wrong with another text of the file.
pub fn verify(path: &str, text: &str, stages: &mut Stages, check: &mut dyn FnMut(&str) -> Stages) {
    let before = stages.clone();
    let mut tries = 0;
    for (stage, found) in [
        &mut stages.reading,
        &mut stages.parsing,
        &mut stages.compiling,
    ]
    .into_iter()
    .enumerate()
    {
        for problem in found {
            let fixes = std::mem::take(&mut problem.fixes);
            if problem.source.path() != path {
                continue;
            }
            problem.fixes = fixes
                .into_iter()
                .filter(|fix| {
                    tries += 1;
                    let fixed = fix.apply(text).filter(|_| tries <= TRIES_MAX);
                    fixed.is_some_and(|fixed| helps(problem, stage, fix, &before, &check(&fixed)))
                })
                .take(1)
                .collect();
        }
    }
}

/// Applies every fix that helps, also those of problems that show only then. Doing it again changes nothing.
pub fn settle(path: &str, text: &str, check: &mut dyn FnMut(&str) -> Stages) -> String {
    let mut text = text.to_owned();
    let mut stages = check(&text);
    let mut tries = 0;
    while let Some(next) = step(path, &text, &stages, &mut tries, check) {
        (text, stages) = next;
    }
    text
}

/// The text after the first fix that helps, and what is wrong then.
fn step(
    path: &str,
    text: &str,
    stages: &Stages,
    tries: &mut usize,
    check: &mut dyn FnMut(&str) -> Stages,
) -> Option<(String, Stages)> {
    let own = |(_, problem): &(usize, &Diagnostic)| problem.source.path() == path;
    for (stage, problem) in stages.numbered().filter(own) {
        for fix in &problem.fixes {
            let Some(fixed) = fix.apply(text) else {
                continue;
            };
            *tries += 1;
            if *tries > TRIES_MAX {
                return None;
            }
            let after = check(&fixed);
            if helps(problem, stage, fix, stages, &after) {
                return Some((fixed, after));
            }
        }
    }
    None
}

/// Whether a problem is gone after its fix, and no other has come.
fn helps(problem: &Diagnostic, stage: usize, fix: &Fix, before: &Stages, after: &Stages) -> bool {
    if stage == 0 {
        // Reading ends at the first problem, so the next one must stand further on.
        let shift = shift(fix);
        let end = fix.edits.iter().map(|edit| edit.span.end).max();
        let end = i64::from(end.unwrap_or_default().max(problem.span.start)) + shift;
        let next = after.reading.first();
        return next.is_none_or(|next| i64::from(next.span.start) > end);
    }
    let hides_unused = before.hides_unused();
    let hidden = |problem: &Diagnostic| {
        hides_unused && UNUSED.contains(&problem.code) || is_revealed(problem, fix)
    };
    let (before, after) = (
        before.counts(stage, &|_| false),
        after.counts(stage, &hidden),
    );
    let of = |counts: &BTreeMap<Key<'_>, u32>, key: &Key<'_>| {
        counts.get(key).copied().unwrap_or_default()
    };
    of(&after, &key(problem)) < of(&before, &key(problem))
        && after.iter().all(|(key, count)| *count <= of(&before, key))
}

/// How many bytes longer the text is after a fix.
fn shift(fix: &Fix) -> i64 {
    let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let edits = fix.edits.iter();
    edits
        .map(|edit| length(edit.text.len()) - i64::from(edit.span.end - edit.span.start))
        .sum()
}

/// Whether a problem stands in what nobody had looked at before the fix.
fn is_revealed(problem: &Diagnostic, fix: &Fix) -> bool {
    fix.reveals.is_some_and(|reveals| {
        let (start, end) = (i64::from(reveals.start), i64::from(reveals.end));
        // It may stand before the edits, after them, or around them.
        let shift = shift(fix);
        let (start, end) = (start.min(start + shift), end.max(end + shift));
        (start..end.max(start + 1)).contains(&i64::from(problem.span.start))
    })
}
