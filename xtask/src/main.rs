//! `cargo xtask X …`: the repository's own commands, and for every other X the road to `pushproof X …`.
//!
//! [`product`] builds and becomes the program. [`ci`] is the one command that says whether the repository is in order; its
//! checks are the modules after it, each an ordinary function from text or metadata to [`checked::Checked`].

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "xtask talks to a person at a terminal"
)]

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use crate::checked::Checked;
use crate::root::Root;

mod root;

mod product;

mod ci;

mod bench;
mod checked;
mod dag;
mod deny;
mod dialect;
mod metadata;
mod packages;
mod process;
mod purity;
mod rust_source;
mod tests_run;
mod tidy;

const HELP: &str = "\
cargo xtask COMMAND

The repository's own commands:
  ci               everything that must hold before a change lands, with a table of results
  bench [ARG]…     the criterion benchmarks of the workspace; ARG goes to criterion (a name filter, --save-baseline NAME)
  dag              who may use whom, what pure packages must not reach, how many packages there are
  tidy             file headers and sizes, left-over words, the changelog, dialect strings in Rust code
  schema           writes scenarios/schema anew; with a KIND, `pushproof schema KIND`
  deny [CHECK]…    licences, bans, sources and advisories with cargo-deny
  help [COMMAND]   this text, or the help of a pushproof command

Every other command is built and run as `pushproof COMMAND …`: `load` and `serve` in release, the rest in the dev profile;
the scenarios of this checkout are passed as `--dialects`. A failed build is exit code 70. `cargo xtask --help` is this
text, `cargo xtask conformance --help` that of the program.
";

/// A bug of ours, or a build that failed (design §6).
const EXIT_BUG: u8 = 70;

const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    dispatch(&args).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(EXIT_BUG)
    })
}

fn dispatch(args: &[OsString]) -> Result<ExitCode> {
    let root = Root::find();
    let command = args.first().and_then(|arg| arg.to_str());
    let rest = args.get(1..).unwrap_or_default();
    match (command.unwrap_or("help"), rest) {
        ("help", []) | ("--help" | "-h", _) => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        ("deny", checks) => deny::run(&root, checks),
        ("bench", args) => bench::run(&root, args),
        ("ci", []) => Ok(ci::ci(&root)),
        ("schema", []) => {
            let folder = root.seen_from(&std::env::current_dir()?, "scenarios/schema");
            product::run(&root, &["schema".into(), "--write".into(), folder.into()])
        }
        ("dag", []) => {
            let graph = metadata::Graph::read(&root)?;
            print!("{}", dag::table(&graph));
            let checks = [dag::check, purity::check, packages::check];
            Ok(say(checks.map(|check| check(&graph))))
        }
        ("tidy", []) => Ok(say([tidy::check(&root)?, dialect::check(&root)?])),
        // What would be ignored is refused.
        (command @ ("ci" | "dag" | "tidy"), [arg, ..]) => {
            eprintln!(
                "error: `cargo xtask {command}` takes no arguments, but was given `{}`",
                arg.display()
            );
            Ok(ExitCode::from(EXIT_USAGE))
        }
        _ => product::run(&root, args),
    }
}

fn say<const N: usize>(checks: [Checked; N]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for checked in checks {
        print!("{checked}");
        if !checked.problems.is_empty() {
            code = ExitCode::FAILURE;
        }
    }
    code
}
