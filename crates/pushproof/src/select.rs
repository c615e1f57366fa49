//! Which cases are meant by SELECT: a path, a case id or a glob over it, a requirement id.

use std::path::Path;
use std::sync::Arc;

use globset::{Glob, GlobMatcher};
use pushproof_report::{Cover, exit};
use pushproof_scenario::{Program, nearest};

use crate::command::Problem;
use crate::env;

/// The cases that any of the words selects, in their order; all without words. A word that selects nothing is an error with the nearest name.
pub(crate) fn select(programs: Vec<Arc<Program>>, words: &[String]) -> Result<Vec<Arc<Program>>, Problem> {
    if words.is_empty() {
        return Ok(programs);
    }
    let selectors = words.iter().map(|word| Selector::new(word)).collect::<Result<Vec<_>, _>>()?;
    for selector in &selectors {
        if !programs.iter().any(|program| selector.selects(program)) {
            return Err(selector.nothing(&programs));
        }
    }
    let wanted = |program: &Arc<Program>| selectors.iter().any(|selector| selector.selects(program));
    Ok(programs.into_iter().filter(wanted).collect())
}

struct Selector<'a> {
    word: &'a str,
    glob: GlobMatcher,
}

impl<'a> Selector<'a> {
    fn new(word: &'a str) -> Result<Self, Problem> {
        // The brackets of a case id are no character class.
        let pattern: String = word.chars().map(escaped).collect();
        let glob = Glob::new(&pattern).map_err(|error| Problem::usage(format!("`{word}` is not a glob: {error}")))?;
        Ok(Self { word, glob: glob.compile_matcher() })
    }

    fn selects(&self, program: &Program) -> bool {
        let scenario = program.id.split('[').next().unwrap_or_default();
        self.glob.is_match(&program.id)
            || scenario == self.word
            || self.is_path_of(program.source.path())
            || judges(program, self.word)
    }

    /// The word names the file or a folder above it, from here or from any of its parents.
    fn is_path_of(&self, file: &str) -> bool {
        let word = Path::new(self.word);
        if !self.word.contains('/') && word.extension().is_none() {
            return false;
        }
        let file = Path::new(file);
        let here = env::current_dir().unwrap_or_default();
        here.join(file).starts_with(here.join(word)) || file.ends_with(word) || file.ancestors().any(|folder| folder.ends_with(word))
    }

    fn nothing(&self, programs: &[Arc<Program>]) -> Problem {
        let problem = Problem::usage(format!("`{}` selects no case", self.word)).code(exit::NOTHING_SELECTED);
        let covers = programs.iter().flat_map(|program| program.bindings()).flat_map(|binding| binding.covers);
        let requirements: Vec<String> = covers.map(|cover| cover.requirement).collect();
        let known = programs.iter().map(|program| program.id.as_str()).chain(requirements.iter().map(String::as_str));
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
        let mut exchanges = program.steps.iter().filter_map(|step| step.action.exchange());
        exchanges.any(|exchange| exchange.operation == *operation)
    };
    let always = &program.dialect.always;
    program.bindings().iter().any(|binding| names(&binding.covers))
        || always.iter().any(|always| names(&always.covers) && always.operations.iter().any(calls))
}

fn escaped(char: char) -> String {
    if matches!(char, '[' | ']' | '{' | '}') { format!("\\{char}") } else { char.to_string() }
}
