//! What the doctor found, in words: one line each, what it costs, and the exit code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use pushproof_report::exit;
use pushproof_runner::target::Target;
use pushproof_scenario::Program;

use crate::select;

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
}

impl Found {
    pub(super) fn new(what: &str, state: State, detail: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            state,
            detail: detail.into(),
            vital: false,
            features: Vec::new(),
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
        };
        format!("{word:7}  {:17}  {}\n", self.what, self.detail)
    }
}

/// The requirements that no case can judge any more, by what they lack. `None` as a key: everything, for want of something vital.
pub(super) fn lost(
    programs: &[Arc<Program>],
    known: &[String],
    target: &Target,
    found: &[Found],
) -> BTreeMap<Option<String>, BTreeSet<String>> {
    let mut features = target.features(known);
    for gone in found
        .iter()
        .filter(|found| found.is_gone())
        .flat_map(|found| &found.features)
    {
        features.remove(*gone);
    }
    let judged = |program: &Program| -> BTreeSet<String> {
        let requirements = program
            .dialect
            .requirements
            .iter()
            .map(|requirement| requirement.id.clone());
        requirements
            .filter(|id| select::judges(program, id))
            .collect()
    };
    let vital = found.iter().any(|found| found.vital && found.is_gone());
    let can_run = |program: &&Arc<Program>| {
        !vital && program.needs.iter().all(|need| features.contains(need))
    };
    let kept: BTreeSet<String> = programs
        .iter()
        .filter(can_run)
        .flat_map(|program| judged(program))
        .collect();
    let mut lost: BTreeMap<Option<String>, BTreeSet<String>> = BTreeMap::new();
    for program in programs {
        let lacks: Vec<Option<String>> = match vital {
            true => vec![None],
            false => known
                .iter()
                .filter(|need| program.needs.contains(need) && !features.contains(*need))
                .map(|need| Some(need.clone()))
                .collect(),
        };
        for lack in lacks {
            lost.entry(lack)
                .or_default()
                .extend(judged(program).into_iter().filter(|id| !kept.contains(id)));
        }
    }
    lost.retain(|_, ids| !ids.is_empty());
    lost
}

/// 20 without something vital, 5 if something is broken that a part of the cases needs.
pub(super) fn code(found: &[Found]) -> u8 {
    let codes = found
        .iter()
        .filter_map(|found| match (found.state, found.vital) {
            (State::Works, _) => None,
            (_, true) => Some(super::UNUSABLE),
            (State::Broken, false) => Some(exit::UNJUDGED),
            (State::Missing | State::Untried, false) => None,
        });
    exit::first(codes)
}

pub(super) fn summary(
    found: &[Found],
    lost: &BTreeMap<Option<String>, BTreeSet<String>>,
    requirements: usize,
    code: u8,
) -> String {
    let mut text = String::new();
    for (lack, ids) in lost {
        let lack = lack.as_ref().map_or_else(
            || "all of this".to_owned(),
            |feature| format!("the lack of `{feature}`"),
        );
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let _ = write!(
            text,
            "\n{lack} costs {}:\n",
            super::super::counted(ids.len(), "requirement")
        );
        for row in ids.chunks(6) {
            let _ = writeln!(text, "  {}", row.join(", "));
        }
    }
    let all: BTreeSet<&String> = lost.values().flatten().collect();
    let count = |state: State| found.iter().filter(|found| found.state == state).count();
    let _ = writeln!(
        text,
        "\n{} work, {} broken, {} missing, {} untried; {} of {requirements} requirements cannot be judged for want of them",
        count(State::Works),
        count(State::Broken),
        count(State::Missing),
        count(State::Untried),
        all.len()
    );
    let meaning = match code {
        exit::OK => "everything that the file promises works",
        exit::UNJUDGED => "something that a part of the cases needs does not work",
        _ => "something that every case needs does not work",
    };
    let _ = writeln!(text, "exit {code}: {meaning}");
    text
}
