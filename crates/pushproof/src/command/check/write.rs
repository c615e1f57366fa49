//! A file's new text takes the place of the old one at once or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::command::Problem;
use crate::files;

/// Replaces `before` by `after`, both without a byte order mark; the file keeps its own, and its permissions. A link stays one: what it leads
/// to is replaced. A file that is no longer what was checked is left alone.
pub(super) fn replace(path: &Path, before: &str, after: &str) -> Result<(), Problem> {
    let failed = |error: &dyn std::fmt::Display| {
        Problem::usage(format!("writing `{}`: {error}", path.display()))
    };
    let real = fs::canonicalize(path).map_err(|error| failed(&error))?;
    let beside = beside(&real);
    let written = stage(&real, &beside, before, after);
    let done = written.and_then(|()| {
        // As late as can be: what somebody wrote in the meantime is theirs.
        if unchanged(&real, before) {
            fs::rename(&beside, &real)
        } else {
            Err(io::Error::other(
                "it changed in the meantime, and was left alone; check again",
            ))
        }
    });
    done.map_err(|error| {
        // It may never have come to be.
        let _ = fs::remove_file(&beside);
        failed(&error)
    })
}

/// Writes the new text beside the file.
fn stage(real: &Path, beside: &Path, before: &str, after: &str) -> io::Result<()> {
    if !unchanged(real, before) {
        return Err(io::Error::other(
            "it changed in the meantime, and was left alone; check again",
        ));
    }
    let permissions = fs::metadata(real)?.permissions();
    // The rename would get round it.
    if permissions.readonly() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(beside)?;
    fs::set_permissions(beside, permissions)?;
    if has_mark(real) {
        file.write_all("\u{feff}".as_bytes())?;
    }
    file.write_all(after.as_bytes())?;
    file.sync_all()
}

fn beside(real: &Path) -> PathBuf {
    let name = real.file_name().unwrap_or_default().to_string_lossy();
    real.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

fn unchanged(path: &Path, before: &str) -> bool {
    files::bytes(path).is_ok_and(|bytes| body(&bytes) == before.as_bytes())
}

const MARK: &[u8] = "\u{feff}".as_bytes();

fn body(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes)
}

fn has_mark(path: &Path) -> bool {
    files::bytes(path).is_ok_and(|bytes| bytes.starts_with(MARK))
}
