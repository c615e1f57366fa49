//! The list of known deviations, `--known FILE`: reads it, finds out what each entry is about, and writes one for `--print-known`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use globset::GlobMatcher;
use pushproof_report::{Deviation, KnownEntry, KnownState, Run, Verdict};
use pushproof_scenario::fields::Reader;
use pushproof_scenario::grammar::{EMPTY, FORMAT, Map, Shape, may, need};
use pushproof_scenario::yaml::{self, Node};
use pushproof_scenario::{Diagnostic, Program, Source, Span, Spanned};

use crate::command::Problem;
use crate::{dialects, select};

/// A list of known deviations.
pub(crate) static KNOWN: Map = Map {
    name: "known",
    what: "a list of known deviations",
    says: "Deviations that are known and excused, until they are gone or their time is up.",
    keys: &[
        &FORMAT,
        &[need(
            "known",
            Shape::List(&Shape::Map(&DEVIATION)),
            "The deviations; one that no longer occurs, matches no case or has expired fails the run.",
        )],
    ],
    ..EMPTY
};

static DEVIATION: Map = Map {
    name: "deviation",
    what: "a known deviation",
    says: "One check that is known to fail.",
    keys: &[&[
        need(
            "case",
            Shape::Text,
            "The id of the case, or a glob over ids: `push.challenge.rejected[*]`.",
        ),
        need(
            "check",
            Shape::Like(r"\.", "wait.settles_within"),
            "Step and check, as the first line of a finding names them: `wait.settles_within`.",
        ),
        may("target", Shape::Text, "Only on the target of this name."),
        need("reason", Shape::Text, "Why it is excused."),
        may("ticket", Shape::Text, "Where it is worked on."),
        may(
            "expires",
            Shape::Like("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2027-01-31"),
            "The last day on which it is excused.",
        ),
    ]],
    ..EMPTY
};

/// One entry, with the glob that it holds.
#[derive(Debug)]
pub(crate) struct Entry {
    known: KnownEntry,
    glob: GlobMatcher,
    /// Where its case stands.
    span: Span,
}

/// What a list is held against.
pub(crate) struct Against<'a> {
    /// Every case of the dialect, selected or not.
    pub(crate) programs: &'a [Arc<Program>],
    /// The name of the target.
    pub(crate) target: &'a str,
    /// The day on which the run begins, `2027-01-31`.
    pub(crate) today: &'a str,
}

/// Reads a list. What is wrong in it is printed, and nothing is sent.
pub(crate) fn read(path: &Path, colour: bool) -> Result<Vec<Entry>, Problem> {
    let text = fs::read_to_string(path).map_err(|error| {
        Problem::invalid(format!(
            "reading the list of known deviations `{}`: {error}",
            path.display()
        ))
    })?;
    let source = Source::new(path.to_string_lossy(), text);
    let (entries, problems) = parse(&source);
    dialects::report(&problems, colour)?;
    Ok(entries)
}

/// Everything that is wrong in a list, held against the cases of a dialect. An entry may be meant for another dialect, so one that matches
/// nothing is only a warning here.
pub(crate) fn check(
    source: &Arc<Source>,
    programs: &[Arc<Program>],
    dialect: &str,
) -> Vec<Diagnostic> {
    let (entries, mut problems) = parse(source);
    let reader = Reader::new(source);
    for entry in &entries {
        let matched = programs.iter().any(|program| entry.is_about(program));
        if !matched && !programs.is_empty() {
            let message = format!(
                "no case `{}` of dialect `{dialect}` has a check `{}`",
                entry.known.case, entry.known.check
            );
            let help =
                "an entry that matches nothing fails a run; `--dialect` names another dialect";
            reader.warn("W0404", entry.span, message, help);
        }
    }
    problems.extend(reader.into_problems());
    problems
}

impl Entry {
    /// Whether a case has the check that the entry names.
    fn is_about(&self, program: &Program) -> bool {
        self.glob.is_match(&program.id) && checks(program).contains(&self.known.check)
    }
}

fn parse(source: &Arc<Source>) -> (Vec<Entry>, Vec<Diagnostic>) {
    let root = match yaml::parse(source) {
        Ok(root) => root,
        Err(problem) => return (Vec::new(), vec![*problem]),
    };
    let reader = Reader::new(source);
    let mut entries = Vec::new();
    if let Some(mut fields) = reader.map(&root, &KNOWN) {
        reader.format(&mut fields);
        if let Some(list) = fields.need("known") {
            let items = reader.list(list, "`known`");
            entries.extend(items.iter().filter_map(|item| entry(&reader, item)));
        }
        fields.finish();
    }
    (entries, reader.into_problems())
}

fn entry(reader: &Reader, node: &Node) -> Option<Entry> {
    let mut fields = reader.map(node, &DEVIATION)?;
    let (case, check, reason) = (
        fields.need_text("case"),
        fields.need_text("check"),
        fields.need_text("reason"),
    );
    let (target, ticket, expires) = (
        fields.text("target"),
        fields.text("ticket"),
        fields.text("expires"),
    );
    let place = reader.source().place(fields.span());
    fields.finish();
    let day = expires
        .as_ref()
        .is_none_or(|expires| is_day(reader, expires));
    let (case, check) = (case?, check?);
    if !check.value.contains('.') {
        let help = "a finding names it in its first line: `fail[wait.settles_within]`";
        reader.error_with_help(
            "E0401",
            check.span,
            format!("`{}` is not a step and its check", check.value),
            help,
        );
    }
    let glob = select::glob(&case.value).map_err(|error| {
        reader.error(
            "E0402",
            case.span,
            format!("`{}` is not a glob: {error}", case.value),
        );
    });
    let span = case.span;
    let known = KnownEntry {
        case: case.value,
        check: check.value,
        target: target.map(|target| target.value),
        reason: reason?.value,
        ticket: ticket.map(|ticket| ticket.value),
        expires: expires.map(|expires| expires.value),
        place,
    };
    Some(Entry {
        known,
        glob: glob.ok()?,
        span,
    })
    .filter(|_| day)
}

/// Days are compared as texts, so they must all be written alike.
fn is_day(reader: &Reader, text: &Spanned<String>) -> bool {
    let stamp = format!("{}T00:00:00Z", text.value);
    let is_day = text.value.len() == 10 && humantime::parse_rfc3339(&stamp).is_ok();
    if !is_day {
        reader.error_with_help(
            "E0403",
            text.span,
            format!("`{}` is not a day", text.value),
            "write year, month and day: `2027-01-31`",
        );
    }
    is_day
}

/// The entries that are about this target, each with its cases.
pub(crate) fn deviations(entries: &[Entry], against: &Against<'_>) -> Vec<Deviation> {
    let about = |entry: &&Entry| {
        entry
            .known
            .target
            .as_ref()
            .is_none_or(|target| target == against.target)
    };
    entries
        .iter()
        .filter(about)
        .map(|entry| deviation(entry, against))
        .collect()
}

fn deviation(entry: &Entry, against: &Against<'_>) -> Deviation {
    let matching = against
        .programs
        .iter()
        .filter(|program| entry.is_about(program));
    let cases: BTreeSet<String> = matching.map(|program| program.id.clone()).collect();
    let expired = entry
        .known
        .expires
        .as_ref()
        .is_some_and(|day| day.as_str() < against.today);
    let bad = match (expired, cases.is_empty()) {
        (true, _) => Some(KnownState::Expired),
        (false, true) => Some(KnownState::Unmatched),
        (false, false) => None,
    };
    Deviation {
        entry: entry.known.clone(),
        cases,
        bad,
    }
}

/// Every check of a case that can be breached, as findings name them.
fn checks(program: &Program) -> BTreeSet<String> {
    let mut checks: BTreeSet<String> = program
        .bindings()
        .iter()
        .map(|binding| format!("{}.{}", binding.step, binding.check))
        .collect();
    for step in &program.steps {
        let Some(exchange) = step.action.exchange() else {
            continue;
        };
        let always = exchange
            .always
            .iter()
            .filter_map(|&at| program.dialect.always.get(at));
        checks.extend(always.map(|always| format!("{}.{}", step.id, always.that)));
        let captures = exchange
            .captures
            .iter()
            .map(|capture| &program.slots[capture.slot].label);
        checks.extend(captures.map(|label| format!("{}.capture.{label}", step.id)));
    }
    checks
}

/// A list that excuses what this run found: the entries that excused something, then one for each new failure.
pub(crate) fn print(run: &Run, strict: bool) -> String {
    let mut text = String::from("format: 1\nknown:\n");
    let mut written = BTreeSet::new();
    let matched = run
        .known()
        .iter()
        .filter(|known| matches!(known.state, KnownState::Matched | KnownState::NotAsked));
    for known in matched {
        item(&mut text, &known.entry);
    }
    let target = run.head().map(|head| head.target.clone());
    for finding in run
        .findings()
        .into_iter()
        .filter(|finding| finding.effective(strict) == Verdict::Fail)
    {
        let check = format!("{}.{}", finding.step, finding.check);
        if written.insert((finding.case.clone(), check.clone())) {
            let entry = KnownEntry {
                case: finding.case.clone(),
                check,
                target: target.clone(),
                reason: finding.contrast(),
                ticket: None,
                expires: None,
                place: finding.place.clone(),
            };
            item(&mut text, &entry);
        }
    }
    if text.lines().count() == 2 {
        return "format: 1\nknown: []\n".to_owned();
    }
    text
}

fn item(text: &mut String, entry: &KnownEntry) {
    let _ = write!(
        text,
        "  - {{ case: {}, check: {}",
        quoted(&entry.case),
        quoted(&entry.check)
    );
    let more = [
        ("target", &entry.target),
        ("reason", &Some(entry.reason.clone())),
        ("ticket", &entry.ticket),
        ("expires", &entry.expires),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            let _ = write!(text, ", {name}: {}", quoted(value));
        }
    }
    text.push_str(" }\n");
}

/// A text in double quotes; JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
