//! The `pushproof` command: arguments, files, environment, terminal, exit codes, wiring.
//!
//! Reading order: [`args`] says what can be asked; each command is one file under [`command`]; [`output`] is where events become files and
//! terminal lines.

mod args;
mod command;
mod dialects;
mod env;
mod files;
mod filter;
mod known;
mod output;
mod own;
mod person;
mod plan;
mod sandbox;
mod select;
mod signals;
mod target;

use std::process::ExitCode;

use clap::Parser;
use pushproof_report::exit;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        anstream::eprintln!(
            "error: a bug of pushproof\n  {panic}\n  please report it with the command that you ran"
        );
    }));
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let code = if error.use_stderr() {
                exit::USAGE
            } else {
                exit::OK
            };
            // Nothing can be done when even the usage cannot be printed.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match std::panic::catch_unwind(|| command::run(args)) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(problem)) => {
            problem.print();
            ExitCode::from(problem.code)
        }
        Err(_) => ExitCode::from(exit::BUG),
    }
}
