//! Where a dialect's files come from: the folder that was asked for, or the binary itself.

use std::fs;
use std::path::{Path, PathBuf};

use pushproof_runner::target::Target;
use pushproof_scenario::{Diagnostic, FitError, Library, SourceFile};

use crate::args::Args;
use crate::command::Problem;

/// Largest file that is read at all; the parser has its own, lower limit and says so with a place.
const FILE_MAX: u64 = 16 << 20;
/// Deepest folder below a dialect's, so that a link in a circle ends.
const DEPTH_MAX: usize = 8;

/// Reads the dialect that was asked for. Warnings are printed; errors end the command with nothing sent.
pub(crate) fn library(args: &Args, colour: bool) -> Result<Library, Problem> {
    named(args, &args.dialect, colour)
}

/// Reads the dialect that a target speaks, and makes it fit the target.
pub(crate) fn spoken_by(args: &Args, target: &Target, colour: bool) -> Result<Library, Problem> {
    let mut library = named(args, &target.dialect, colour)?;
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

fn named(args: &Args, dialect: &str, colour: bool) -> Result<Library, Problem> {
    let files = files(args, dialect)?;
    let (library, problems) = Library::read(&files);
    report(&problems, colour)?;
    library.ok_or_else(|| Problem::invalid(format!("dialect `{dialect}` cannot be read")))
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

fn files(args: &Args, dialect: &str) -> Result<Vec<SourceFile>, Problem> {
    match &args.dialects {
        Some(folder) => on_disk(folder, dialect),
        None => embedded(dialect),
    }
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

fn on_disk(dialects: &Path, dialect: &str) -> Result<Vec<SourceFile>, Problem> {
    let folder = dialects.join(dialect);
    if !folder.join("dialect.yaml").is_file() {
        let read = fs::read_dir(dialects);
        let names: Vec<String> = read
            .map_err(|error| {
                Problem::invalid(format!("reading folder `{}`: {error}", dialects.display()))
            })?
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                path.join("dialect.yaml").is_file().then(|| {
                    path.file_name()
                        .unwrap_or_default()
                        .to_string_lossy()
                        .into_owned()
                })
            })
            .collect();
        return Err(unknown(dialect, names.iter().map(String::as_str)));
    }
    let mut files = Vec::new();
    walk(&folder, &folder, 0, &mut files)?;
    files.sort_by(|one, other| one.relative.cmp(&other.relative));
    Ok(files)
}

fn unknown<'a>(dialect: &str, known: impl Iterator<Item = &'a str>) -> Problem {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    let problem = Problem::invalid(format!("unknown dialect `{dialect}`"));
    match pushproof_scenario::nearest(dialect, known.iter().copied()) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint(format!("known: {}", known.join(", "))),
    }
}

fn walk(
    root: &Path,
    folder: &Path,
    depth: usize,
    into: &mut Vec<SourceFile>,
) -> Result<(), Problem> {
    if depth > DEPTH_MAX {
        let hint = "a link may lead in a circle";
        return Err(
            Problem::invalid(format!("folder `{}` is nested too deep", folder.display()))
                .hint(hint),
        );
    }
    let failed = |path: &Path, error: &dyn std::fmt::Display| {
        Problem::invalid(format!("reading `{}`: {error}", path.display()))
    };
    let entries = fs::read_dir(folder).map_err(|error| failed(folder, &error))?;
    for entry in entries {
        let path: PathBuf = entry.map_err(|error| failed(folder, &error))?.path();
        if path.is_dir() {
            walk(root, &path, depth + 1, into)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let length = fs::metadata(&path)
                .map_err(|error| failed(&path, &error))?
                .len();
            if length > FILE_MAX {
                return Err(failed(
                    &path,
                    &format!("larger than {} MiB", FILE_MAX >> 20),
                ));
            }
            let bytes = fs::read(&path).map_err(|error| failed(&path, &error))?;
            let text = String::from_utf8(bytes).map_err(|_| failed(&path, &"not UTF-8"))?;
            let relative = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .to_string_lossy()
                .replace('\\', "/");
            into.push(SourceFile {
                relative,
                shown: path.to_string_lossy().into_owned(),
                text,
            });
        }
    }
    Ok(())
}
