//! The only place that reads the environment.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the one place where the environment is read"
)]

use std::path::PathBuf;

use pushproof_report::Secret;
use pushproof_runner::target::SecretRef;

/// Whether colour is refused (<https://no-color.org>).
pub(crate) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Whether a CI system runs this: no progress bar then, even on a terminal.
pub(crate) fn ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// Whether the terminal knows no escapes at all.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}

/// The width that the shell tells, where no terminal does.
pub(crate) fn columns() -> Option<usize> {
    std::env::var("COLUMNS")
        .ok()?
        .parse()
        .ok()
        .filter(|columns| (40..=400).contains(columns))
}

/// A secret of a target file; the error is the rest of a sentence about the reference.
pub(crate) fn secret(reference: &SecretRef) -> Result<Secret, String> {
    let text = match reference {
        SecretRef::Env(name) => std::env::var(name).map_err(|error| match error {
            std::env::VarError::NotPresent => "is not set".to_owned(),
            std::env::VarError::NotUnicode(_) => "is not text".to_owned(),
        })?,
        SecretRef::File(path) => {
            std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?
        }
    };
    // What editors and `$(…)` add is no part of a secret, wherever it stands.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        Err("is empty".to_owned())
    } else {
        Ok(Secret::new(text))
    }
}

/// The folder the command was started in.
pub(crate) fn current_dir() -> Option<PathBuf> {
    std::env::current_dir().ok()
}
