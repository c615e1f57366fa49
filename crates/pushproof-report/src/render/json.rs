//! The machine's report, `--report-json`: [`render`].
//!
//! Format 1. Fields may be added, never renamed or given another meaning. The types here are the format, apart
//! from the ones of the fold, so that these stay free to change.

use serde::Serialize;

use crate::{
    Attribution, Case, Finding, Instance, KnownOutcome, KnownState, Level, Place, Remedy,
    Requirement, Run, Trouble, Verdict, exit,
};

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
        known: run.known().iter().map(KnownOut::of).collect(),
        left_behind: run
            .left()
            .map(|(case, what)| LeftOut { case, what })
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    known: Vec<KnownOut<'a>>,
    left_behind: Vec<LeftOut<'a>>,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    instances: Vec<InstanceOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    troubles: Vec<TroubleOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_back: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_behind: Vec<String>,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    case: &'a str,
    what: String,
}

#[derive(Serialize)]
struct TroubleOut<'a> {
    step: &'a str,
    exchange: Option<u64>,
    what: &'a str,
    to: Attribution,
    then: Remedy,
}

impl<'a> TroubleOut<'a> {
    fn of(trouble: &'a Trouble) -> Self {
        Self {
            step: &trouble.step,
            exchange: trouble.exchange,
            what: &trouble.what,
            to: trouble.to,
            then: trouble.then,
        }
    }
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
            instances: case
                .instances
                .iter()
                .map(|instance| InstanceOut::of(instance, strict))
                .collect(),
            troubles: case.troubles().map(TroubleOut::of).collect(),
            held_back: case.held_back.as_deref(),
            left_behind: case.left(),
        }
    }
}

#[derive(Serialize)]
struct InstanceOut<'a> {
    instance: u32,
    verdict: Verdict,
    reason: Option<&'a str>,
    took_ms: Option<u64>,
}

impl<'a> InstanceOut<'a> {
    fn of(instance: &'a Instance, strict: bool) -> Self {
        let end = instance.end.as_ref();
        Self {
            instance: instance.number,
            verdict: end.map_or(Verdict::CouldNotRun, |end| end.verdict.under(strict)),
            reason: end.and_then(|end| end.reason.as_deref()),
            took_ms: end.map(|end| end.took_ms),
        }
    }
}

/// What became of an entry of the list of known deviations.
#[derive(Serialize)]
struct KnownOut<'a> {
    case: &'a str,
    check: &'a str,
    target: Option<&'a str>,
    reason: &'a str,
    ticket: Option<&'a str>,
    expires: Option<&'a str>,
    place: &'a Place,
    state: KnownState,
    cases: &'a [String],
}

impl<'a> KnownOut<'a> {
    fn of(known: &'a KnownOutcome) -> Self {
        let entry = &known.entry;
        Self {
            case: &entry.case,
            check: &entry.check,
            target: entry.target.as_deref(),
            reason: &entry.reason,
            ticket: entry.ticket.as_deref(),
            expires: entry.expires.as_deref(),
            place: &entry.place,
            state: known.state,
            cases: &known.cases,
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
