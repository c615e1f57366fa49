//! What the run comes to: counts, requirements that are not as they should be, and the exit code: [`summary`].

use std::collections::BTreeMap;

use super::paint::{Paint, shorten, visible};
use super::{Detail, Style, push_wrapped};
use crate::{
    Attribution, Case, Finding, KnownEntry, KnownOutcome, KnownState, Level, Remedy, Requirement,
    Run, Verdict, exit,
};

/// What explains a row stands under its id.
const ROW_INDENT: &str = "                          ";

pub(super) fn summary(out: &mut String, run: &Run, style: &Style, said: bool) {
    let requirements = run.requirements();
    let selected: Vec<_> = requirements
        .iter()
        .filter(|requirement| requirement.is_selected())
        .collect();
    if said {
        gap(out, style);
    }
    counts(out, run, &requirements, style);
    if style.detail > Detail::Quiet {
        table(out, &selected, style);
        warnings(out, run, style);
        not_applicable(out, run, style);
    }
    known(out, run, style);
    left_behind(out, run, style);
    contradictions(out, run, style);
    verdict(out, run, style);
}

/// `requirements  12 pass, 1 fail`, worst first.
fn counts(out: &mut String, run: &Run, requirements: &[Requirement], style: &Style) {
    let selected = requirements
        .iter()
        .filter(|requirement| requirement.is_selected());
    let mut parts = tally(selected.map(|requirement| requirement.verdict), style);
    let rest = requirements
        .iter()
        .filter(|requirement| !requirement.is_selected())
        .count();
    if rest > 0 {
        parts.push(format!("{rest} without a selected scenario"));
    }
    push_wrapped(out, "requirements  ", &or_none(parts), style);
    let cases = tally(run.cases().iter().map(|case| case.verdict()), style);
    push_wrapped(out, "cases         ", &or_none(cases), style);
    troubles(out, run, style);
}

/// `environment  12 troubles in 5 cases: 7 sent again, 2 given up`; nothing if nothing came between.
fn troubles(out: &mut String, run: &Run, style: &Style) {
    let mut counts: BTreeMap<Remedy, usize> = BTreeMap::new();
    let mut cases = 0;
    for case in run.cases() {
        let environment = case.troubles().filter(|trouble| {
            use Attribution::{Target, TargetFile, Unknown};
            !matches!(trouble.to, Target | TargetFile | Unknown)
        });
        let before: usize = counts.values().sum();
        environment.for_each(|trouble| *counts.entry(trouble.then).or_default() += 1);
        cases += usize::from(counts.values().sum::<usize>() > before);
    }
    let all: usize = counts.values().sum();
    if all == 0 {
        return;
    }
    let plural = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    };
    let parts: Vec<String> = counts
        .iter()
        .map(|(then, count)| format!("{count} {}", then.says()))
        .collect();
    let (all, cases) = (plural(all, "trouble"), plural(cases, "case"));
    let line = format!("{all} in {cases}: {}", parts.join(", "));
    push_wrapped(out, "environment   ", &line, style);
}

fn tally(verdicts: impl Iterator<Item = Verdict>, style: &Style) -> Vec<String> {
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for verdict in verdicts {
        *counts.entry(verdict.under(style.strict)).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect()
}

fn or_none(parts: Vec<String>) -> String {
    match parts.is_empty() {
        true => "none".to_owned(),
        false => parts.join(", "),
    }
}

/// Parts stand apart, unless little is to be said.
fn gap(out: &mut String, style: &Style) {
    if style.detail > Detail::Quiet {
        out.push('\n');
    }
}

/// Every requirement that is not as it should be, worst first, and every MAY; all of them if asked.
fn table(out: &mut String, selected: &[&Requirement], style: &Style) {
    let listed = |requirement: &&&Requirement| {
        let is_quiet = matches!(requirement.verdict, Verdict::Pass | Verdict::NotApplicable);
        style.detail == Detail::Verbose || !is_quiet || requirement.observed.is_some()
    };
    let mut listed: Vec<_> = selected.iter().filter(listed).collect();
    listed.sort_by_key(|requirement| requirement.verdict);
    let widths = listed
        .iter()
        .map(|requirement| requirement.head.id.chars().count());
    let id_width = widths.max().unwrap_or_default();
    if !listed.is_empty() {
        gap(out, style);
    }
    // What many rows have in common is said once, under the last of them; if they are very many, they share one row.
    for rows in listed.chunk_by(|one, next| explanation(one, style) == explanation(next, style)) {
        let is_explained = explanation(rows[0], style).is_some();
        if is_explained && rows.len() >= ROWS_MANY && style.detail < Detail::Verbose {
            of_many(out, rows, style);
        } else {
            for requirement in rows {
                row(out, requirement, id_width, style);
            }
        }
        explain(out, rows[0], style);
    }
}

/// From how many on requirements with the same explanation share a row.
const ROWS_MANY: usize = 20;

/// Requirements that have verdict and reason in common: how many of each level, and the first of them.
fn of_many(out: &mut String, rows: &[&&Requirement], style: &Style) {
    let mut levels: BTreeMap<Level, usize> = BTreeMap::new();
    for requirement in rows {
        *levels.entry(requirement.head.level).or_default() += 1;
    }
    let levels: Vec<String> = levels
        .iter()
        .map(|(level, count)| format!("{count} {level}"))
        .collect();
    let ids: Vec<&str> = rows.iter().map(|row| row.head.id.as_str()).collect();
    let verdict = rows[0].verdict.under(style.strict);
    let word = Paint::new(style).verdict(verdict, &format!("{:14}", verdict.name()));
    let count = rows.len();
    out.push_str(&format!(
        "  {word}  {count} requirements: {}\n",
        levels.join(", ")
    ));
    push_wrapped(out, ROW_INDENT, &some(&ids, style), style);
}

/// Why a requirement is neither as it should be nor breached; a breach has its finding.
fn explanation<'a>(requirement: &'a Requirement, style: &Style) -> Option<(Verdict, &'a str)> {
    let verdict = requirement.verdict.under(style.strict);
    let explained = matches!(verdict, Verdict::Pass | Verdict::Fail);
    let reason = requirement.reason.as_deref().filter(|_| !explained)?;
    Some((verdict, reason))
}

fn explain(out: &mut String, requirement: &Requirement, style: &Style) {
    if let Some((_, reason)) = explanation(requirement, style) {
        push_wrapped(out, ROW_INDENT, reason, style);
    }
}

fn row(out: &mut String, requirement: &Requirement, id_width: usize, style: &Style) {
    let head = &requirement.head;
    let verdict = requirement.verdict.under(style.strict);
    let word = match (verdict, requirement.observed) {
        (Verdict::Pass, Some(true)) => "observed",
        (Verdict::Pass, Some(false)) => "not observed",
        _ => verdict.name(),
    };
    let word = format!("{word:14}");
    let statement = visible(&head.statement);
    let rest = format!("  {:6}  {:id_width$}  {statement}", head.level, head.id);
    out.push_str("  ");
    out.push_str(&Paint::new(style).verdict(verdict, &word));
    out.push_str(&shorten(&rest, style.width.saturating_sub(2 + word.len())));
    out.push('\n');
    if style.detail == Detail::Verbose {
        let cases = requirement.cases.join(", ");
        push_wrapped(out, ROW_INDENT, &format!("in {cases}"), style);
    }
}

/// Both forms of everything that was tolerated.
fn warnings(out: &mut String, run: &Run, style: &Style) {
    let findings = run.findings().into_iter();
    let warnings: Vec<_> = findings
        .filter(|finding| finding.effective(false) == Verdict::Warn)
        .collect();
    section(
        out,
        "warnings",
        &warnings,
        |finding: &&Finding| {
            let Finding {
                case,
                step,
                check,
                expected,
                actual,
                ..
            } = finding;
            format!("{case} {step}.{check}: seen {actual}; asked for {expected}")
        },
        style,
    );
}

/// What the target lacks, and which cases need it.
fn not_applicable(out: &mut String, run: &Run, style: &Style) {
    let mut by_reason: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for case in run
        .cases()
        .iter()
        .filter(|case| case.verdict() == Verdict::NotApplicable)
    {
        let reason = case
            .reason()
            .unwrap_or_else(|| "no reason given".to_owned());
        by_reason.entry(reason).or_default().push(&case.head.id);
    }
    let by_reason: Vec<_> = by_reason.into_iter().collect();
    section(
        out,
        "not applicable",
        &by_reason,
        |(reason, cases)| format!("{reason}: {}", some(cases, style)),
        style,
    );
}

/// The first few of many, unless all are asked for.
pub(super) fn some(cases: &[&str], style: &Style) -> String {
    const SHOWN_MAX: usize = 5;
    match cases.split_at_checked(SHOWN_MAX) {
        Some((shown, rest)) if !rest.is_empty() && style.detail < Detail::Verbose => {
            format!("{} and {} more", shown.join(", "), rest.len())
        }
        _ => cases.join(", "),
    }
}

/// Entries of the list of known deviations that make the run fail; every entry that excused something, unless little is to be said.
fn known(out: &mut String, run: &Run, style: &Style) {
    let line = |known: &&KnownOutcome| {
        let KnownEntry {
            case, check, place, ..
        } = &known.entry;
        let cases = match &known.cases[..] {
            [] => String::new(),
            cases => format!(" in {}", cases.len()),
        };
        let (file, line, state) = (&place.file, place.line, known.state);
        let (word, advice) = (state.name(), state.advice());
        match state {
            KnownState::Matched => format!("{case} {check}{cases}: {}", known.entry.excuse()),
            _ => format!("{file}:{line}: {case} {check} is {word}: {advice}"),
        }
    };
    let of = |wanted: fn(&KnownState) -> bool| -> Vec<&KnownOutcome> {
        let known = run.known().iter();
        known.filter(|known| wanted(&known.state)).collect()
    };
    section(
        out,
        "known deviations that must be revised",
        &of(|state| state.is_bad()),
        line,
        style,
    );
    if style.detail > Detail::Quiet {
        section(
            out,
            "known deviations",
            &of(|state| *state == KnownState::Matched),
            line,
            style,
        );
    }
}

fn left_behind(out: &mut String, run: &Run, style: &Style) {
    let left: Vec<_> = run
        .cases()
        .iter()
        .flat_map(|case| {
            case.left()
                .into_iter()
                .map(move |what| (&case.head.id, what))
        })
        .collect();
    section(
        out,
        "left behind, because clean-up could not remove it",
        &left,
        |(case, what)| format!("{case}: {what}"),
        style,
    );
}

fn contradictions(out: &mut String, run: &Run, style: &Style) {
    let title = "contradictions in the events, which are a bug of pushproof";
    section(out, title, run.contradictions(), String::clone, style);
}

/// A title and an indented list; nothing if there is nothing to list.
fn section<T>(
    out: &mut String,
    title: &str,
    items: &[T],
    say: impl Fn(&T) -> String,
    style: &Style,
) {
    if items.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", Paint::new(style).strong(title)));
    for item in items {
        push_wrapped(out, "  ", &say(item), style);
    }
}

/// The exit code and why.
fn verdict(out: &mut String, run: &Run, style: &Style) {
    let code = run.exit_code(style.strict);
    let word = format!("exit {code}");
    let cut = match run.end() {
        Some(_) => "",
        None => "; the record ends before the run did",
    };
    let mut text = String::new();
    push_wrapped(
        &mut text,
        "",
        &format!("{word}: {}{cut}", because(run, code, style)),
        style,
    );
    let color = match code {
        exit::OK => Verdict::Pass,
        exit::UNJUDGED => Verdict::Inconclusive,
        _ => Verdict::Fail,
    };
    gap(out, style);
    out.push_str(&text.replacen(&word, &Paint::new(style).verdict(color, &word), 1));
}

/// The meaning of the code, with the numbers of this run.
fn because(run: &Run, code: u8, style: &Style) -> String {
    let count = |wanted: Verdict, one: &str, many: &str| {
        let verdicts = run
            .cases()
            .iter()
            .map(|case| case.verdict().under(style.strict));
        match verdicts.filter(|&verdict| verdict == wanted).count() {
            0 => None,
            1 => Some(format!("1 case {one}")),
            count => Some(format!("{count} cases {many}")),
        }
    };
    let (meaning, counts) = match code {
        exit::NON_CONFORMANT => (
            "non-conformant: ",
            [
                count(Verdict::Fail, "failed", "failed"),
                count(Verdict::Flaky, "is flaky", "are flaky"),
                bad_entries(run),
            ],
        ),
        exit::UNJUDGED => (
            "nothing failed, but ",
            [
                count(Verdict::CouldNotRun, "could not run", "could not run"),
                count(Verdict::Inconclusive, "is inconclusive", "are inconclusive"),
                None,
            ],
        ),
        _ => return exit::meaning(code).to_owned(),
    };
    let counts: Vec<_> = counts.into_iter().flatten().collect();
    let applicable = |case: &Case| case.verdict() != Verdict::NotApplicable;
    match counts.is_empty() {
        false => format!("{meaning}{}", counts.join(", ")),
        true if !run.cases().iter().any(applicable) => "nothing selected is applicable".to_owned(),
        true => exit::meaning(code).to_owned(),
    }
}

fn bad_entries(run: &Run) -> Option<String> {
    match run
        .known()
        .iter()
        .filter(|known| known.state.is_bad())
        .count()
    {
        0 => None,
        1 => Some("1 known deviation must be revised".to_owned()),
        count => Some(format!("{count} known deviations must be revised")),
    }
}
