//! Reading what people name: regular files only, bounded, in UTF-8; folders with each real one once. Nothing here can hang.
//!
//! What cannot be read is a [`Diagnostic`] like any other, so that one bad file does not hide what is wrong in the rest.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use pushproof_scenario::fields::Reader;
use pushproof_scenario::yaml::BYTES_MAX;
use pushproof_scenario::{Diagnostic, Source, Span};

/// Deepest folder that is looked into.
const DEPTH_MAX: usize = 12;
/// Most files of one folder; whoever names the root of a disk is told so.
const FILES_MAX: usize = 20_000;

/// A problem of a file as a whole.
pub(crate) fn problem(
    shown: &str,
    code: &'static str,
    message: impl Into<String>,
    help: &str,
) -> Diagnostic {
    let reader = Reader::new(&Source::new(shown, ""));
    reader.error_with_help(code, Span::default(), message, help);
    let mut problems = reader.into_problems();
    problems.pop().expect("it was just reported")
}

/// The text of a file, with its byte order mark if it has one.
pub(crate) fn text(path: &Path) -> Result<String, Box<Diagnostic>> {
    let shown = path.to_string_lossy();
    let bytes = bytes(path).map_err(|refusal| Box::new(refusal.told(&shown)))?;
    utf8(&shown, bytes)
}

/// The text of standard input.
pub(crate) fn standard_input(shown: &str) -> Result<String, Box<Diagnostic>> {
    let bytes = bounded(io::stdin().lock()).map_err(|refusal| Box::new(refusal.told(shown)))?;
    utf8(shown, bytes)
}

/// Why there are no bytes.
pub(crate) enum Refusal {
    Failed(io::Error),
    /// A link whose end is not there.
    Dangling,
    /// A link that leads to itself.
    Circle,
    TooLarge,
    /// Not a file: what it is.
    Other(&'static str),
}

impl Refusal {
    fn told(&self, shown: &str) -> Diagnostic {
        let (code, message, help) = match self {
            Self::Failed(error) => (
                "E0008",
                format!("cannot be read: {error}"),
                "look at its name, and at who may read it",
            ),
            Self::Dangling => (
                "E0008",
                "cannot be read: a link that leads to nothing".to_owned(),
                "remove the link, or put back what it led to",
            ),
            Self::Circle => (
                "E0008",
                "cannot be read: a link that leads in a circle".to_owned(),
                "remove the link",
            ),
            Self::TooLarge => (
                "E0002",
                format!("file is larger than {} MiB", BYTES_MAX >> 20),
                "split it, or move what recurs into fragments",
            ),
            Self::Other(what) => (
                "E0008",
                format!("cannot be read: this is {what}"),
                "name a regular file or a folder; `-` is standard input",
            ),
        };
        problem(shown, code, message, help)
    }
}

/// The bytes of a regular file. A pipe or a device is never opened: it might never answer, or never end.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Refusal> {
    let metadata = fs::metadata(path).map_err(|error| {
        let is_link = fs::symlink_metadata(path).is_ok_and(|link| link.is_symlink());
        match error.kind() {
            io::ErrorKind::NotFound if is_link => Refusal::Dangling,
            io::ErrorKind::PermissionDenied => Refusal::Failed(error),
            _ if is_link => Refusal::Circle,
            _ => Refusal::Failed(error),
        }
    })?;
    if !metadata.is_file() {
        return Err(Refusal::Other(what(&metadata)));
    }
    if metadata.len() > BYTES_MAX as u64 {
        return Err(Refusal::TooLarge);
    }
    bounded(File::open(path).map_err(Refusal::Failed)?)
}

fn bounded(from: impl Read) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    from.take(BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(Refusal::Failed)?;
    if bytes.len() > BYTES_MAX {
        return Err(Refusal::TooLarge);
    }
    Ok(bytes)
}

fn what(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() {
        return "a folder";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            return "a named pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    "not a regular file"
}

fn utf8(shown: &str, bytes: Vec<u8>) -> Result<String, Box<Diagnostic>> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.into_bytes();
        let help = match &bytes[..] {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "this looks like UTF-16; save the file as UTF-8",
            _ => "save the file as UTF-8",
        };
        let message = format!("not UTF-8: byte 0x{:02x}", bytes[at]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let source = Source::new(shown, text);
        let start = u32::try_from(at - mark).unwrap_or(u32::MAX);
        let reader = Reader::new(&source);
        reader.error_with_help("E0009", Span::new(start, start + 3), message, help);
        let mut problems = reader.into_problems();
        Box::new(problems.pop().expect("it was just reported"))
    })
}

/// The YAML files below a folder.
#[derive(Default)]
pub(crate) struct Walked {
    /// In the order of their names.
    pub(crate) files: Vec<PathBuf>,
    /// What could not be looked into.
    pub(crate) problems: Vec<Diagnostic>,
    /// The folders that have been seen, links followed, so that a circle ends and nothing is read twice.
    seen: BTreeSet<PathBuf>,
}

impl Walked {
    /// Looks through a folder. Hidden files and folders are passed over.
    pub(crate) fn below(folder: &Path) -> Self {
        let mut walked = Self::default();
        walked.folder(folder, 0);
        walked
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        let real = match fs::canonicalize(folder) {
            Ok(real) => real,
            Err(error) => return self.refused(folder, Refusal::Failed(error)),
        };
        if !self.seen.insert(real) {
            return;
        }
        if depth > DEPTH_MAX || self.files.len() > FILES_MAX {
            return self.refused(
                folder,
                Refusal::Other("part of more than can sensibly be looked through"),
            );
        }
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut paths: Vec<PathBuf> = match entries {
            Ok(entries) => entries.iter().map(fs::DirEntry::path).collect(),
            Err(error) => return self.refused(folder, Refusal::Failed(error)),
        };
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with('.') {
                continue;
            }
            if path.is_dir() {
                self.folder(&path, depth + 1);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "yaml")
            {
                self.files.push(path);
            }
        }
    }

    fn refused(&mut self, path: &Path, refusal: Refusal) {
        self.problems.push(refusal.told(&path.to_string_lossy()));
    }
}
