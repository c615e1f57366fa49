//! The report for people: [`render`], or its parts as the run goes on.
//!
//! A runner prints [`heading`] when the run starts, [`finished`] when a case finishes, and [`ending`] when
//! all is over; [`render`] is the three together, for a run that is over. Nothing depends on which case was
//! faster, except the order of the lines in the middle.
//!
//! Colour never says anything that the words do not say. All text of an endpoint is
//! [sanitised](crate::sanitize).

mod finding;
mod paint;
mod summary;
mod trace;

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::{Case, Check, Finding, Run, Verdict};
use paint::{Paint, wrap};

/// What belongs to a case stands under its id.
const INDENT: &str = "      ";

/// How much to say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Detail {
    /// `-q`: cases that are not as they should be, one line each; the counts; the exit code.
    Quiet,
    /// Also each case as it finishes, and everything about each that did not pass.
    #[default]
    Normal,
    /// `-v`: also the trace of every case, and every requirement.
    Verbose,
}

/// How to say it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// Whether the terminal wants colour.
    pub color: bool,
    /// Characters in a line. Commands to copy are not wrapped.
    pub width: usize,
    /// Whether the one line of a case is cut at that width.
    pub cuts: bool,
    /// How much to say.
    pub detail: Detail,
    /// Whether a warning is a failure.
    pub strict: bool,
}

impl Default for Style {
    /// 80 columns, no colour, not strict.
    fn default() -> Self {
        Self {
            color: false,
            width: 80,
            cuts: true,
            detail: Detail::Normal,
            strict: false,
        }
    }
}

/// The whole report of a run.
pub fn render(run: &Run, style: &Style) -> String {
    let lines = run.cases().iter().filter_map(|case| line(case, style));
    heading(run, style) + &lines.collect::<String>() + &ending(run, style)
}

/// What is run against what, and what the reader must know to judge the result.
pub fn heading(run: &Run, style: &Style) -> String {
    let mut out = String::new();
    let Some(head) = run.head().filter(|_| style.detail > Detail::Quiet) else {
        return out;
    };
    let line = format!(
        "pushproof {} against `{}`: dialect {}, profile {}, seed {}, run {}",
        head.pushproof, head.target, head.dialect, head.profile, head.seed, head.id
    );
    push_wrapped(&mut out, "", &line, style);
    for remark in run.remarks() {
        push_wrapped(&mut out, "note: ", remark, style);
    }
    out.push('\n');
    out
}

/// The line for a case that has just finished; `None` if there is none to print at this detail.
pub fn finished(run: &Run, case: &str, style: &Style) -> Option<String> {
    line(run.case(case)?, style)
}

/// Everything about the cases that did not pass, and the summary.
pub fn ending(run: &Run, style: &Style) -> String {
    let mut out = String::new();
    let mut told = BTreeSet::new();
    for case in run.cases().iter().filter(|case| is_detailed(case, style)) {
        match alike(run, case, style) {
            None => details(&mut out, run, case, style),
            Some((reason, cases)) if told.insert(reason.clone()) => {
                of_many(&mut out, &reason, &cases, style);
            }
            Some(_) => {}
        }
    }
    // The heading ends with an empty line; where nothing has been said since, there is no need for another.
    let said = !out.is_empty() || run.cases().iter().any(|case| line(case, style).is_some());
    summary::summary(&mut out, run, style, said);
    out
}

fn line(case: &Case, style: &Style) -> Option<String> {
    let verdict = case.verdict().under(style.strict);
    let least = match verdict {
        Verdict::NotApplicable => Detail::Verbose, // the summary lists these by what is missing
        Verdict::Pass => Detail::Normal,
        _ => Detail::Quiet,
    };
    // A case of which nothing was sent is told once, in the end, and with all that have the same reason.
    let is_told_later = style.detail == Detail::Normal && bare_reason(case).is_some();
    if style.detail < least || is_told_later {
        return None;
    }
    let mut line = format!("{verdict:4}  {}", case.head.id);
    if let Some(reason) = reason(case).filter(|_| verdict != Verdict::Pass) {
        write!(line, ": {}", paint::visible(&reason)).expect("writing to a string cannot fail");
    }
    let line = match style.cuts {
        true => paint::shorten(&line, style.width),
        false => line,
    };
    let word = verdict.name();
    let painted = Paint::new(style).verdict(verdict, word);
    Some(format!("{painted}{}\n", &line[word.len()..]))
}

/// The case's reason, or its worst finding.
fn reason(case: &Case) -> Option<String> {
    let worst = || {
        case.findings()
            .min_by_key(|finding| finding.effective(false))
    };
    case.reason().or_else(|| worst().map(Finding::contrast))
}

fn is_detailed(case: &Case, style: &Style) -> bool {
    match style.detail {
        Detail::Quiet => false,
        Detail::Normal => !matches!(case.verdict(), Verdict::Pass | Verdict::NotApplicable),
        Detail::Verbose => case.verdict() != Verdict::NotApplicable,
    }
}

/// From how many on cases that could not run for the same reason are told together.
const ALIKE_MIN: usize = 4;

/// The reason why this case and these could not run, if they are many and there is no more to tell of any.
fn alike<'a>(run: &'a Run, case: &Case, style: &Style) -> Option<(String, Vec<&'a Case>)> {
    let reason = bare_reason(case).filter(|_| style.detail < Detail::Verbose)?;
    let cases = run.cases().iter();
    let cases: Vec<_> = cases
        .filter(|case| bare_reason(case).as_ref() == Some(&reason))
        .collect();
    (cases.len() >= ALIKE_MIN).then_some((reason, cases))
}

/// Why a case could not run, if nothing was exchanged that could say more.
fn bare_reason(case: &Case) -> Option<String> {
    let is_bare = case.verdict() == Verdict::CouldNotRun && case.trace.is_empty();
    case.reason().filter(|_| is_bare)
}

/// Several cases and their common reason.
fn of_many(out: &mut String, reason: &str, cases: &[&Case], style: &Style) {
    let verdict = Verdict::CouldNotRun;
    let word = Paint::new(style).verdict(verdict, verdict.name());
    out.push_str(&format!("\n{word}  {} cases\n", cases.len()));
    let ids: Vec<&str> = cases.iter().map(|case| case.head.id.as_str()).collect();
    push_wrapped(out, INDENT, &summary::some(&ids, style), style);
    push_wrapped(out, &format!("{INDENT}because: "), reason, style);
}

/// Title, place, reason, what happened, what was left open, and what was found.
fn details(out: &mut String, run: &Run, case: &Case, style: &Style) {
    let paint = Paint::new(style);
    let verdict = case.verdict().under(style.strict);
    let word = paint.verdict(verdict, &format!("{verdict:4}"));
    let head = &case.head;
    out.push_str(&format!("\n{word}  {}\n", paint.strong(&head.id)));
    push_wrapped(out, INDENT, &head.title, style);
    push_wrapped(out, INDENT, &format!("{}:{}", head.file, head.line), style);
    // A finding says the same, and more.
    let reason = case.reason().filter(|_| case.findings().next().is_none());
    if let Some(reason) = reason {
        push_wrapped(out, &format!("{INDENT}because: "), &reason, style);
    }
    if let Some(instance) = case.telling() {
        let of = format!("instance {} of {}:", instance.number, case.instances.len());
        push_wrapped(out, INDENT, &of, style);
    }
    trace::trace(out, case, style);
    for check in told(case).filter(|check| is_open(check)) {
        let Check {
            step,
            check,
            verdict,
            reason,
            ..
        } = check;
        let reason = reason.as_deref().unwrap_or("no reason given");
        push_wrapped(
            out,
            INDENT,
            &format!("{step}.{check} is {verdict}: {reason}"),
            style,
        );
    }
    for found in told(case).filter_map(|check| check.finding.as_ref()) {
        out.push('\n');
        finding::finding(out, run, case, found, style);
    }
}

/// The checks that the report tells of: of a case that ran several times, those of one instance.
fn told(case: &Case) -> impl Iterator<Item = &Check> {
    let instance = case.telling().map(|instance| instance.number);
    let checks = case.checks.iter();
    checks.filter(move |check| instance.is_none_or(|number| check.instance == number))
}

/// Neither held nor explained by a finding.
fn is_open(check: &Check) -> bool {
    check.finding.is_none() && !matches!(check.verdict, Verdict::Pass | Verdict::NotApplicable)
}

/// A paragraph with a hanging indent as wide as its label.
fn push_wrapped(out: &mut String, label: &str, text: &str, style: &Style) {
    let indent = label.chars().count();
    let lines = wrap(&paint::visible(text), style.width.saturating_sub(indent));
    for (number, line) in lines.iter().enumerate() {
        match number {
            0 => out.push_str(label),
            _ => out.push_str(&" ".repeat(indent)),
        }
        out.push_str(line);
        out.push('\n');
    }
}
