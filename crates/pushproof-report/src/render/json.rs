//! The machine's report, `--report-json`: [`render`].
//!
//! Format 1. Fields may be added, never renamed or given another meaning. The types here are the format, apart
//! from the ones of the fold, so that these stay free to change.

use serde::Serialize;

use crate::{Case, Finding, Level, Place, Requirement, Run, Verdict, exit};

/// The report as JSON, indented, with a line end. `complete` and `took_ms` are known only once the run's last event
/// is in the fold. Under `strict` a warning is a failure, and says so.
pub fn render(run: &Run, strict: bool) -> String {
    let requirements = run.requirements();
    let findings = run.findings();
    let exit = run.exit_code(strict);
    let report = Report {
        format: 1,
        kind: "conformance",
        pushproof: run.head().map(|head| head.pushproof.as_str()),
        exit,
        exit_meaning: exit::meaning(exit),
        complete: run.complete(),
        strict,
        interrupted: run.interrupted(),
        run: RunOut::of(run),
        remarks: run.remarks(),
        contradictions: run.contradictions(),
        requirements: requirements
            .iter()
            .map(|requirement| RequirementOut::of(requirement, strict))
            .collect(),
        cases: run
            .cases()
            .iter()
            .map(|case| CaseOut::of(case, strict))
            .collect(),
        findings: findings
            .into_iter()
            .map(|finding| FindingOut::of(finding, strict))
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&report).expect("a report is plain data");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Report<'a> {
    format: u32,
    kind: &'static str,
    pushproof: Option<&'a str>,
    exit: u8,
    exit_meaning: &'static str,
    complete: bool,
    strict: bool,
    interrupted: Option<&'a str>,
    run: Option<RunOut<'a>>,
    remarks: &'a [String],
    contradictions: &'a [String],
    requirements: Vec<RequirementOut<'a>>,
    cases: Vec<CaseOut<'a>>,
    findings: Vec<FindingOut<'a>>,
}

#[derive(Serialize)]
struct RunOut<'a> {
    id: &'a str,
    seed: u64,
    target: &'a str,
    dialect: &'a str,
    profile: &'a str,
    started: &'a str,
    took_ms: Option<u64>,
}

impl<'a> RunOut<'a> {
    fn of(run: &'a Run) -> Option<Self> {
        let head = run.head()?;
        Some(Self {
            id: &head.id,
            seed: head.seed,
            target: &head.target,
            dialect: &head.dialect,
            profile: &head.profile,
            started: &head.started,
            took_ms: run.end().map(|end| end.took_ms),
        })
    }
}

#[derive(Serialize)]
struct RequirementOut<'a> {
    id: &'a str,
    level: Level,
    verdict: Verdict,
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<bool>,
    statement: &'a str,
    source: &'a str,
    extended: bool,
    cases: &'a [String],
    findings: &'a [usize],
}

impl<'a> RequirementOut<'a> {
    fn of(requirement: &'a Requirement, strict: bool) -> Self {
        let Requirement {
            head,
            verdict,
            reason,
            observed,
            cases,
            findings,
        } = requirement;
        Self {
            id: &head.id,
            level: head.level,
            verdict: verdict.under(strict),
            reason: reason.as_deref(),
            observed: *observed,
            statement: &head.statement,
            source: &head.source,
            extended: head.extended,
            cases,
            findings,
        }
    }
}

#[derive(Serialize)]
struct CaseOut<'a> {
    id: &'a str,
    title: &'a str,
    file: &'a str,
    line: u32,
    tags: &'a [String],
    verdict: Verdict,
    reason: Option<String>,
    took_ms: Option<u64>,
    n_exchanges: usize,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    left_behind: &'a [String],
}

impl<'a> CaseOut<'a> {
    fn of(case: &'a Case, strict: bool) -> Self {
        Self {
            id: &case.head.id,
            title: &case.head.title,
            file: &case.head.file,
            line: case.head.line,
            tags: &case.head.tags,
            verdict: case.verdict().under(strict),
            reason: case.reason(),
            took_ms: case.end.as_ref().map(|end| end.took_ms),
            n_exchanges: case.exchanges().count(),
            left_behind: &case.left_behind,
        }
    }
}

#[derive(Serialize)]
struct FindingOut<'a> {
    requirements: Vec<&'a str>,
    level: Level,
    case: &'a str,
    step: &'a str,
    check: &'a str,
    verdict: Verdict,
    expected: &'a str,
    actual: &'a str,
    place: &'a Place,
    exchange: Option<u64>,
}

impl<'a> FindingOut<'a> {
    fn of(finding: &'a Finding, strict: bool) -> Self {
        let covers = finding.requirements.iter();
        Self {
            requirements: covers.map(|cover| cover.requirement.as_str()).collect(),
            level: finding.level,
            case: &finding.case,
            step: &finding.step,
            check: &finding.check,
            verdict: finding.effective(strict),
            expected: &finding.expected,
            actual: &finding.actual,
            place: &finding.place,
            exchange: finding.exchange,
        }
    }
}
