//! Reads a target file.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use pushproof_runner::target::{Target, parse};
use pushproof_scenario::fields::Reader;
use pushproof_scenario::yaml::{self, Kind};
use pushproof_scenario::{Diagnostic, FitError, Library, Source, Span};

use crate::args::Args;
use crate::command::Problem;
use crate::{dialects, env};

/// Reads and checks a target file and the files that it names; what is wrong is printed, and nothing is sent.
pub(crate) fn read(args: &Args, path: &Path, colour: bool) -> Result<Target, Problem> {
    let text = fs::read_to_string(path).map_err(|error| {
        Problem::invalid(format!("reading target file `{}`: {error}", path.display()))
    })?;
    let source = Source::new(path.to_string_lossy(), text);
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let invalid = |problems: &[Diagnostic]| {
        dialects::report(problems, colour)
            .err()
            .unwrap_or_else(|| Problem::invalid("the target file is invalid"))
    };
    let mut target = parse(&source, folder, &env::secret).map_err(|problems| invalid(&problems))?;
    let mut problems = misfits(args, &source, &target);
    problems.extend(unusable_files(&source, &mut target));
    dialects::report(&problems, colour)?;
    Ok(target)
}

/// The files that a target names and that cannot be used.
fn unusable_files(source: &Arc<Source>, target: &mut Target) -> Vec<Diagnostic> {
    let reader = Reader::new(source);
    for problem in target.look_into_files().err().into_iter().flatten() {
        reader.error_with_help(
            "E0308",
            place(source, &problem.at),
            problem.message,
            problem.help,
        );
    }
    reader.into_problems()
}

/// What a target says of a dialect that is not so.
pub(crate) fn misfits(args: &Args, source: &Arc<Source>, target: &Target) -> Vec<Diagnostic> {
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
    for (name, _) in target.features.iter().flatten() {
        if !library.dialect.features.contains(name) {
            let known = library.dialect.features.iter().map(String::as_str);
            reader.unknown(
                "E0150",
                item(source, "features", name),
                "feature",
                name,
                known,
            );
        }
    }
    for name in target.lifetimes.keys() {
        if !library.dialect.lifetimes.contains_key(name) {
            let known = library.dialect.lifetimes.keys().map(String::as_str);
            reader.unknown(
                "E0101",
                place(source, &["lifetimes", name]),
                "lifetime",
                name,
                known,
            );
        }
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

/// Where a text stands in a list; the start of the file if it is not there.
fn item(source: &Arc<Source>, key: &str, text: &str) -> Span {
    let root = yaml::parse(source).ok();
    let entries = root.as_ref().and_then(|root| match &root.kind {
        Kind::Map(entries) => Some(entries),
        Kind::List(_) | Kind::Scalar { .. } => None,
    });
    let list = entries.and_then(|entries| entries.iter().find(|entry| entry.key == key));
    let items = match list.map(|entry| &entry.value.kind) {
        Some(Kind::List(items)) => &items[..],
        _ => &[],
    };
    let is_it = |node: &&yaml::Node| matches!(&node.kind, Kind::Scalar { text: found, .. } if found == text);
    items
        .iter()
        .find(is_it)
        .map_or(Span::new(0, 1), |node| node.span)
}
