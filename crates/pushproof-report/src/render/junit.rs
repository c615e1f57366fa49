//! The report for CI systems, JUnit's XML: [`render`].
//!
//! One testsuite for each scenario file, one testcase for each case id, requirement ids as properties. Of the verdicts, fail and flaky are a
//! failure, could-not-run and inconclusive an error, not-applicable is skipped; a warning and a known deviation pass, and say what they are.
//!
//! Written by hand: what is needed of XML is two kinds of escaping. A library for this format brings an XML writer, calendar types and UUIDs.

use std::fmt::Write as _;

use crate::sanitize::acts;
use crate::{Case, Check, Exchange, Finding, KnownOutcome, Run, Verdict};

/// So much of a reply's body is shown.
const BODY_CHARS_MAX: usize = 2000;

/// The report as XML. Under `strict` a warning is a failure.
pub fn render(run: &Run, strict: bool) -> String {
    let suites: Vec<Suite> = suites(run, strict);
    let total = suites
        .iter()
        .fold(Counts::default(), |sum, suite| sum.plus(suite.counts));
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let took_ms = run.end().map_or(total.took_ms, |end| end.took_ms);
    let total = Counts { took_ms, ..total };
    tag(
        &mut out,
        "<testsuites",
        &[("name", "pushproof".to_owned())],
        &total.attributes(),
    );
    out.push_str(">\n");
    for suite in suites {
        let mut own = vec![("name", suite.name)];
        if let Some(head) = run.head() {
            own.push(("timestamp", head.started.clone()));
        }
        tag(&mut out, "  <testsuite", &own, &suite.counts.attributes());
        out.push_str(">\n");
        properties(&mut out, run);
        out.push_str(&suite.cases);
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// The cases of one file.
struct Suite {
    name: String,
    counts: Counts,
    cases: String,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    took_ms: u64,
}

impl Counts {
    const fn plus(self, other: Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
            skipped: self.skipped + other.skipped,
            took_ms: self.took_ms.saturating_add(other.took_ms),
        }
    }

    fn attributes(self) -> [(&'static str, String); 5] {
        [
            ("tests", self.tests.to_string()),
            ("failures", self.failures.to_string()),
            ("errors", self.errors.to_string()),
            ("skipped", self.skipped.to_string()),
            ("time", seconds(self.took_ms)),
        ]
    }
}

/// In the order of the first case of each file; then the list of known deviations, if an entry of it makes the run fail.
fn suites(run: &Run, strict: bool) -> Vec<Suite> {
    let mut suites: Vec<Suite> = Vec::new();
    let mut add = |name: &str, counts: Counts, text: String| match suites
        .iter_mut()
        .find(|suite| suite.name == name)
    {
        Some(suite) => {
            suite.counts = suite.counts.plus(counts);
            suite.cases.push_str(&text);
        }
        None => suites.push(Suite {
            name: name.to_owned(),
            counts,
            cases: text,
        }),
    };
    for case in run.cases() {
        let verdict = case.verdict().under(strict);
        let counts = Counts {
            tests: 1,
            failures: usize::from(is_failure(verdict)),
            errors: usize::from(verdict.is_unjudged()),
            skipped: usize::from(verdict == Verdict::NotApplicable),
            took_ms: case.end.as_ref().map_or(0, |end| end.took_ms),
        };
        add(&case.head.file, counts, testcase(case, verdict, strict));
    }
    for known in run.known().iter().filter(|known| known.state.is_bad()) {
        let counts = Counts {
            tests: 1,
            failures: 1,
            ..Counts::default()
        };
        add(&known.entry.place.file, counts, bad_entry(known));
    }
    suites
}

const fn is_failure(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fail | Verdict::Flaky)
}

/// What identifies the run, so that a file can be told from another years later.
fn properties(out: &mut String, run: &Run) {
    let Some(head) = run.head() else { return };
    out.push_str("    <properties>\n");
    let seed = head.seed.to_string();
    for (name, value) in [
        ("run", &head.id),
        ("pushproof", &head.pushproof),
        ("target", &head.target),
        ("dialect", &head.dialect),
        ("profile", &head.profile),
        ("seed", &seed),
    ] {
        property(out, "      ", name, value);
    }
    out.push_str("    </properties>\n");
}

fn property(out: &mut String, indent: &str, name: &str, value: &str) {
    let attributes = [("name", name.to_owned()), ("value", value.to_owned())];
    tag(out, &format!("{indent}<property"), &attributes, &[]);
    out.push_str("/>\n");
}

fn testcase(case: &Case, verdict: Verdict, strict: bool) -> String {
    let mut out = String::new();
    let took_ms = case.end.as_ref().map_or(0, |end| end.took_ms);
    let attributes = [
        ("name", case.head.id.clone()),
        ("classname", class(&case.head.file)),
        ("file", case.head.file.clone()),
        ("line", case.head.line.to_string()),
        ("time", seconds(took_ms)),
    ];
    tag(&mut out, "    <testcase", &attributes, &[]);
    out.push_str(">\n      <properties>\n");
    for requirement in requirements(case) {
        property(&mut out, "        ", "requirement", requirement);
    }
    property(&mut out, "        ", "verdict", verdict.name());
    out.push_str("      </properties>\n");
    let reason = reason(case, strict);
    let message = [
        ("message", reason.clone()),
        ("type", verdict.name().to_owned()),
    ];
    match verdict {
        verdict if is_failure(verdict) => {
            element(&mut out, "failure", &message, &evidence(case, strict));
        }
        Verdict::CouldNotRun | Verdict::Inconclusive => {
            element(&mut out, "error", &message, &evidence(case, strict));
        }
        Verdict::NotApplicable => element(&mut out, "skipped", &message[..1], ""),
        Verdict::Warn | Verdict::Known => {
            element(
                &mut out,
                "system-out",
                &[],
                &format!("{verdict}: {reason}\n{}", evidence(case, strict)),
            );
        }
        _ => {}
    }
    out.push_str("    </testcase>\n");
    out
}

/// Every requirement that the case judges, once, in the order of its checks.
fn requirements(case: &Case) -> Vec<&str> {
    let planned = case
        .head
        .bindings
        .iter()
        .flat_map(|binding| &binding.covers);
    let judged = case.checks.iter().flat_map(|check| &check.covers);
    let mut ids: Vec<&str> = Vec::new();
    for cover in planned.chain(judged) {
        if !ids.contains(&cover.requirement.as_str()) {
            ids.push(&cover.requirement);
        }
    }
    ids
}

fn reason(case: &Case, strict: bool) -> String {
    let worst = case
        .findings()
        .min_by_key(|finding| finding.effective(strict));
    let reason = case.reason().or_else(|| worst.map(Finding::contrast));
    reason.unwrap_or_else(|| "no reason given".to_owned())
}

/// What was left open, and every finding with the reply that shows it and the command that sends the request again.
fn evidence(case: &Case, strict: bool) -> String {
    let mut text = String::new();
    for Check {
        step,
        check,
        verdict,
        reason,
        ..
    } in case
        .checks
        .iter()
        .filter(|check| check.verdict.is_unjudged())
    {
        let reason = reason.as_deref().unwrap_or("no reason given");
        let _ = writeln!(text, "{step}.{check} is {verdict}: {reason}");
    }
    for finding in case.findings() {
        let ids: Vec<&str> = finding
            .requirements
            .iter()
            .map(|cover| cover.requirement.as_str())
            .collect();
        let (verdict, place) = (finding.effective(strict), &finding.place);
        let _ = writeln!(
            text,
            "{verdict}: {} ({}.{}): {}",
            ids.join(", "),
            finding.step,
            finding.check,
            finding.contrast()
        );
        let _ = writeln!(text, "  at {}:{}:{}", place.file, place.line, place.column);
        let exchange = case
            .exchanges()
            .find(|exchange| finding.exchange == Some(exchange.exchange));
        if let Some(exchange) = exchange {
            shown(&mut text, exchange);
        }
    }
    text
}

fn shown(text: &mut String, exchange: &Exchange) {
    if let Some(reply) = &exchange.reply {
        let body: String = reply.body.chars().take(BODY_CHARS_MAX).collect();
        let _ = writeln!(text, "  reply: {} {body}", reply.status);
    }
    let _ = writeln!(text, "  again: {}", exchange.request.curl);
}

fn bad_entry(known: &KnownOutcome) -> String {
    let mut out = String::new();
    let entry = &known.entry;
    let attributes = [
        ("name", format!("{} {}", entry.case, entry.check)),
        ("classname", class(&entry.place.file)),
        ("file", entry.place.file.clone()),
        ("line", entry.place.line.to_string()),
        ("time", seconds(0)),
    ];
    tag(&mut out, "    <testcase", &attributes, &[]);
    out.push_str(">\n");
    let message = format!(
        "the known deviation is {}: {}",
        known.state.name(),
        known.state.advice()
    );
    let message = [
        ("message", message),
        ("type", known.state.name().to_owned()),
    ];
    element(&mut out, "failure", &message, &entry.excuse());
    out.push_str("    </testcase>\n");
    out
}

/// A file as readers group by it: `scenarios.auth0.push.enrol`.
fn class(file: &str) -> String {
    let stem = file.strip_suffix(".yaml").unwrap_or(file);
    let parts = stem
        .split('/')
        .filter(|part| !matches!(*part, "" | "." | ".."));
    parts.collect::<Vec<_>>().join(".")
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

fn tag(out: &mut String, open: &str, attributes: &[(&str, String)], more: &[(&str, String)]) {
    out.push_str(open);
    for (name, value) in attributes.iter().chain(more) {
        let _ = write!(out, " {name}=\"{}\"", escaped(value, true));
    }
}

fn element(out: &mut String, name: &str, attributes: &[(&str, String)], text: &str) {
    tag(out, &format!("      <{name}"), attributes, &[]);
    if text.is_empty() {
        out.push_str("/>\n");
    } else {
        let _ = writeln!(out, ">{}</{name}>", escaped(text, false));
    }
}

/// Text as XML 1.0 takes it. Control characters are left out (most of them cannot stand in XML at all, the rest and what turns the direction of text is nothing that a CI page
/// should be told), line breaks and tabs kept: in an attribute as references, since a parser makes blanks of them otherwise.
fn escaped(text: &str, attribute: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            '\n' | '\t' if attribute => {
                let _ = write!(out, "&#{};", u32::from(char));
            }
            '\n' | '\t' => out.push(char),
            '\u{fffe}' | '\u{ffff}' => {} // no characters of XML 1.0
            char if acts(char) => {}
            char => out.push(char),
        }
    }
    out
}
