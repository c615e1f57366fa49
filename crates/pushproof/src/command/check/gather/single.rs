//! Files that stand by themselves: targets and lists of known deviations.

use std::path::Path;
use std::sync::Arc;

use pushproof_report::Secret;
use pushproof_runner::target::{Target, parse};
use pushproof_scenario::fields::Reader;
use pushproof_scenario::yaml::{self, Kind};
use pushproof_scenario::{Diagnostic, FitError, Library, Program, Source, Span, Stages};

use super::Gathering;
use crate::args::Args;
use crate::command::check::found::Checked;
use crate::{dialects, known};

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
                    compiling: misfits(args, &source, &target),
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

/// What a target says of a dialect that is not so.
fn misfits(args: &Args, source: &Arc<Source>, target: &Target) -> Vec<Diagnostic> {
    let reader = Reader::new(source);
    let names = dialects::names(args);
    if !names.contains(&target.dialect) {
        let known = names.iter().map(String::as_str);
        reader.unknown(
            "E0306",
            place(source, &["dialect"]),
            "dialect",
            &target.dialect,
            known,
        );
        return reader.into_problems();
    }
    let files = dialects::files(args, &target.dialect);
    let Some(mut library) = files.ok().and_then(|(files, _)| Library::read(&files).0) else {
        return Vec::new();
    };
    if let Some(profile) = &target.profile
        && !library.profiles().any(|known| known == profile)
    {
        reader.unknown(
            "E0202",
            place(source, &["profile"]),
            "profile",
            profile,
            library.profiles(),
        );
    }
    match library.fit(&target.endpoints, &target.inputs) {
        Ok(()) => {}
        Err(FitError::Unknown {
            name, known, what, ..
        }) => {
            let section = if target.endpoints.contains_key(&name) {
                "endpoints"
            } else {
                "inputs"
            };
            let known = known.iter().map(String::as_str);
            reader.unknown(
                "E0307",
                place(source, &[section, &name]),
                what,
                &name,
                known,
            );
        }
        Err(error @ FitError::Missing { .. }) => {
            let help = "add it to `endpoints`";
            reader.error_with_help(
                "E0307",
                place(source, &["endpoints"]),
                error.to_string(),
                help,
            );
        }
    }
    reader.into_problems()
}

/// Where a key stands, or the value of a top key; the start of the file if it is not there.
fn place(source: &Arc<Source>, path: &[&str]) -> Span {
    let find = |node: &yaml::Node, key: &str| match &node.kind {
        Kind::Map(entries) => entries.iter().find(|entry| entry.key == key).cloned(),
        Kind::List(_) | Kind::Scalar { .. } => None,
    };
    let root = yaml::parse(source).ok();
    let span = root.and_then(|root| match path {
        [key] => find(&root, key).map(|entry| entry.value.span),
        [section, key] => find(&find(&root, section)?.value, key).map(|entry| entry.key_span),
        _ => None,
    });
    span.unwrap_or(Span::new(0, 1))
}
