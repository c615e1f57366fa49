//! The interface between whoever runs and whoever reports: [`Event`], and [`Line`], its written form.
//!
//! Everything here is plain data with public fields. It is a versioned wire format: fields may be added
//! (with `#[serde(default)]`), never renamed or given another meaning within version 1.

use serde::{Deserialize, Serialize};

use crate::{Attribution, Level, Remedy, Verdict};

/// One requirement that a check judges, at the level that counts for this check.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cover {
    /// Requirement id, `OOB-POLL-012`.
    pub requirement: String,
    /// The requirement's own level, or a lower one where the scenario says so.
    pub level: Level,
}

/// A place in a scenario or dialect file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Place {
    /// Path as the user would type it.
    pub file: String,
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
}

/// A line of a source file with a stretch of it underlined.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Excerpt {
    /// Line number, 1-based.
    pub line: u32,
    /// The whole source line without its line end.
    pub text: String,
    /// Where the underline begins: 1-based, in characters.
    pub column: u32,
    /// How many characters are underlined.
    pub width: u32,
    /// What stands beside the carets.
    pub label: String,
}

/// One observed breach: what was expected, what was seen, and which line of which file asked for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// The requirements that the check covers.
    pub requirements: Vec<Cover>,
    /// The strongest level among them.
    pub level: Level,
    /// Case id.
    pub case: String,
    /// Step id.
    pub step: String,
    /// Name of the check within the step: `expect`, `outcomes`, `settles_within`, `check.1`, …
    pub check: String,
    /// What the check came to.
    pub verdict: Verdict,
    /// What should have been, as a fragment: `refused`.
    pub expected: String,
    /// What was, as a fragment: `tokens (200)`.
    pub actual: String,
    /// Where the check stands.
    pub place: Place,
    /// The source line, with the breached element underlined.
    pub excerpt: Option<Excerpt>,
    /// The exchange that shows it.
    pub exchange: Option<u64>,
}

impl Finding {
    /// What it comes to at the strongest level that it touches; with `strict`, a warning is a failure.
    pub const fn effective(&self, strict: bool) -> Verdict {
        self.verdict.at(self.level).under(strict)
    }

    /// Both sides in one fragment, the news first: `got tokens (200), expected refused`.
    pub fn contrast(&self) -> String {
        format!("got {}, expected {}", self.actual, self.expected)
    }
}

/// A requirement as a report needs it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RequirementHead {
    /// `OOB-POLL-012`.
    pub id: String,
    /// How strongly it is meant.
    pub level: Level,
    /// The statement, one sentence.
    pub statement: String,
    /// Where it is written: a document and its section.
    pub source: String,
    /// Beyond the core of the dialect.
    #[serde(default)]
    pub extended: bool,
}

/// Which requirements a check of a planned case will judge.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Binding {
    /// Step id.
    pub step: String,
    /// Name of the check within the step.
    pub check: String,
    /// What it covers.
    pub covers: Vec<Cover>,
}

/// A case as planned: known before anything is sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CaseHead {
    /// Stable id, with the matrix row: `push.challenge.rejected[decide_after=0]`.
    pub id: String,
    /// The scenario's sentence.
    pub title: String,
    /// The scenario's file.
    pub file: String,
    /// The line in it, 1-based.
    pub line: u32,
    /// The scenario's tags.
    pub tags: Vec<String>,
    /// What its checks cover.
    pub bindings: Vec<Binding>,
}

/// What identifies a run and makes it repeatable.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunHead {
    /// Run id.
    pub id: String,
    /// Version of pushproof.
    pub pushproof: String,
    /// Seed of everything left to chance.
    pub seed: u64,
    /// Name of the target.
    pub target: String,
    /// Name of the dialect.
    pub dialect: String,
    /// Name of the profile.
    pub profile: String,
    /// RFC 3339 in UTC, ending in `Z`.
    pub started: String,
}

/// A request as it may be shown: secrets are placeholders.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShownRequest {
    /// `POST`.
    pub method: String,
    /// Absolute URL.
    pub url: String,
    /// In sending order.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
    /// The command that sends it again, with placeholders for secrets. May be several lines.
    pub curl: String,
}

/// A reply as it may be shown: secrets are placeholders. Its text is the endpoint's and hostile:
/// a renderer passes it through [`sanitize`](crate::sanitize) or escapes it for its format.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShownReply {
    /// HTTP status code.
    pub status: u16,
    /// In the order received.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

/// What became of a device action.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActResult {
    /// The tenant took it.
    Acknowledged,
    /// The tenant refused it.
    Refused,
    /// The device could not be used; says nothing about the endpoint.
    Unavailable,
}

/// One entry of a list of known deviations: a check that is expected to fail for a while.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KnownEntry {
    /// Glob over case ids, as written.
    pub case: String,
    /// Step and check, `wait.settles_within`.
    pub check: String,
    /// The target it is about; every target without.
    pub target: Option<String>,
    /// Why it is tolerated.
    pub reason: String,
    /// Where it is worked on.
    pub ticket: Option<String>,
    /// The last day on which it counts, `2027-01-31`.
    pub expires: Option<String>,
    /// Where the entry stands.
    pub place: Place,
}

impl KnownEntry {
    /// Why it is tolerated, where it is worked on and until when, as one fragment.
    pub fn excuse(&self) -> String {
        let ticket = self.ticket.iter().cloned();
        let until = self.expires.iter().map(|day| format!("until {day}"));
        let more: Vec<String> = ticket.chain(until).collect();
        if more.is_empty() {
            self.reason.clone()
        } else {
            format!("{} ({})", self.reason, more.join(", "))
        }
    }
}

/// What became of a [`KnownEntry`] in a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownState {
    /// Its last day is over; it excused nothing.
    Expired,
    /// No case of the dialect has such an id and such a check.
    Unmatched,
    /// What it excuses was judged and holds.
    Stale,
    /// It excused a breach.
    Matched,
    /// None of its cases was selected, or none came to a verdict.
    NotAsked,
}

impl KnownState {
    /// Whether the entry itself makes the run fail.
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Expired | Self::Unmatched | Self::Stale)
    }

    /// The word as it stands in JSON and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Unmatched => "unmatched",
            Self::Stale => "stale",
            Self::Matched => "matched",
            Self::NotAsked => "not-asked",
        }
    }

    /// What the word means for whoever keeps the list, as a fragment.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Expired => "its last day is over: renew it with a reason, or remove it",
            Self::Unmatched => "no case has this id and this check: correct it, or remove it",
            Self::Stale => "what it excuses holds now: remove it",
            Self::Matched => "it excused a breach",
            Self::NotAsked => "none of its cases came to a verdict in this run",
        }
    }
}

/// The smallest part of a run. Reports are folds over a sequence of these.
///
/// Of one case the order is: planned, started, whatever happens, finished; [`Event::LeftBehind`] may follow. What happens in a case that is
/// repeated stands between the start and the end of an instance; its instances run one after another.
/// Events of different cases interleave freely.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// First of all.
    RunStarted {
        /// What identifies the run.
        run: RunHead,
        /// Every requirement of the dialect, in its order.
        requirements: Vec<RequirementHead>,
        /// What the reader must know to judge the result: `TLS is not verified`.
        remarks: Vec<String>,
    },
    /// A selected case. All are planned before the first starts.
    CasePlanned {
        /// The case.
        case: CaseHead,
        /// The feature that the target lacks; the case will not start.
        not_applicable: Option<String>,
    },
    /// A case began; its protocol time is zero now.
    CaseStarted {
        /// Case id.
        case: String,
    },
    /// A step began.
    StepStarted {
        /// Case id.
        case: String,
        /// Step id.
        step: String,
        /// The step's sentence.
        say: String,
    },
    /// A request left and was answered, or not.
    Exchanged {
        /// Case id.
        case: String,
        /// Step id.
        step: String,
        /// Unique in the run.
        exchange: u64,
        /// Number within a poll step, from 1.
        poll: Option<u32>,
        /// Protocol time since the case began. In JSON `case_ms`, since `at_ms` is the envelope's.
        #[serde(rename = "case_ms")]
        at_ms: u64,
        /// The dialect's name of the call.
        operation: String,
        /// What was sent.
        request: ShownRequest,
        /// What came back.
        reply: Option<ShownReply>,
        /// Why nothing came back.
        failure: Option<String>,
        /// Names of the outcomes that the reply satisfies.
        outcomes: Vec<String>,
        /// Transport time in microseconds.
        took_us: u64,
    },
    /// A device did something, or was asked to.
    Acted {
        /// Case id.
        case: String,
        /// Step id.
        step: String,
        /// Protocol time since the case began. In JSON `case_ms`.
        #[serde(rename = "case_ms")]
        at_ms: u64,
        /// Which device.
        actor: String,
        /// What: `approve`.
        action: String,
        /// The poll whose answer triggered it.
        after_poll: Option<u32>,
        /// What became of it.
        result: ActResult,
        /// More about the result.
        detail: Option<String>,
    },
    /// Time passed on purpose.
    Waited {
        /// Case id.
        case: String,
        /// Step id.
        step: String,
        /// Protocol time since the case began.
        from_ms: u64,
        /// Protocol time since the case began.
        until_ms: u64,
        /// The step's `why`, or the name of the limit waited for.
        why: String,
    },
    /// A check came to a verdict. A check that is judged several times counts with its worst.
    Judged {
        /// Case id.
        case: String,
        /// Step id.
        step: String,
        /// Name of the check within the step.
        check: String,
        /// What it came to, before levels: [`Verdict::at`] says what that means for each requirement.
        verdict: Verdict,
        /// What it covers, each at the level that counts here.
        covers: Vec<Cover>,
        /// Why, for whatever is not plain pass or a finding.
        reason: Option<String>,
        /// The evidence of a breach.
        finding: Option<Box<Finding>>,
    },
    /// A case came to its verdict.
    CaseFinished {
        /// Case id.
        case: String,
        /// What it came to.
        verdict: Verdict,
        /// Why, for whatever is not plain pass.
        reason: Option<String>,
        /// Real time.
        took_ms: u64,
    },
    /// One of several runs of the same case began; its protocol time is zero now.
    InstanceStarted {
        /// Case id.
        case: String,
        /// Its number, from 1.
        instance: u32,
    },
    /// One of several runs of the same case came to its verdict.
    InstanceFinished {
        /// Case id.
        case: String,
        /// Its number, from 1.
        instance: u32,
        /// What it came to.
        verdict: Verdict,
        /// Why, for whatever is not plain pass.
        reason: Option<String>,
        /// Real time.
        took_ms: u64,
    },
    /// What became of an entry of the list of known deviations; told when every case is over.
    KnownDeviation {
        /// The entry.
        entry: KnownEntry,
        /// What became of it.
        state: KnownState,
        /// The cases in which it excused a breach.
        cases: Vec<String>,
    },
    /// Something came between this program and the endpoint, or looks as if it did.
    Troubled {
        /// Case id.
        case: String,
        /// Step id; empty for what concerns the whole case.
        step: String,
        /// The exchange that it happened to.
        exchange: Option<u64>,
        /// Protocol time since the case began. In JSON `case_ms`.
        #[serde(rename = "case_ms")]
        at_ms: u64,
        /// What happened, as a fragment.
        what: String,
        /// Whose doing it is taken to be.
        to: Attribution,
        /// What was done about it.
        then: Remedy,
    },
    /// A control probe asked whether the endpoint is alive and answers itself, because something rests on its silence, its slowness or a broken reply.
    Probed {
        /// Case id.
        case: String,
        /// The step that gave cause.
        step: String,
        /// Protocol time since the case began. In JSON `case_ms`.
        #[serde(rename = "case_ms")]
        at_ms: u64,
        /// What was asked: an operation, or the base URL.
        asked: String,
        /// What came back, as a fragment.
        came: String,
        /// Whether that is a proper answer.
        alive: bool,
        /// How long it took, in transport time.
        took_us: u64,
        /// How late this program itself was meanwhile.
        lag_us: u64,
    },
    /// The case did not run, or not to its end, because of the endpoint's throttling or the target's limits.
    HeldBack {
        /// Case id.
        case: String,
        /// Why, as a fragment.
        why: String,
    },
    /// The provider of users made somebody for the case. [`Event::UserDeleted`] or [`Event::LeftBehind`] follows, unless the run is killed.
    UserMade {
        /// Case id.
        case: String,
        /// The name that they log in with.
        user: String,
        /// The tenant's id, where it is known.
        id: Option<String>,
    },
    /// Clean-up removed somebody who was made for the case.
    UserDeleted {
        /// Case id.
        case: String,
        /// The name that they logged in with.
        user: String,
    },
    /// Clean-up could not remove this.
    LeftBehind {
        /// Case id.
        case: String,
        /// What is left, so that a person can find it.
        what: String,
    },
    /// The run was told to stop.
    Interrupted {
        /// `SIGINT` or `SIGTERM`.
        signal: String,
    },
    /// Last of all.
    RunFinished {
        /// The exit code of the run.
        exit: u8,
        /// Whether every planned case finished.
        complete: bool,
        /// Real time.
        took_ms: u64,
    },
}

impl Event {
    /// The case it belongs to, if to any.
    pub fn case(&self) -> Option<&str> {
        match self {
            Self::RunStarted { .. }
            | Self::KnownDeviation { .. }
            | Self::Interrupted { .. }
            | Self::RunFinished { .. } => None,
            Self::CasePlanned { case, .. } => Some(&case.id),
            Self::CaseStarted { case }
            | Self::StepStarted { case, .. }
            | Self::Exchanged { case, .. }
            | Self::Acted { case, .. }
            | Self::Waited { case, .. }
            | Self::Judged { case, .. }
            | Self::CaseFinished { case, .. }
            | Self::InstanceStarted { case, .. }
            | Self::InstanceFinished { case, .. }
            | Self::Troubled { case, .. }
            | Self::Probed { case, .. }
            | Self::HeldBack { case, .. }
            | Self::UserMade { case, .. }
            | Self::UserDeleted { case, .. }
            | Self::LeftBehind { case, .. } => Some(case),
        }
    }
}

/// An event as it stands in `record.jsonl`: one JSON object a line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Version of the format: [`Line::VERSION`].
    pub v: u32,
    /// Number of the line, from 0 without gaps.
    pub seq: u64,
    /// Real time since the run began.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl Line {
    /// The version of the format that this code writes and reads.
    pub const VERSION: u32 = 1;
}
