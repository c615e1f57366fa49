//! What the doctor found, in words: one line each, what it costs, and the exit code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use pushproof_report::exit;
use pushproof_runner::target::Target;
use pushproof_scenario::{ActorKind, Program};

use crate::output::wrapped;
use crate::{plan, select};

/// How a contract of the target does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Works,
    /// It was tried and failed.
    Broken,
    /// The file does not promise it.
    Missing,
    /// Nothing is known of it.
    Untried,
    /// It was left alone on purpose: trying would use up what there is little of.
    Spared,
}

/// One contract, and how it does.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) what: String,
    pub(super) state: State,
    pub(super) detail: String,
    /// Without it no case can run.
    pub(super) vital: bool,
    /// The features that go with it.
    pub(super) features: Vec<&'static str>,
    /// What cannot run without it, beside what needs these features.
    pub(super) carries: Carries,
}

/// Cases that cannot run without something that is no feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carries {
    Nothing,
    /// Every case with a phone or an approver.
    Devices,
    /// Every case for which time must pass.
    Time,
    /// Every case with a user.
    Users,
}

impl Carries {
    /// What it is called where it is missing.
    const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Devices => "working devices",
            Self::Time => "a working clock",
            Self::Users => "users",
        }
    }

    pub(super) fn carries(self, program: &Program) -> bool {
        let mut actors = program.actors.iter();
        match self {
            Self::Nothing => false,
            Self::Devices => actors.any(|actor| {
                matches!(
                    actor.kind,
                    ActorKind::Push { .. } | ActorKind::Approver { .. }
                )
            }),
            Self::Time => {
                plan::cost(program, &|_| Duration::from_secs(1)).time.most > Duration::ZERO
            }
            Self::Users => actors.any(|actor| matches!(actor.kind, ActorKind::User { .. })),
        }
    }
}

impl Found {
    pub(super) fn new(what: &str, state: State, detail: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            state,
            detail: detail.into(),
            vital: false,
            features: Vec::new(),
            carries: Carries::Nothing,
        }
    }

    pub(super) fn vital(what: &str, state: State, detail: impl Into<String>) -> Self {
        Self {
            vital: true,
            ..Self::new(what, state, detail)
        }
    }

    /// It is known not to be there.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.state, State::Broken | State::Missing)
    }

    pub(super) fn line(&self) -> String {
        let word = match self.state {
            State::Works => "works",
            State::Broken => "broken",
            State::Missing => "missing",
            State::Untried => "untried",
            State::Spared => "spared",
        };
        let head = format!("{word:7}  {:17}  ", self.what);
        wrapped(&head, &self.detail)
    }
}

/// The requirements that no case can judge any more, by what they lack: a feature, or what carries them.
pub(super) fn lost(
    programs: &[Arc<Program>],
    known: &[String],
    target: &Target,
    found: &[Found],
) -> BTreeMap<String, BTreeSet<String>> {
    let mut features = target.features(known);
    let gone: Vec<&Found> = found.iter().filter(|found| found.is_gone()).collect();
    for feature in gone.iter().flat_map(|found| &found.features) {
        features.remove(*feature);
    }
    let lacks = |program: &Program| -> Vec<String> {
        if gone.iter().any(|found| found.vital) {
            return vec![ALL.to_owned()];
        }
        let carried = gone.iter().filter(|found| found.carries.carries(program));
        let carried = carried.map(|found| format!("the lack of {}", found.carries.name()));
        let needs = program
            .needs
            .iter()
            .filter(|need| !features.contains(*need));
        let needed = needs.map(|need| format!("the lack of `{need}`{}", why(target, need)));
        carried.chain(needed).collect()
    };
    let judged = |program: &Program| -> BTreeSet<String> {
        let requirements = program.dialect.requirements.iter();
        let ids = requirements.map(|requirement| requirement.id.clone());
        ids.filter(|id| select::judges(program, id)).collect()
    };
    let able = programs.iter().filter(|program| lacks(program).is_empty());
    let kept: BTreeSet<String> = able.flat_map(|program| judged(program)).collect();
    let mut lost: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for program in programs {
        for lack in lacks(program) {
            let ids = judged(program).into_iter().filter(|id| !kept.contains(id));
            lost.entry(lack).or_default().extend(ids);
        }
    }
    lost.retain(|_, ids| !ids.is_empty());
    lost
}

/// What everything is lost by, where something vital is gone.
const ALL: &str = "all of this";

/// Why the target's own files do not make a feature possible, if that is why.
fn why(target: &Target, feature: &str) -> String {
    let lack = target.lack(feature);
    lack.strip_prefix(feature).unwrap_or_default().to_owned()
}

/// 20 without something vital, or if nothing is left; 5 if something is broken that a part of the cases needs, or was not tried.
pub(super) fn code(found: &[Found], lost: usize, requirements: usize) -> u8 {
    let codes = found.iter().map(|found| match (found.state, found.vital) {
        (State::Works | State::Spared, _) => exit::OK,
        (_, true) => super::UNUSABLE,
        (State::Broken | State::Untried, false) => exit::UNJUDGED,
        (State::Missing, false) => exit::OK,
    });
    let nothing_left = (lost > 0 && lost == requirements).then_some(super::UNUSABLE);
    exit::first(codes.chain(nothing_left))
}

/// How many requirements are lost in all.
pub(super) fn lost_len(lost: &BTreeMap<String, BTreeSet<String>>) -> usize {
    let all: BTreeSet<&String> = lost.values().flatten().collect();
    all.len()
}

pub(super) fn summary(
    found: &[Found],
    lost: &BTreeMap<String, BTreeSet<String>>,
    requirements: usize,
    code: u8,
) -> String {
    let mut text = String::new();
    for (lack, ids) in lost {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let counted = super::super::counted(ids.len(), "requirement");
        let _ = write!(
            text,
            "\n{}",
            wrapped("", &format!("{lack} costs {counted}:"))
        );
        for row in ids.chunks(6) {
            let _ = writeln!(text, "  {}", row.join(", "));
        }
    }
    let count = |state: State| found.iter().filter(|found| found.state == state).count();
    let spared = match count(State::Spared) {
        0 => String::new(),
        spared => format!(", {spared} spared"),
    };
    let sums = format!(
        "{} work, {} broken, {} missing, {} untried{spared}; {} of {requirements} requirements cannot be judged for want of them",
        count(State::Works),
        count(State::Broken),
        count(State::Missing),
        count(State::Untried),
        lost_len(lost)
    );
    let _ = write!(text, "\n{}", wrapped("", &sums));
    let meaning = match code {
        exit::OK if count(State::Spared) == 0 => "everything that the file promises works",
        exit::OK => "everything that was tried works",
        exit::UNJUDGED if count(State::Broken) == 0 => "not everything could be tried",
        exit::UNJUDGED => "something that a part of the cases needs does not work",
        exit::INTERRUPTED | exit::TERMINATED => "interrupted",
        _ => "something that every case needs does not work",
    };
    let _ = writeln!(text, "exit {code}: {meaning}");
    text
}
