//! A run as reports see it: [`Run`], the fold over its events.
//!
//! The fold never fails. What does not fit together (a case that passed although a check failed, an event of a case
//! that was never planned) is kept as a contradiction: it is a bug of pushproof, and the exit code says so.
//! A run that was cut short is no contradiction: each beginning of a sound run is sound.

mod case;
mod outcome;
mod repeat;
mod requirement;

use std::collections::{BTreeMap, BTreeSet};

use crate::{CaseHead, Event, Finding, KnownEntry, KnownState, RequirementHead, RunHead};

pub use case::{
    Act, Case, CaseEnd, Check, Exchange, Happening, Instance, Probe, Step, Trouble, Wait,
};
pub use repeat::repeated;
pub use requirement::Requirement;

/// A run, as far as its events go.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Run {
    head: Option<RunHead>,
    requirement_heads: Vec<RequirementHead>,
    remarks: Vec<String>,
    /// In planned order, which does not depend on which case was faster.
    cases: Vec<Case>,
    /// Position of each case by its id.
    positions: BTreeMap<String, usize>,
    exchanges_seen: BTreeSet<u64>,
    known: Vec<KnownOutcome>,
    interrupted: Option<String>,
    end: Option<RunEnd>,
    contradictions: Vec<String>,
}

/// What became of an entry of the list of known deviations. Fields as in [`Event::KnownDeviation`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "documented where they come from")]
pub struct KnownOutcome {
    pub entry: KnownEntry,
    pub state: KnownState,
    pub cases: Vec<String>,
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunEnd {
    /// The exit code that was given; see [`exit`](crate::exit).
    pub exit: u8,
    /// Whether every planned case finished.
    pub complete: bool,
    /// Real time.
    pub took_ms: u64,
}

impl Run {
    /// The run that these events tell of.
    pub fn fold(events: impl IntoIterator<Item = Event>) -> Self {
        let mut run = Self::default();
        for event in events {
            run.push(event);
        }
        run
    }

    /// What identifies the run; `None` before its first event.
    pub fn head(&self) -> Option<&RunHead> {
        self.head.as_ref()
    }

    /// Every requirement of the dialect, in its order. What the run says about them: [`Run::requirements`].
    pub fn requirement_heads(&self) -> &[RequirementHead] {
        &self.requirement_heads
    }

    /// What the reader must know to judge the result.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// The selected cases in planned order.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// A case by its id.
    pub fn case(&self, id: &str) -> Option<&Case> {
        Some(&self.cases[*self.positions.get(id)?])
    }

    /// What each case left at the target, with the case's id; see [`Case::left`].
    pub fn left(&self) -> impl Iterator<Item = (&str, String)> {
        self.cases.iter().flat_map(|case| {
            let left = case.left().into_iter();
            left.map(|what| (case.head.id.as_str(), what))
        })
    }

    /// Every finding, in the order of the cases; its position is its number.
    pub fn findings(&self) -> Vec<&Finding> {
        self.cases.iter().flat_map(Case::findings).collect()
    }

    /// What became of each known deviation, in the order of their list.
    pub fn known(&self) -> &[KnownOutcome] {
        &self.known
    }

    /// The signal that stopped the run, if one did.
    pub fn interrupted(&self) -> Option<&str> {
        self.interrupted.as_deref()
    }

    /// How the run ended; `None` while it goes on, or if it was killed.
    pub fn end(&self) -> Option<RunEnd> {
        self.end
    }

    /// Whether the run ended with every planned case finished.
    pub fn complete(&self) -> bool {
        self.end.is_some_and(|end| end.complete)
    }

    /// What in the events does not fit together, as fragments. Not empty: a bug of pushproof.
    pub fn contradictions(&self) -> &[String] {
        &self.contradictions
    }

    /// Takes the next event in.
    pub fn push(&mut self, event: Event) {
        if self.end.is_some() {
            self.contradict("an event follows the end of the run".to_owned());
        }
        match event {
            Event::RunStarted {
                run,
                requirements,
                remarks,
            } => self.start(run, requirements, remarks),
            Event::CasePlanned {
                case,
                not_applicable,
            } => self.plan(case, not_applicable),
            Event::KnownDeviation {
                entry,
                state,
                cases,
            } => self.known.push(KnownOutcome {
                entry,
                state,
                cases,
            }),
            Event::Interrupted { signal } => self.interrupted = Some(signal),
            Event::RunFinished {
                exit,
                complete,
                took_ms,
            } => self.finish(RunEnd {
                exit,
                complete,
                took_ms,
            }),
            event => self.push_to_case(event),
        }
    }

    fn start(&mut self, run: RunHead, requirements: Vec<RequirementHead>, remarks: Vec<String>) {
        if self.head.is_some() {
            self.contradict("the run starts twice".to_owned());
        }
        self.head = Some(run);
        self.requirement_heads = requirements;
        self.remarks = remarks;
    }

    fn plan(&mut self, head: CaseHead, not_applicable: Option<String>) {
        if self.positions.contains_key(&head.id) {
            self.contradict(format!("case `{}` is planned twice", head.id));
            return;
        }
        self.positions.insert(head.id.clone(), self.cases.len());
        self.cases.push(Case::new(head, not_applicable));
    }

    fn finish(&mut self, end: RunEnd) {
        let open = self.cases.iter().find(|case| case.is_open());
        if let Some(open) = open.filter(|_| end.complete) {
            let id = &open.head.id;
            self.contradict(format!(
                "the run is complete, but case `{id}` never finished"
            ));
        }
        self.end = Some(end);
    }

    fn push_to_case(&mut self, event: Event) {
        let id = event.case().unwrap_or_default().to_owned();
        let Some(&position) = self.positions.get(&id) else {
            self.contradict(format!("case `{id}` was never planned"));
            return;
        };
        if let Event::Exchanged { exchange, .. } = &event
            && !self.exchanges_seen.insert(*exchange)
        {
            self.contradict(format!("exchange {exchange} happens twice"));
        }
        if let Err(contradiction) = self.cases[position].push(event) {
            self.contradict(format!("case `{id}` {contradiction}"));
        }
    }

    fn contradict(&mut self, what: String) {
        self.contradictions.push(what);
    }
}
