//! Scenarios of one's own, beside those of a dialect: files and folders that are named on the command line.
//!
//! They join the dialect as if they stood in its folder: its operations, outcomes, fragments and requirements are theirs. Fragments of their
//! own stand in `fragments/` beside them.

use std::fs;
use std::path::{Path, PathBuf};

use pushproof_scenario::SourceFile;

use crate::command::Problem;
use crate::dialects;
use crate::files::{self, Walked};

const FRAGMENTS: &str = "fragments";

/// The scenarios and fragments that the words name and that belong to no dialect's folder, each once. A word that is no path is passed over.
pub(crate) fn files(words: &[String], colour: bool) -> Result<Vec<SourceFile>, Problem> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut problems = Vec::new();
    let mut below = |folder: &Path, paths: &mut Vec<PathBuf>| {
        let walked = Walked::below(folder);
        paths.extend(walked.files);
        problems.extend(walked.problems);
    };
    for word in words {
        let path = Path::new(word);
        if belongs_to_a_dialect(path) {
            continue;
        }
        if path.is_dir() {
            below(path, &mut paths);
        } else if path.is_file() && is_yaml(path) {
            paths.push(path.to_owned());
            let beside = path.parent().unwrap_or(Path::new("")).join(FRAGMENTS);
            if beside.is_dir() {
                below(&beside, &mut paths);
            }
        }
    }
    paths.sort();
    paths.dedup();
    let mut own = Vec::new();
    for path in &paths {
        match files::text(path) {
            Ok(text) => own.extend(source(path, text, words)),
            Err(problem) => problems.push(*problem),
        }
    }
    dialects::report(&problems, colour)?;
    Ok(own)
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

/// A file that was named is taken in any case; of those in a folder, whatever has steps: targets may stand beside scenarios.
fn source(path: &Path, text: String, words: &[String]) -> Option<SourceFile> {
    let is_named = words.iter().any(|word| Path::new(word) == path);
    if !is_named && !text.lines().any(|line| line.starts_with("steps:")) {
        return None;
    }
    Some(SourceFile {
        relative: relative(path),
        shown: path.to_string_lossy().into_owned(),
        text,
    })
}

/// Its place in the dialect: fragments where all fragments are, scenarios by their path.
fn relative(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name);
    // In a dialect every file ends so.
    let path = path.with_extension("yaml");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match folder.is_some_and(|folder| folder == FRAGMENTS) {
        true => format!("{FRAGMENTS}/{name}"),
        false => format!("own/{}", path.to_string_lossy().replace('\\', "/")),
    }
}
