//! Problems for machines: one JSON document, or workflow commands that GitHub shows at the lines they are about.

use std::fmt::Write as _;

use pushproof_scenario::{Diagnostic, Edit, Severity, Source, Span};
use serde_json::{Value, json};

use super::found::Counts;
use super::{code, severity};

/// The document (`format: 1`, `kind: check`): fields may be added, never renamed. Lines and columns count from 1, columns in characters; `end`
/// is the place after the last character. `help` and `fix` are null where there is none; a fix has been tried, and does put the problem right.
pub(super) fn json(problems: &[Diagnostic], counts: &Counts) -> String {
    let document = json!({
        "format": 1,
        "kind": "check",
        "pushproof": env!("CARGO_PKG_VERSION"),
        "exit": code(problems),
        "complete": true,
        "checked": {
            "scenarios": counts.scenarios,
            "cases": counts.cases,
            "fragments": counts.fragments,
            "dialects": counts.dialects,
            "requirements": counts.requirements,
            "targets": counts.targets,
            "known": counts.known,
        },
        "errors": severity(problems, Severity::Error),
        "warnings": severity(problems, Severity::Warning),
        "problems": problems.iter().map(problem).collect::<Vec<_>>(),
    });
    let text = serde_json::to_string_pretty(&document);
    text.expect("values of JSON have texts") + "\n"
}

fn problem(problem: &Diagnostic) -> Value {
    let place = problem.source.place(problem.span);
    json!({
        "code": problem.code,
        "severity": word(problem.severity),
        "message": problem.message,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "end": end(&problem.source, problem.span),
        "help": problem.help,
        "fix": problem.fixes.first().map(|fix| json!({
            "say": fix.say,
            "edits": fix.edits.iter().map(|edit| self::edit(&problem.source, edit)).collect::<Vec<_>>(),
        })),
    })
}

fn edit(source: &Source, edit: &Edit) -> Value {
    let place = source.place(edit.span);
    json!({
        "line": place.line,
        "column": place.column,
        "end": end(source, edit.span),
        "text": edit.text,
    })
}

fn end(source: &Source, span: Span) -> Value {
    let place = source.place(Span::new(span.end, span.end));
    json!({ "line": place.line, "column": place.column })
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// One workflow command a problem.
pub(super) fn github(problems: &[Diagnostic]) -> String {
    let mut text = String::new();
    for problem in problems {
        let level = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let place = problem.source.place(problem.span);
        let end = problem
            .source
            .place(Span::new(problem.span.end, problem.span.end));
        let mut message = problem.message.clone();
        if let Some(help) = &problem.help {
            let _ = write!(message, "\nhelp: {help}");
        }
        let _ = write!(
            text,
            "::{level} file={},line={},",
            property(&place.file),
            place.line
        );
        // Columns mean something only within one line.
        let _ = match end.line == place.line {
            true => write!(
                text,
                "col={},endColumn={},",
                place.column,
                end.column.max(place.column)
            ),
            false => write!(text, "endLine={},", end.line),
        };
        let _ = writeln!(text, "title={}::{}", property(problem.code), data(&message));
    }
    text
}

/// A message, as the runner reads it back.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A value before the message, where `:` and `,` mean something too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use pushproof_scenario::fields::Reader;

    #[test]
    fn what_means_something_to_the_runner_is_escaped() {
        let source = Source::new("a,b:c 100%.yaml", "x: y\n");
        let reader = Reader::new(&source);
        let help = "two\r\nlines";
        reader.error_with_help("E0101", Span::new(0, 1), "100% wrong: a, b::c", help);
        insta::assert_snapshot!(github(&reader.into_problems()), @"::error file=a%2Cb%3Ac 100%25.yaml,line=1,col=1,endColumn=2,title=E0101::100%25 wrong: a, b::c%0Ahelp: two%0D%0Alines");
    }
}
