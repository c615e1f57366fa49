//! Scenarios of one's own, beside those of a dialect: files and folders that are named on the command line.
//!
//! They join the dialect as if they stood in its folder: its operations, outcomes, fragments and requirements are theirs. Fragments of their
//! own stand in `fragments/` beside them.

use std::fs;
use std::path::{Path, PathBuf};

use pushproof_scenario::SourceFile;

use crate::command::Problem;

/// Largest file that is read at all; the parser has its own, lower limit and says so with a place.
const FILE_MAX: u64 = 16 << 20;
/// Deepest folder below one that is named, so that a link in a circle ends.
const DEPTH_MAX: usize = 8;
const FRAGMENTS: &str = "fragments";

/// The scenarios and fragments that the words name and that belong to no dialect's folder, each once. A word that is no path is passed over.
pub(crate) fn files(words: &[String]) -> Result<Vec<SourceFile>, Problem> {
    let mut paths = Vec::new();
    for word in words {
        let path = Path::new(word);
        if belongs_to_a_dialect(path) {
            continue;
        }
        if path.is_dir() {
            walk(path, 0, &mut paths)?;
        } else if path.is_file() && is_yaml(path) {
            paths.push(path.to_owned());
            let beside = path.parent().unwrap_or(Path::new("")).join(FRAGMENTS);
            if beside.is_dir() {
                walk(&beside, DEPTH_MAX, &mut paths)?;
            }
        }
    }
    paths.sort();
    paths.dedup();
    let files = paths.iter().map(|path| read(path, words));
    let read: Vec<Option<SourceFile>> = files.collect::<Result<_, _>>()?;
    Ok(read.into_iter().flatten().collect())
}

/// Puts scenarios of one's own to those of the dialect.
pub(crate) fn join(own: &[SourceFile], files: &mut Vec<SourceFile>) -> Result<(), Problem> {
    for file in own {
        if let Some(known) = files.iter().find(|known| known.relative == file.relative) {
            let message = format!("`{}` is called like `{}`", file.shown, known.shown);
            let hint = "give it a name of its own, and its `fragment:` the same";
            return Err(Problem::invalid(message).hint(hint));
        }
        files.push(file.clone());
    }
    Ok(())
}

/// A file of a dialect is read with its folder: from the binary, or by `--dialects`.
fn belongs_to_a_dialect(path: &Path) -> bool {
    let Ok(whole) = path.canonicalize() else {
        return true;
    };
    let inside = whole
        .ancestors()
        .any(|folder| folder.join("dialect.yaml").is_file());
    let around = fs::read_dir(&whole).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| entry.path().join("dialect.yaml").is_file()))
    });
    inside || around
}

fn is_yaml(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    extension == "yaml" || extension == "yml"
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> Problem {
    Problem::invalid(format!("reading `{}`: {error}", path.display()))
}

fn walk(folder: &Path, depth: usize, into: &mut Vec<PathBuf>) -> Result<(), Problem> {
    let entries = fs::read_dir(folder).map_err(|error| failed(folder, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| failed(folder, &error))?.path();
        if path.is_dir() && depth < DEPTH_MAX {
            walk(&path, depth + 1, into)?;
        } else if path.is_file() && is_yaml(&path) {
            into.push(path);
        }
    }
    Ok(())
}

/// A file that was named is read in any case; of those in a folder, whatever has steps: targets may stand beside scenarios.
fn read(path: &Path, words: &[String]) -> Result<Option<SourceFile>, Problem> {
    let length = fs::metadata(path)
        .map_err(|error| failed(path, &error))?
        .len();
    if length > FILE_MAX {
        let message = format!("larger than {} MiB", FILE_MAX >> 20);
        return Err(failed(path, &message));
    }
    let bytes = fs::read(path).map_err(|error| failed(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|_| failed(path, &"not UTF-8"))?;
    let is_named = words.iter().any(|word| Path::new(word) == path);
    if !is_named && !text.lines().any(|line| line.starts_with("steps:")) {
        return Ok(None);
    }
    Ok(Some(SourceFile {
        relative: relative(path),
        shown: path.to_string_lossy().into_owned(),
        text,
    }))
}

/// Its place in the dialect: fragments where all fragments are, scenarios by their path.
fn relative(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match folder.is_some_and(|folder| folder == FRAGMENTS) {
        true => format!("{FRAGMENTS}/{name}"),
        false => format!("own/{}", path.to_string_lossy().replace('\\', "/")),
    }
}
