//! `pushproof check`: everything that can be found wrong before the first request, in scenarios, fragments, dialects, targets and lists of
//! known deviations.

mod diff;
mod fixing;
mod found;
mod gather;
mod kind;
mod shown;
mod write;

use pushproof_report::exit;
use pushproof_scenario::{Diagnostic, Severity};

use self::found::Found;
use super::{Problem, counted};
use crate::args::{Args, Check, CheckFormat};
use crate::output;

pub(crate) fn run(args: &Args, command: &Check, colour: bool) -> Result<u8, Problem> {
    if command.fix {
        if command.format != CheckFormat::Human {
            let hint = "leave out `--format`; the JSON form names the fix of each problem anyway";
            return Err(Problem::usage("`--fix` shows a diff").hint(hint));
        }
        return fixing::run(args, command, colour);
    }
    let found = gather::gather(args, command)?;
    let problems = found.problems();
    match command.format {
        CheckFormat::Human => human(&found, &problems, colour),
        CheckFormat::Json => output::say(&shown::json(&problems, &found.counts)),
        CheckFormat::Github => output::say(&shown::github(&problems)),
    }
    Ok(code(&problems))
}

/// Errors are what makes files invalid.
fn code(problems: &[Diagnostic]) -> u8 {
    if problems.iter().any(Diagnostic::is_error) {
        exit::INVALID
    } else {
        exit::OK
    }
}

/// Problems and the count of errors go to standard error; that all is well, to standard output.
fn human(found: &Found<'_>, problems: &[Diagnostic], colour: bool) {
    for problem in problems {
        anstream::eprintln!("{}\n", problem.render(colour));
    }
    let errors = severity(problems, Severity::Error);
    let warnings = severity(problems, Severity::Warning);
    if errors == 0 {
        let verdict = match warnings {
            0 => "nothing wrong".to_owned(),
            warnings => counted(warnings, "warning"),
        };
        output::say(&format!("{}: {verdict}\n", found.counts));
    } else {
        anstream::eprintln!("error: {}; nothing was sent", counted(errors, "error"));
    }
    let fixable = problems.iter().filter(|problem| !problem.fixes.is_empty());
    match fixable.count() {
        0 => {}
        1 => anstream::eprintln!("  help: one of the problems can be put right by `check --fix`"),
        fixable => {
            anstream::eprintln!(
                "  help: {fixable} of the problems can be put right by `check --fix`"
            );
        }
    }
}

fn severity(problems: &[Diagnostic], severity: Severity) -> usize {
    let of = |problem: &&Diagnostic| problem.severity == severity;
    problems.iter().filter(of).count()
}
