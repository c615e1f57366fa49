//! `pushproof explain`: one requirement, case, operation or fault in plain words.

pub(super) mod operation;

use std::fmt::Write as _;

use pushproof_report::exit;
use pushproof_scenario::{Library, Program, explanation, nearest};
use pushproof_tenant::Fault;
use std::sync::Arc;

use super::Problem;
use crate::args::{Args, Explain};
use crate::{dialects, output, select};

pub(crate) fn run(args: &Args, command: &Explain, colour: bool) -> Result<u8, Problem> {
    if let Some(explanation) = explanation(&command.id) {
        output::say(&explanation.to_string());
        return Ok(exit::OK);
    }
    let library = dialects::library(args, colour)?;
    let profile = library.profiles().next().unwrap_or_default().to_owned();
    let (programs, problems) = library
        .compile(&profile)
        .expect("the library names its own profiles");
    dialects::report(&problems, colour)?;
    let id = command.id.as_str();
    // A step to copy stays as it is.
    let text = requirement(&library, &programs, id)
        .or_else(|| case(&programs, id))
        .or_else(|| fault(id))
        .map(|text| output::wrapped_lines(&text))
        .or_else(|| operation::operation(&library, id));
    match text {
        Some(text) => {
            output::say(&text);
            Ok(exit::OK)
        }
        None => Err(unknown(&library, &programs, id)),
    }
}

fn requirement(library: &Library, programs: &[Arc<Program>], id: &str) -> Option<String> {
    let requirement = library.dialect.requirements.get(id)?;
    let mut text = format!(
        "{id} ({})\n\n{}\n",
        requirement.level, requirement.statement
    );
    if let Some(why) = &requirement.why {
        let _ = writeln!(text, "\nWhy: {why}");
    }
    let _ = writeln!(text, "\nSource: {}", requirement.source);
    for (key, meaning) in library.dialect.requirements.sources_of(requirement) {
        let _ = writeln!(text, "  {key}: {meaning}");
    }
    if requirement.extended {
        text.push_str("Extended: rests mostly on inference, or looks at another requirement from a second side.\n");
    }
    let cases = programs
        .iter()
        .filter(|program| select::judges(program, id));
    let cases: Vec<&str> = cases.map(|program| program.id.as_str()).collect();
    section(&mut text, "Cases that judge it", &cases);
    let faults: Vec<&str> = Fault::ALL
        .iter()
        .filter(|fault| fault.breaks().contains(&id))
        .map(|fault| fault.id())
        .collect();
    section(&mut text, "Faults of the sandbox that break it", &faults);
    Some(text)
}

fn case(programs: &[Arc<Program>], id: &str) -> Option<String> {
    let program = programs
        .iter()
        .find(|program| program.id == id || program.id.split('[').next() == Some(id))?;
    let place = program.source.place(program.span);
    let mut text = format!(
        "{}\n\n{}\n{}:{}\n",
        program.id, program.title, place.file, place.line
    );
    if !program.needs.is_empty() {
        let _ = writeln!(text, "Needs: {}", program.needs.join(", "));
    }
    text.push_str("\nSteps:\n");
    for step in &program.steps {
        let covers: Vec<&str> = step
            .covers
            .iter()
            .map(|cover| cover.requirement.as_str())
            .collect();
        let covers = if covers.is_empty() {
            String::new()
        } else {
            format!(" [{}]", covers.join(", "))
        };
        let _ = writeln!(text, "  {}: {}{covers}", step.id, step.say);
    }
    Some(text)
}

fn fault(id: &str) -> Option<String> {
    let fault: Fault = id.parse().ok()?;
    Some(format!(
        "{}\n\n{}\nBreaks: {}\n\nTry it: pushproof conformance --fault {}\n",
        fault.id(),
        fault.says(),
        fault.breaks().join(", "),
        fault.id()
    ))
}

fn section(text: &mut String, title: &str, items: &[&str]) {
    let _ = writeln!(text, "\n{title}:");
    if items.is_empty() {
        text.push_str("  none\n");
    }
    for item in items {
        let _ = writeln!(text, "  {item}");
    }
}

fn unknown(library: &Library, programs: &[Arc<Program>], id: &str) -> Problem {
    let requirements = library
        .dialect
        .requirements
        .iter()
        .map(|requirement| requirement.id.as_str());
    let known = requirements
        .chain(programs.iter().map(|program| program.id.as_str()))
        .chain(
            library
                .dialect
                .operations
                .iter()
                .map(|one| one.name.as_str()),
        )
        .chain(Fault::ALL.iter().map(|fault| fault.id()));
    let problem = Problem::usage(format!(
        "`{id}` is no requirement, case, operation or fault"
    ));
    match nearest(id, known) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint(
            "`pushproof list` shows cases, with --operations, --requirements or --faults those",
        ),
    }
}
