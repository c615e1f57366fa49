//! One file per command, and what they share: how a command fails.

mod check;
mod conformance;
mod doctor;
mod explain;
mod list;
mod new;
mod report;
mod schema;
mod serve;

use pushproof_report::exit;
use tokio::runtime::Runtime;

use crate::args::{Args, Command, Target};
use crate::output;

/// Why a command ended without its result.
#[derive(Debug)]
pub(crate) struct Problem {
    /// The exit code.
    pub(crate) code: u8,
    message: String,
    hint: Option<String>,
}

impl Problem {
    /// What was asked for cannot be done.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            code: exit::USAGE,
            message: message.into(),
            hint: None,
        }
    }

    /// A file is invalid; nothing was sent.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::usage(message).code(exit::INVALID)
    }

    /// With another exit code.
    pub(crate) fn code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What is wrong.
    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Tells it on standard error.
    pub(crate) fn print(&self) {
        anstream::eprintln!("error: {}", self.message);
        if let Some(hint) = &self.hint {
            anstream::eprintln!("  help: {hint}");
        }
    }
}

/// Does what was asked; gives the exit code.
pub(crate) fn run(args: Args) -> Result<u8, Problem> {
    let colour = output::colour(args.color, &std::io::stderr());
    match &args.command {
        Command::Conformance(command) => {
            runtime()?.block_on(conformance::run(&args, command, colour))
        }
        Command::Check(command) => check::run(&args, command, colour),
        Command::List(command) => list::run(&args, command, colour),
        Command::Explain(command) => explain::run(&args, command, colour),
        Command::Serve(command) => runtime()?.block_on(serve::run(command)),
        Command::Report(command) => report::run(&args, command),
        Command::New(command) => new::run(&args, command),
        Command::Schema(command) => schema::run(&args, command, colour),
        Command::Target(Target::Doctor(command)) => {
            runtime()?.block_on(doctor::run(&args, command, colour))
        }
    }
}

fn runtime() -> Result<Runtime, Problem> {
    Runtime::new().map_err(|error| Problem::usage(format!("starting the runtime: {error}")))
}

/// `1 case`, `3 cases`.
pub(crate) fn counted(n: usize, noun: &str) -> String {
    if n == 1 {
        format!("1 {noun}")
    } else {
        format!("{n} {noun}s")
    }
}
