//! The files that outputs go to: [`write_whole`] and [`distinct`].

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pushproof_report::exit;

use crate::command::Problem;

/// Writes a whole file, or leaves what was there: first beside it, then into its place. A symbolic link stays, and its file is written. What is
/// no regular file, such as a pipe or a device, is written through.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<(), Problem> {
    write(path, text).map_err(|error| {
        let problem = Problem::usage(format!("writing `{}`: {error}", path.display()));
        match error.kind() {
            // Nobody asked for anything wrong.
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                problem.code(exit::UNJUDGED)
            }
            _ => problem,
        }
    })
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if is_written_through(path) {
        let mut file = OpenOptions::new().append(true).open(path)?;
        return file.write_all(text.as_bytes()).and_then(|()| file.flush());
    }
    let path = &place(path);
    if let Some(folder) = folder(path) {
        fs::create_dir_all(folder)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let written = File::create(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What is left of it helps nobody.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A pipe, a device, or a name of one of this process's own streams, whatever that is.
fn is_written_through(path: &Path) -> bool {
    let is_stream = path.starts_with("/dev") || path.starts_with("/proc");
    let special = |found: fs::Metadata| !found.is_file() && !found.is_dir();
    fs::metadata(path).is_ok_and(|found| is_stream || special(found))
}

fn folder(path: &Path) -> Option<&Path> {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
}

/// Where a path leads, over all links: one name for one file, whether it is there or not.
fn place(path: &Path) -> PathBuf {
    if let Ok(whole) = fs::canonicalize(path) {
        return whole;
    }
    // A link to a file that is not there yet is followed one step.
    if let Ok(link) = fs::read_link(path) {
        return folder(path).unwrap_or(Path::new("")).join(link);
    }
    let folder = folder(path).unwrap_or(Path::new("."));
    match (fs::canonicalize(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// Refuses two outputs on one path, and an output on a file that is read. Each is named by its option.
pub(crate) fn distinct(
    outputs: &[(&str, Option<&Path>)],
    inputs: &[(&str, Option<&Path>)],
) -> Result<(), Problem> {
    let named =
        |(name, path): &(&'_ str, Option<&Path>)| Some(((*name).to_owned(), (*path)?.to_owned()));
    let outputs: Vec<(String, PathBuf)> = outputs.iter().filter_map(named).collect();
    let inputs: Vec<(String, PathBuf)> = inputs.iter().filter_map(named).collect();
    for (at, (name, path)) in outputs.iter().enumerate() {
        if is_written_through(path) {
            continue;
        }
        let others = outputs[..at].iter().chain(&inputs);
        let other = others
            .into_iter()
            .find(|(_, other)| place(other) == place(path));
        if let Some((other, _)) = other {
            let message = format!("`{other}` and `{name}` are one file, `{}`", path.display());
            return Err(Problem::usage(message).hint("give each a file of its own"));
        }
    }
    Ok(())
}
