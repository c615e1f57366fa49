//! Programs that xtask starts: [`cargo`], [`run`] to the end, [`run_and_read`] while reading along, [`become_program`].

use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread;

use anyhow::{Context as _, Result, bail};

use crate::checked::Checked;
use crate::root::{Root, cargo_package_variables, env_var};

/// `cargo`, the very one that started xtask, with the caller's environment and no terminal to ask questions on.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(env_var("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).stdin(Stdio::null());
    with_callers_environment(&mut command);
    command
}

/// Takes away what `cargo run` added to the environment for xtask.
pub(crate) fn with_callers_environment(command: &mut Command) {
    for name in cargo_package_variables() {
        command.env_remove(name);
    }
}

/// Whether `cargo NAME` is installed.
pub(crate) fn has_cargo_command(root: &Root, name: &str) -> bool {
    let mut command = cargo(&[name, "--version"]);
    command
        .current_dir(root.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// What a program prints on stdout.
///
/// # Errors
///
/// If it cannot be started, fails, or prints something that is not UTF-8.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("starting `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` ended with {}", ended(output.status));
    }
    String::from_utf8(output.stdout).with_context(|| format!("reading what `{shown}` prints"))
}

/// Runs a program in the root folder to its end; its output goes where ours goes, and failing is a problem.
///
/// # Errors
///
/// If it cannot be started.
pub(crate) fn run(root: &Root, mut command: Command) -> Result<Checked> {
    let shown = shown(&command);
    let status = command.current_dir(root.path()).status();
    let status = status.with_context(|| format!("starting `{shown}`"))?;
    Ok(judge(&shown, status))
}

/// Like [`run`], and gives back what the program printed, stdout and stderr line by line as they came.
///
/// # Errors
///
/// If it cannot be started or read.
pub(crate) fn run_and_read(root: &Root, mut command: Command) -> Result<(Checked, String)> {
    let shown = shown(&command);
    let mut child = spawn_read(command.current_dir(root.path()))?;
    let stderr = forward_stderr(&mut child, |_| true);
    let mut log = String::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line.with_context(|| format!("reading what `{shown}` prints"))?;
            println!("{line}");
            log.push_str(&line);
            log.push('\n');
        }
    }
    log.push_str(&stderr.join().unwrap_or_default());
    let status = child
        .wait()
        .with_context(|| format!("waiting for `{shown}`"))?;
    Ok((judge(&shown, status), log))
}

/// Starts cargo with both its outputs to be read by us, in colour if ours go to a terminal.
///
/// # Errors
///
/// If it cannot be started.
pub(crate) fn spawn_read(command: &mut Command) -> Result<Child> {
    let is_told = env_var("CARGO_TERM_COLOR").is_some() || env_var("NO_COLOR").is_some();
    if io::stderr().is_terminal() && !is_told {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    child.with_context(|| format!("starting `{}`", shown(command)))
}

/// Copies the lines of a child's stderr that `wanted` keeps to ours, at once; gives all of them back at the end.
pub(crate) fn forward_stderr(
    child: &mut Child,
    wanted: impl Fn(&str) -> bool + Send + 'static,
) -> thread::JoinHandle<String> {
    let stderr = child.stderr.take();
    thread::spawn(move || {
        let mut log = String::new();
        for line in stderr
            .into_iter()
            .flat_map(|stderr| BufReader::new(stderr).split(b'\n'))
        {
            let Ok(line) = line else { break };
            let line = String::from_utf8_lossy(&line);
            if wanted(&line) {
                // A reader that went away is no reason to stop the child.
                let _ = writeln!(io::stderr(), "{line}");
            }
            log.push_str(&line);
            log.push('\n');
        }
        log
    })
}

fn judge(shown: &str, status: ExitStatus) -> Checked {
    let problem = (!status.success()).then(|| format!("`{shown}` ended with {}", ended(status)));
    Checked {
        problems: problem.into_iter().collect(),
        ..Checked::default()
    }
}

fn shown(command: &Command) -> String {
    let args = command.get_args().map(|arg| arg.to_string_lossy());
    format!("cargo {}", args.collect::<Vec<_>>().join(" "))
}

fn ended(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}

/// The exit code with which we pass on how a child ended: its own, or 128 and the signal, as a shell has it.
pub(crate) fn exit_code_of(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX)
}

/// Replaces xtask by another program, so that its exit code, signals and terminal are the caller's without anybody in
/// between.
///
/// # Errors
///
/// If the program cannot be started; otherwise this returns only on systems without `exec`.
pub(crate) fn become_program(mut command: Command) -> Result<ExitCode> {
    let program = command.get_program().to_owned();
    #[cfg(unix)]
    let ended = Err(std::os::unix::process::CommandExt::exec(&mut command));
    #[cfg(not(unix))]
    let ended = command
        .status()
        .map(|status| ExitCode::from(exit_code_of(status)));
    ended.with_context(|| format!("starting `{}`", program.display()))
}

/// A line without the colours of a terminal.
pub(crate) fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('\u{1b}') {
        plain.push_str(&rest[..at]);
        let sequence = &rest[at..];
        let end = sequence
            .char_indices()
            .skip(2)
            .find(|(_, c)| c.is_ascii_alphabetic());
        rest = end.map_or("", |(end, _)| &sequence[end + 1..]);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_away() {
        assert_eq!(
            without_colours("\u{1b}[32;1m   Finished\u{1b}[0m `dev` profile"),
            "   Finished `dev` profile"
        );
        assert_eq!(without_colours("plain"), "plain");
        assert_eq!(without_colours("cut \u{1b}[3"), "cut ");
    }

    #[cfg(unix)]
    #[test]
    fn a_signal_is_passed_on_as_a_shell_would() {
        use std::os::unix::process::ExitStatusExt as _;

        assert_eq!(exit_code_of(ExitStatus::from_raw(2)), 130);
        assert_eq!(exit_code_of(ExitStatus::from_raw(15)), 143);
        assert_eq!(exit_code_of(ExitStatus::from_raw(10 << 8)), 10);
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_fails_is_a_problem() {
        use std::os::unix::process::ExitStatusExt as _;

        let checked = judge("cargo fmt", ExitStatus::from_raw(1 << 8));
        assert_eq!(checked.problems, ["`cargo fmt` ended with exit code 1"]);
        assert!(judge("cargo fmt", ExitStatus::from_raw(0)).holds());
    }

    #[test]
    fn what_a_command_prints_is_given_back() {
        let root = Root::at(env!("CARGO_MANIFEST_DIR"));
        let (checked, log) = run_and_read(&root, cargo(&["--version"])).unwrap();
        assert!(checked.holds());
        assert!(log.starts_with("cargo "), "{log}");
    }
}
