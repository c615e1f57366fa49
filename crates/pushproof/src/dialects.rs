//! Where a dialect's files come from: the folder that was asked for, or the binary itself.

use std::fs;
use std::path::Path;

use pushproof_runner::target::Target;
use pushproof_scenario::{Diagnostic, FitError, Library, SourceFile};

use crate::args::Args;
use crate::command::Problem;
use crate::files::{self, Walked};
use crate::own;

/// Reads the dialect that was asked for. Warnings are printed; errors end the command with nothing sent.
pub(crate) fn library(args: &Args, colour: bool) -> Result<Library, Problem> {
    library_with(args, &[], colour)
}

/// The same with scenarios of one's own.
pub(crate) fn library_with(
    args: &Args,
    own: &[SourceFile],
    colour: bool,
) -> Result<Library, Problem> {
    named(args, &args.dialect, own, colour)
}

/// Reads the dialect that a target speaks, with scenarios of one's own, and makes it fit the target.
pub(crate) fn spoken_by(
    args: &Args,
    target: &Target,
    own: &[SourceFile],
    colour: bool,
) -> Result<Library, Problem> {
    let mut library = named(args, &target.dialect, own, colour)?;
    let known = &library.dialect.features;
    if let Some((name, place)) = target.unknown_feature(known) {
        let dialect = &target.dialect;
        let message = format!("{place}: dialect `{dialect}` has no feature `{name}`");
        let known = known.iter().map(String::as_str);
        let near = pushproof_scenario::nearest(name, known.clone());
        let hint = near.map_or_else(
            || format!("known: {}", known.collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(Problem::invalid(message).hint(hint));
    }
    library
        .fit(&target.endpoints, &target.inputs)
        .map_err(|error| {
            let hint = match &error {
                FitError::Unknown { name, known, .. } => {
                    let known = known.iter().map(String::as_str);
                    let near = pushproof_scenario::nearest(name, known.clone());
                    near.map_or_else(
                        || format!("known: {}", known.collect::<Vec<_>>().join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    )
                }
                FitError::Missing { name, .. } => {
                    format!("add it to the target file: `endpoints: {{ {name}: /path }}`")
                }
            };
            Problem::invalid(error.to_string()).hint(hint)
        })?;
    Ok(library)
}

fn named(args: &Args, dialect: &str, own: &[SourceFile], colour: bool) -> Result<Library, Problem> {
    let (mut files, mut problems) = files(args, dialect)?;
    own::join(own, &mut files)?;
    let (library, found) = Library::read(&files);
    problems.extend(found);
    report(&problems, colour)?;
    library.ok_or_else(|| Problem::invalid(format!("dialect `{dialect}` cannot be read")))
}

/// Reads a dialect for its names alone: what is wrong with its scenarios is for others to say, as long as it can be read at all.
pub(crate) fn readable(args: &Args, dialect: &str, colour: bool) -> Result<Library, Problem> {
    let (files, mut problems) = files(args, dialect)?;
    let (library, found) = Library::read(&files);
    if let Some(library) = library {
        return Ok(library);
    }
    problems.extend(found);
    report(&problems, colour)?;
    Err(Problem::invalid(format!(
        "dialect `{dialect}` cannot be read"
    )))
}

/// The text of a file of the dialect that was asked for, by its path below the dialect's folder; `None` where it has none.
pub(crate) fn text(args: &Args, relative: &str) -> Result<Option<String>, Problem> {
    let (files, _) = files(args, &args.dialect)?;
    let found = files.into_iter().find(|file| file.relative == relative);
    Ok(found.map(|file| file.text))
}

/// Prints what was found wrong; with an error in it, that is the end.
pub(crate) fn report(problems: &[Diagnostic], colour: bool) -> Result<(), Problem> {
    for problem in problems {
        anstream::eprintln!("{}\n", problem.render(colour));
    }
    match problems.iter().filter(|problem| problem.is_error()).count() {
        0 => Ok(()),
        1 => Err(Problem::invalid("1 error; nothing was sent")),
        errors => Err(Problem::invalid(format!(
            "{errors} errors; nothing was sent"
        ))),
    }
}

/// The files of a dialect, and those that could not be read.
pub(crate) fn files(
    args: &Args,
    dialect: &str,
) -> Result<(Vec<SourceFile>, Vec<Diagnostic>), Problem> {
    match &args.dialects {
        Some(folder) => on_disk(folder, dialect),
        None => Ok((embedded(dialect)?, Vec::new())),
    }
}

/// The names of the dialects that there are.
pub(crate) fn names(args: &Args) -> Vec<String> {
    let mut names: Vec<String> = match &args.dialects {
        Some(folder) => names_in(folder).unwrap_or_default(),
        None => {
            let files = pushproof_dialects::FILES.iter();
            let folders = files.filter_map(|(path, _)| path.split('/').next());
            folders.map(str::to_owned).collect()
        }
    };
    names.sort();
    names.dedup();
    names
}

fn embedded(dialect: &str) -> Result<Vec<SourceFile>, Problem> {
    let prefix = format!("{dialect}/");
    let file = |(path, text): &(&str, &str)| {
        let relative = path.strip_prefix(&prefix)?.to_owned();
        Some(SourceFile {
            relative,
            shown: format!("scenarios/{path}"),
            text: (*text).to_owned(),
        })
    };
    let files: Vec<SourceFile> = pushproof_dialects::FILES.iter().filter_map(file).collect();
    if files.is_empty() {
        return Err(unknown(
            dialect,
            pushproof_dialects::FILES
                .iter()
                .filter_map(|(path, _)| path.split('/').next()),
        ));
    }
    Ok(files)
}

fn on_disk(dialects: &Path, dialect: &str) -> Result<(Vec<SourceFile>, Vec<Diagnostic>), Problem> {
    let folder = dialects.join(dialect);
    if !folder.join("dialect.yaml").is_file() {
        let names = names_in(dialects)?;
        return Err(unknown(dialect, names.iter().map(String::as_str)));
    }
    Ok(below(&folder))
}

/// The folders that have a `dialect.yaml`.
fn names_in(dialects: &Path) -> Result<Vec<String>, Problem> {
    let entries = fs::read_dir(dialects).map_err(|error| {
        Problem::invalid(format!("reading folder `{}`: {error}", dialects.display()))
    })?;
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.ok()?.path();
        let name = path.file_name()?.to_string_lossy().into_owned();
        path.join("dialect.yaml").is_file().then_some(name)
    };
    Ok(entries.filter_map(name).collect())
}

/// The files of a dialect's folder, and those that could not be read.
pub(crate) fn below(folder: &Path) -> (Vec<SourceFile>, Vec<Diagnostic>) {
    let Walked {
        files: paths,
        mut problems,
        ..
    } = Walked::below(folder);
    let mut files = Vec::new();
    for path in paths {
        match files::text(&path) {
            Ok(text) => files.push(SourceFile {
                relative: relative(folder, &path),
                shown: path.to_string_lossy().into_owned(),
                text,
            }),
            Err(problem) => problems.push(*problem),
        }
    }
    (files, problems)
}

fn relative(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    relative.to_string_lossy().replace('\\', "/")
}

fn unknown<'a>(dialect: &str, known: impl Iterator<Item = &'a str>) -> Problem {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    let problem = Problem::invalid(format!("unknown dialect `{dialect}`"));
    match pushproof_scenario::nearest(dialect, known.iter().copied()) {
        None if known.is_empty() => {
            problem.hint("none is there; a dialect is a folder that has a `dialect.yaml`")
        }
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint(format!("known: {}", known.join(", "))),
    }
}
