//! Which cases are meant by SELECT (a path, a case id or a glob over it, a requirement id) and by a filter.

use std::path::Path;
use std::sync::Arc;

use globset::{Glob, GlobMatcher};
use pushproof_report::{Cover, exit};
use pushproof_scenario::{Program, nearest};

use crate::command::Problem;
use crate::env;
use crate::filter::Filter;

/// The cases that any of the words selects and the filter passes, in their order; all without either. A word that selects nothing is an error
/// with the nearest name, and so is a filter that leaves nothing.
pub(crate) fn select(
    programs: Vec<Arc<Program>>,
    words: &[String],
    filter: Option<&Filter>,
) -> Result<Vec<Arc<Program>>, Problem> {
    let named = named(programs, words)?;
    let Some(filter) = filter else {
        return Ok(named);
    };
    let passing: Vec<_> = named
        .iter()
        .filter(|program| filter.selects(program))
        .map(Arc::clone)
        .collect();
    if passing.is_empty() {
        Err(filter.nothing(&named))
    } else {
        Ok(passing)
    }
}

fn named(programs: Vec<Arc<Program>>, words: &[String]) -> Result<Vec<Arc<Program>>, Problem> {
    if words.is_empty() {
        return Ok(programs);
    }
    let selectors = words
        .iter()
        .map(|word| Selector::new(word))
        .collect::<Result<Vec<_>, _>>()?;
    for selector in &selectors {
        if !programs.iter().any(|program| selector.selects(program)) {
            return Err(selector.nothing(&programs));
        }
    }
    let wanted =
        |program: &Arc<Program>| selectors.iter().any(|selector| selector.selects(program));
    Ok(programs.into_iter().filter(wanted).collect())
}

struct Selector<'a> {
    word: &'a str,
    glob: GlobMatcher,
}

impl<'a> Selector<'a> {
    fn new(word: &'a str) -> Result<Self, Problem> {
        let glob = glob(word)
            .map_err(|error| Problem::usage(format!("`{word}` is not a glob: {error}")))?;
        Ok(Self { word, glob })
    }

    fn selects(&self, program: &Program) -> bool {
        self.glob.is_match(&program.id)
            || scenario(program) == self.word
            || self.is_path_of(program.source.path())
            || judges(program, self.word)
    }

    /// The word names the file or a folder above it, from here or from any of its parents.
    fn is_path_of(&self, file: &str) -> bool {
        let word = Path::new(self.word);
        if !self.word.contains('/') && word.extension().is_none() && !word.is_dir() {
            return false;
        }
        let file = Path::new(file);
        let here = env::current_dir().unwrap_or_default();
        here.join(file).starts_with(here.join(word))
            || file.ends_with(word)
            || file.ancestors().any(|folder| folder.ends_with(word))
    }

    fn nothing(&self, programs: &[Arc<Program>]) -> Problem {
        let problem =
            Problem::usage(format!("`{}` selects no case", self.word)).code(exit::NOTHING_SELECTED);
        let covers = programs
            .iter()
            .flat_map(|program| program.bindings())
            .flat_map(|binding| binding.covers);
        let requirements: Vec<String> = covers.map(|cover| cover.requirement).collect();
        let known = programs
            .iter()
            .map(|program| program.id.as_str())
            .chain(requirements.iter().map(String::as_str));
        match nearest(self.word, known) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint("`pushproof list` shows what there is"),
        }
    }
}

/// Whether a case says something about a requirement: by a check of its own, or because it meets what the dialect demands of every reply to
/// an operation that it calls.
pub(crate) fn judges(program: &Program, requirement: &str) -> bool {
    let names = |covers: &[Cover]| covers.iter().any(|cover| cover.requirement == requirement);
    let calls = |operation: &usize| {
        let mut exchanges = program
            .steps
            .iter()
            .filter_map(|step| step.action.exchange());
        exchanges.any(|exchange| exchange.operation == *operation)
    };
    let always = &program.dialect.always;
    program
        .bindings()
        .iter()
        .any(|binding| names(&binding.covers))
        || always
            .iter()
            .any(|always| names(&always.covers) && always.operations.iter().any(calls))
}

/// The id of the scenario that a case is a row of.
pub(crate) fn scenario(program: &Program) -> &str {
    program.id.split('[').next().unwrap_or_default()
}

/// A glob over ids. The brackets of a case id are no character class.
pub(crate) fn glob(text: &str) -> Result<GlobMatcher, globset::Error> {
    let pattern: String = text.chars().map(escaped).collect();
    Ok(Glob::new(&pattern)?.compile_matcher())
}

fn escaped(char: char) -> String {
    if matches!(char, '[' | ']' | '{' | '}') {
        format!("\\{char}")
    } else {
        char.to_string()
    }
}
