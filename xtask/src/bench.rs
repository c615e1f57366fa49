//! `cargo xtask bench`: [`run`] becomes `cargo bench` for the criterion benchmarks of the workspace.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::metadata::{Graph, Package};
use crate::process::{become_program, cargo};
use crate::root::Root;

/// Runs all benchmarks in release; what follows is criterion's (a filter, `--save-baseline NAME`).
///
/// # Errors
///
/// If the workspace cannot be read or cargo cannot be started.
pub(crate) fn run(root: &Root, args: &[OsString]) -> Result<ExitCode> {
    let graph = Graph::read(root)?;
    let Some(mut command) = command(&graph.members()) else {
        eprintln!("error: no package of the workspace has a benchmark");
        return Ok(ExitCode::FAILURE);
    };
    command.current_dir(root.path());
    if !args.is_empty() {
        command.arg("--").args(args);
    }
    become_program(command)
}

/// Benchmark targets are named one by one: otherwise cargo also starts every unit test binary, which does not understand
/// criterion's arguments.
fn command(members: &[&Package]) -> Option<Command> {
    let mut command = cargo(&["bench"]);
    let with_benches = members.iter().filter(|member| !member.benches.is_empty());
    let mut n_benches = 0;
    for member in with_benches {
        command.args(["--package", &member.name]);
        for bench in &member.benches {
            command.args(["--bench", bench]);
            n_benches += 1;
        }
    }
    (n_benches > 0).then_some(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::graph;

    fn args(text: &str) -> Option<String> {
        let graph = graph(text);
        let command = command(&graph.members())?;
        let args = command.get_args().map(|arg| arg.to_string_lossy());
        Some(args.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn benchmarks_are_named_one_by_one() {
        let told = args("b: x [bench] merge\na: [bench] poll parse\nc: x\n--\nx: [bench] theirs");
        assert_eq!(
            told.unwrap(),
            "bench --package a --bench poll --bench parse --package b --bench merge"
        );
    }

    #[test]
    fn without_benchmarks_there_is_nothing_to_run() {
        assert_eq!(args("a: b\nb:"), None);
    }
}
