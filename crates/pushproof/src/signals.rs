//! The two signals that end a command in good order.

use pushproof_report::exit;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::command::Problem;

/// SIGINT and SIGTERM, watched from the moment this is made: what comes before the first [`Signals::next`] is not lost.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Starts to watch. Whoever tells the world that it is there does this first, or a quick signal still kills the process.
    pub(crate) fn watch() -> Result<Self, Problem> {
        let watch = |kind| {
            signal(kind).map_err(|error| Problem::usage(format!("watching for signals: {error}")))
        };
        Ok(Self {
            interrupt: watch(SignalKind::interrupt())?,
            terminate: watch(SignalKind::terminate())?,
        })
    }

    /// The next one, with its exit code.
    pub(crate) async fn next(&mut self) -> (&'static str, u8) {
        tokio::select! {
            _ = self.interrupt.recv() => ("SIGINT", exit::INTERRUPTED),
            _ = self.terminate.recv() => ("SIGTERM", exit::TERMINATED),
        }
    }
}
