//! The person at the terminal, who acts with the devices of a target that says `devices: { driver: human }`.

use std::io::{self, BufRead, IsTerminal};
use std::sync::Weak;

use pushproof_report::exit;

use crate::command::Problem;
use crate::output::Output;

/// Refuses a run without somebody to ask.
pub(crate) fn is_there() -> Result<(), Problem> {
    let missing = match (io::stdin().is_terminal(), io::stderr().is_terminal()) {
        (true, true) => return Ok(()),
        (false, _) => "standard input is no terminal",
        (true, false) => "standard error is no terminal",
    };
    let message = format!(
        "`devices: {{ driver: human }}` asks a person at the terminal, and {missing}; nothing was sent"
    );
    Err(Problem::usage(message)
        .hint("run it at a terminal, or let a `hook` or a `command` act with the devices")
        .code(exit::TARGET_UNUSABLE))
}

/// Asks, and waits for a line; `None` once nobody answers any more or the run is over.
pub(crate) fn ask(output: &Weak<Output>, text: &str, from: &mut dyn BufRead) -> Option<String> {
    output.upgrade()?.ask(text);
    let mut line = String::new();
    let read = from.read_line(&mut line);
    output.upgrade()?.answered(line.ends_with('\n'));
    // Zero bytes are the end of the input: Ctrl-D.
    (read.ok()? > 0).then_some(line)
}
