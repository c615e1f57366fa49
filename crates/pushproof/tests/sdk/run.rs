//! Programs with a time limit, and how a test that cannot run says so.

use std::io::{self, Write as _};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

/// Why a program gave no output.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It is not on this machine.
    Missing,
    /// It was ended after its time.
    Late,
}

/// Runs a program, for so long at most.
pub(crate) async fn run(command: &mut Command, limit: Duration) -> Result<Output, Trouble> {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let child = match child {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Trouble::Missing),
        child => child.expect("a program that is there can be started"),
    };
    let output = tokio::time::timeout(limit, child.wait_with_output()).await;
    let output = output.map_err(|_| Trouble::Late)?;
    Ok(output.expect("the streams of a child can be read"))
}

/// Both streams, as text.
pub(crate) fn text(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|stream| String::from_utf8_lossy(stream));
    format!("{out}{err}")
}

/// Says that a test did not test anything. The test harness holds back what tests print; this it does not.
#[expect(
    clippy::print_stdout,
    reason = "a skipped test says so in its own output too"
)]
pub(crate) fn tell_skipped(test: &str, why: &str) {
    println!("SKIPPED {test}: {why}");
    let line = format!("\n*** SKIPPED {test}: {why} ***\n");
    // Nobody is left to be told when standard error is closed.
    let _ = io::stderr().write_all(line.as_bytes());
}
