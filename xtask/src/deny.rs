//! Licences, bans, sources and advisories of the dependencies, by cargo-deny and `deny.toml`: [`run`], [`check`].

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use crate::checked::Checked;
use crate::process::{become_program, cargo, has_cargo_command, run as run_to_end};
use crate::root::Root;

/// What can be checked without the network.
const OFFLINE_CHECKS: &[&str] = &["bans", "licenses", "sources"];

/// How to get the tool.
pub(crate) const MISSING: &str =
    "cargo-deny is not installed; `cargo install --locked cargo-deny` gets it";

/// Whether cargo-deny is installed.
pub(crate) fn is_installed(root: &Root) -> bool {
    has_cargo_command(root, "deny")
}

/// The checks that `cargo xtask ci` makes: those that give the same answer today and tomorrow. Advisories do not, and
/// need the network.
///
/// # Errors
///
/// If cargo cannot be started.
pub(crate) fn check(root: &Root) -> Result<Checked> {
    let mut command = cargo(&["deny", "--log-level", "error", "check"]);
    command.args(OFFLINE_CHECKS);
    let mut checked = run_to_end(root, command)?;
    checked.note = OFFLINE_CHECKS.join(", ");
    Ok(checked)
}

/// `cargo xtask deny [CHECK]…`: all checks, or those named.
///
/// # Errors
///
/// If cargo cannot be started.
pub(crate) fn run(root: &Root, checks: &[OsString]) -> Result<ExitCode> {
    if !is_installed(root) {
        eprintln!("error: {MISSING}");
        return Ok(ExitCode::FAILURE);
    }
    let mut command = cargo(&["deny", "check"]);
    command.args(checks).current_dir(root.path());
    become_program(command)
}
