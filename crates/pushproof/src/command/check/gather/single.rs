//! Files that stand by themselves: targets and lists of known deviations.

use std::path::Path;
use std::sync::Arc;

use pushproof_report::Secret;
use pushproof_runner::target::parse;
use pushproof_scenario::yaml;
use pushproof_scenario::{Diagnostic, Library, Program, Source, Stages};

use super::Gathering;
use crate::args::Args;
use crate::command::check::found::Checked;
use crate::{dialects, known, target};

impl Gathering<'_> {
    /// A target. Its secrets are not looked up: whoever checks a file need not be who runs it.
    pub(super) fn target(&mut self, shown: &str, path: Option<&Path>, text: &str) {
        self.found.counts.targets += 1;
        let folder = path
            .and_then(Path::parent)
            .unwrap_or_else(|| Path::new("."))
            .to_owned();
        let (args, name) = (self.args, shown.to_owned());
        let again = Box::new(move |text: &str| {
            let source = Source::new(name.as_str(), text);
            match parse(&source, &folder, &|_| Ok(Secret::new("not looked up"))) {
                Ok(target) => Stages {
                    compiling: target::misfits(args, &source, &target),
                    ..Stages::default()
                },
                Err(problems) => staged(&source, problems),
            }
        });
        let checked = Checked::new(shown, path.map(Path::to_owned), text, again);
        self.found.checked.push(checked);
    }

    /// A list of known deviations, held against the dialect of the command line.
    pub(super) fn known(&mut self, shown: &str, path: Option<&Path>, text: &str) {
        self.found.counts.known += 1;
        let programs = programs(self.args);
        let (name, dialect) = (shown.to_owned(), self.args.dialect.clone());
        let again = Box::new(move |text: &str| {
            let source = Source::new(name.as_str(), text);
            staged(&source, known::check(&source, &programs, &dialect))
        });
        let checked = Checked::new(shown, path.map(Path::to_owned), text, again);
        self.found.checked.push(checked);
    }
}

/// By stage: if the file cannot be read at all, that is the first.
fn staged(source: &Arc<Source>, problems: Vec<Diagnostic>) -> Stages {
    if yaml::parse(source).is_err() {
        Stages {
            reading: problems,
            ..Stages::default()
        }
    } else {
        Stages {
            parsing: problems,
            ..Stages::default()
        }
    }
}

/// The cases of a dialect; none if it cannot be read, which is told when it is checked itself.
fn programs(args: &Args) -> Vec<Arc<Program>> {
    let files = dialects::files(args, &args.dialect);
    let library = files.ok().and_then(|(files, _)| Library::read(&files).0);
    let compiled = library.and_then(|library| {
        let profile = library.profiles().next()?.to_owned();
        library.compile(&profile)
    });
    compiled.map(|(programs, _)| programs).unwrap_or_default()
}
