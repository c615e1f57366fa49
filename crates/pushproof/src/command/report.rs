//! `pushproof report`: the report of a recorded run, made again.

use std::fs::File;
use std::io::BufReader;

use pushproof_report::render::{json, junit, terminal};
use pushproof_report::{Event, ReadError, Run, exit};

use super::Problem;
use crate::args::{Args, Report};
use crate::output;

pub(crate) fn run(args: &Args, command: &Report) -> Result<u8, Problem> {
    output::distinct(
        &[
            ("--report-json", command.report_json.as_deref()),
            ("--report-junit", command.report_junit.as_deref()),
        ],
        &[("RECORD", Some(&command.record))],
    )?;
    let shown = command.record.display();
    let file = File::open(&command.record)
        .map_err(|error| Problem::usage(format!("opening the record `{shown}`: {error}")))?;
    let read = pushproof_report::read(BufReader::new(file)).map_err(|error| match &error {
        ReadError::Io { source, .. } => {
            Problem::usage(format!("reading the record `{shown}`: {source}"))
        }
        _ => Problem::invalid(format!("record `{shown}`: {error}")),
    })?;
    if let Some(cut) = &read.cut {
        anstream::eprintln!(
            "note: line {} of the record was cut in the middle and is left out",
            cut.line
        );
    }
    let last_ms = read.lines.last().map_or(0, |line| line.at_ms);
    let mut run = Run::fold(read.events());
    if run.head().is_none() {
        return Err(Problem::invalid(format!("record `{shown}` holds no run")));
    }
    if run.end().is_none() {
        anstream::eprintln!(
            "note: the record ends before the run did: it was killed, or it still goes on"
        );
        // Whatever the cases came to, nobody knows what the rest would have shown.
        run.push(Event::RunFinished {
            exit: exit::UNJUDGED,
            complete: false,
            took_ms: last_ms,
        });
    }
    let style = output::style(args.color, command.quiet, command.verbose, command.strict);
    output::say(&terminal::render(&run, &style));
    if let Some(path) = &command.report_json {
        output::write_whole(path, &json::render(&run, command.strict))?;
    }
    if let Some(path) = &command.report_junit {
        output::write_whole(path, &junit::render(&run, command.strict))?;
    }
    Ok(run.exit_code(command.strict))
}
