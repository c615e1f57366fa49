//! `cargo xtask X …` for the commands of the program: [`run`] builds `pushproof` in the right profile and becomes it.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::EXIT_BUG;
use crate::process::{
    become_program, cargo, exit_code_of, forward_stderr, spawn_read, with_callers_environment,
    without_colours,
};
use crate::root::Root;

/// What xtask knows of a command of the program.
struct Known {
    name: &'static str,
    profile: Profile,
    /// Whether it reads scenarios or dialects.
    dialects: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Profile {
    Dev,
    /// For what measures, and for what is measured.
    Release,
}

const COMMANDS: &[Known] = &[
    Known {
        name: "conformance",
        profile: Profile::Dev,
        dialects: true,
    },
    Known {
        name: "check",
        profile: Profile::Dev,
        dialects: true,
    },
    Known {
        name: "list",
        profile: Profile::Dev,
        dialects: true,
    },
    Known {
        name: "new",
        profile: Profile::Dev,
        dialects: true,
    },
    Known {
        name: "schema",
        profile: Profile::Dev,
        dialects: true,
    },
    Known {
        name: "explain",
        profile: Profile::Dev,
        dialects: true,
    },
    Known {
        name: "shapes",
        profile: Profile::Dev,
        dialects: true,
    },
    Known {
        name: "load",
        profile: Profile::Release,
        dialects: true,
    },
    Known {
        name: "serve",
        profile: Profile::Release,
        dialects: false,
    },
    Known {
        name: "self-check",
        profile: Profile::Dev,
        dialects: true,
    },
    Known {
        name: "client",
        profile: Profile::Dev,
        dialects: true,
    },
    Known {
        name: "target",
        profile: Profile::Dev,
        dialects: true,
    },
    Known {
        name: "report",
        profile: Profile::Dev,
        dialects: false,
    },
];

/// Builds the program and becomes it. Does not return when that succeeds, except on systems without `exec`.
///
/// # Errors
///
/// If cargo or the program cannot be started.
pub(crate) fn run(root: &Root, args: &[OsString]) -> Result<ExitCode> {
    let known = known(args);
    let program = match build(root, known.map_or(Profile::Dev, |known| known.profile))? {
        Built::Program(program) => program,
        Built::Failed(code) => return Ok(ExitCode::from(code)),
    };
    let here = std::env::current_dir().context("asking for the current folder")?;
    let dialects = root.seen_from(&here, "scenarios");
    let mut command = Command::new(program);
    command.args(invocation(args, known, &dialects));
    with_callers_environment(&mut command);
    become_program(command)
}

/// The command among the arguments: the first word that is one, so that options may stand before it.
fn known(args: &[OsString]) -> Option<&'static Known> {
    let words = args.iter().take_while(|arg| *arg != "--");
    words
        .filter_map(|arg| arg.to_str())
        .find_map(|word| COMMANDS.iter().find(|known| known.name == word))
}

/// The arguments for the program: the caller's, and the dialects of the checkout unless the caller named others.
fn invocation(args: &[OsString], known: Option<&Known>, dialects: &Path) -> Vec<OsString> {
    let named = args
        .iter()
        .take_while(|arg| *arg != "--")
        .any(|arg| is_dialects(arg));
    let mut all = Vec::with_capacity(args.len() + 2);
    if known.is_some_and(|known| known.dialects) && !named {
        all.extend([OsString::from("--dialects"), dialects.into()]);
    }
    all.extend(args.iter().cloned());
    all
}

fn is_dialects(arg: &OsStr) -> bool {
    arg.to_str()
        .is_some_and(|arg| arg == "--dialects" || arg.starts_with("--dialects="))
}

enum Built {
    Program(PathBuf),
    /// With the code to end with.
    Failed(u8),
}

/// Builds the program. What cargo says goes to stderr; if there was nothing to do, it says nothing.
fn build(root: &Root, profile: Profile) -> Result<Built> {
    let mut command = cargo(&["build", "--package", "pushproof", "--bin", "pushproof"]);
    command.arg("--message-format=json-render-diagnostics");
    command.arg("--manifest-path").arg(root.join("Cargo.toml"));
    if profile == Profile::Release {
        command.arg("--release");
    }
    let mut child = spawn_read(&mut command)?;
    let stderr = forward_stderr(&mut child, |line| !is_finished_line(line));
    let mut program = None;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            program = executable(&line.context("reading what `cargo build` prints")?).or(program);
        }
    }
    let _ = stderr.join();
    let status = child.wait().context("waiting for `cargo build`")?;
    match program {
        Some(program) if status.success() => Ok(Built::Program(program)),
        None if status.success() => bail!("`cargo build` succeeded and named no program"),
        // An interrupted build is not a broken one.
        _ if status.code().is_none() => Ok(Built::Failed(exit_code_of(status))),
        _ => Ok(Built::Failed(EXIT_BUG)),
    }
}

/// Cargo's closing line, the only one it prints when everything is fresh.
fn is_finished_line(line: &str) -> bool {
    without_colours(line).trim_start().starts_with("Finished ")
}

/// The program's path, if this line of `cargo build --message-format=json` tells it.
fn executable(line: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    let is_ours =
        message["reason"] == "compiler-artifact" && message["target"]["name"] == "pushproof";
    is_ours
        .then(|| message["executable"].as_str().map(PathBuf::from))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn becomes(line: &str) -> String {
        let args = args(line);
        let known = known(&args);
        let profile = known.map_or(Profile::Dev, |known| known.profile);
        let all = invocation(&args, known, Path::new("scenarios"));
        let all: Vec<_> = all.iter().map(|arg| arg.to_string_lossy()).collect();
        format!("{profile:?}: {}", all.join(" "))
    }

    #[test]
    fn commands_get_their_profile_and_the_scenarios_of_the_checkout() {
        assert_eq!(
            becomes("conformance -j 2"),
            "Dev: --dialects scenarios conformance -j 2"
        );
        assert_eq!(
            becomes("load plan.yaml"),
            "Release: --dialects scenarios load plan.yaml"
        );
        assert_eq!(becomes("serve --port 0"), "Release: serve --port 0");
        assert_eq!(becomes("report record.jsonl"), "Dev: report record.jsonl");
        assert_eq!(
            becomes("--color never check"),
            "Dev: --dialects scenarios --color never check"
        );
    }

    #[test]
    fn what_the_caller_named_stands() {
        assert_eq!(becomes("list --dialects mine"), "Dev: list --dialects mine");
        assert_eq!(becomes("list --dialects=mine"), "Dev: list --dialects=mine");
        assert_eq!(
            becomes("explain serve"),
            "Dev: --dialects scenarios explain serve"
        );
        assert_eq!(becomes("report -- load"), "Dev: report -- load");
    }

    #[test]
    fn an_unknown_command_is_for_the_program_to_refuse() {
        assert_eq!(becomes("conformence"), "Dev: conformence");
        assert_eq!(becomes("--version"), "Dev: --version");
    }

    #[test]
    fn the_program_is_where_cargo_says() {
        let artifact = r#"{"reason":"compiler-artifact","target":{"name":"pushproof"},"executable":"/t/debug/pushproof"}"#;
        assert_eq!(
            executable(artifact),
            Some(PathBuf::from("/t/debug/pushproof"))
        );
        let library =
            r#"{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}"#;
        assert_eq!(executable(library), None);
        assert_eq!(
            executable(r#"{"reason":"build-finished","success":true}"#),
            None
        );
    }

    #[test]
    fn only_the_closing_line_is_noise() {
        assert!(is_finished_line(
            "    Finished `dev` profile [optimized] target(s) in 0.10s"
        ));
        assert!(is_finished_line(
            "\u{1b}[1m\u{1b}[92m    Finished\u{1b}[0m `dev` profile in 0.10s"
        ));
        assert!(!is_finished_line("   Compiling pushproof v0.1.0"));
        assert!(!is_finished_line("warning: unused variable: `Finished `"));
    }
}
