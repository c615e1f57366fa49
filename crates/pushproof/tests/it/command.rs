//! [`transcript`]: the command in a folder of its own, and all that it says.
//!
//! What differs from run to run is replaced, at its own width where lines are wrapped around it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use regex_lite::Regex;
use tempfile::TempDir;

/// A folder to run the command in; it goes with the value.
pub(crate) struct Workshop {
    folder: TempDir,
    environment: Vec<(&'static str, String)>,
}

/// What the command left behind.
pub(crate) struct Done {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the command in an empty folder.
pub(crate) fn transcript(args: &[&str]) -> String {
    Workshop::new().transcript(args)
}

impl Workshop {
    pub(crate) fn new() -> Self {
        let environment = vec![("CI", "1".to_owned()), ("COLUMNS", "80".to_owned())];
        Self {
            folder: tempfile::tempdir().unwrap(),
            environment,
        }
    }

    /// Adds a variable to an environment that holds nothing else but `CI` and `COLUMNS`.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The command, ready to start.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pushproof"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .stdin(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Done {
        self.command(args).output().unwrap().into()
    }

    pub(crate) fn transcript(&self, args: &[&str]) -> String {
        self.show(&self.run(args))
    }

    pub(crate) fn show(&self, done: &Done) -> String {
        let mut text = format!("exit: {}\n", done.exit);
        for (name, stream) in [("stdout", &done.stdout), ("stderr", &done.stderr)] {
            text.push_str(&format!("----- {name} -----\n{stream}"));
        }
        plain(&text, self.folder.path())
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            exit: output.status.code().expect("it ended by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// What to find, and what to put there.
const VARIABLE: [(&str, &str); 7] = [
    (r"\d{8}T\d{6}Z-[0-9a-f]{8}", "[stamp]-[run id]"),
    (r"(\brun\s+)[0-9a-f]{8}\b", "${1}[run id]"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:[port]"),
    (r"#[0-9a-f]{4}›", "#mark›"),
    // Cases side by side draw these numbers from one row.
    (r"\bexchange \d+ again", "exchange [n] again"),
    (r"[^\s`]*/target/[^\s`]*/pushproof\b", "pushproof"),
    (r"[ \t]+\n", "\n"),
];

/// The text without what differs from run to run.
pub(crate) fn plain(text: &str, folder: &Path) -> String {
    let text = text.replace(&*folder.to_string_lossy(), "[folder]");
    VARIABLE.iter().fold(text, |text, (find, put)| {
        Regex::new(find)
            .unwrap()
            .replace_all(&text, *put)
            .into_owned()
    })
}
