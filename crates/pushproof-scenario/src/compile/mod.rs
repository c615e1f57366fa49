//! From a scenario to its cases: matrix rows filled in, fragments put in place, names turned into numbers. Start at [`compile`].
//!
//! Everything that can be wrong before the first request is found here; a problem in a fragment is reported at its place in the fragment.

mod acts;
mod control;
mod fragment;
mod many;
mod matrix;
mod operand;
mod poll;
mod scope;
mod send;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ast::{self, Fragment, Scenario};
use crate::diagnostic::Diagnostic;
use crate::dialect::{Dialect, Profile};
use crate::fields::Reader;
use crate::program::{Actor, ActorKind, Program, Slot, Step};
use crate::source::{Source, Spanned};
use matrix::{Row, case_id, rows};
use scope::Scope;

/// What a scenario is compiled against.
#[derive(Clone, Copy)]
pub struct Against<'a> {
    /// Its dialect.
    pub dialect: &'a Arc<Dialect>,
    /// What is expected.
    pub profile: &'a Arc<Profile>,
    /// Fragments by `fragments/NAME`.
    pub fragments: &'a BTreeMap<String, Fragment>,
}

/// Most cases that one matrix may make.
pub const CASES_MAX: usize = 1_000;

/// The warnings that something is written and never used.
pub(crate) const UNUSED: [&str; 2] = ["W0155", "W0156"];

/// What is said of a name or a step that is not there.
const UNBOUND: [&str; 2] = ["E0154", "E0190"];

/// How often a case may use fragments, those that fragments use included.
const USES_MAX: usize = 1_000;

/// Compiles a scenario to its cases, with every problem found.
#[must_use]
pub fn compile(scenario: &Scenario, against: Against<'_>) -> (Vec<Program>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let reader = Reader::new(&scenario.source);
    let rows = rows(&reader, scenario);
    for need in &scenario.needs {
        if !against.dialect.features.contains(&need.value) {
            let known = against.dialect.features.iter().map(String::as_str);
            reader.unknown("E0150", need.span, "feature", &need.value, known);
        }
    }
    problems.extend(reader.into_problems());
    let mut programs = Vec::new();
    let mut incomplete = scenario.incomplete;
    for row in rows {
        let mut compiler = Compiler::new(scenario, against, &row);
        compiler.run();
        incomplete |= compiler.incomplete;
        let (program, mut found) = compiler.finish();
        programs.push(program);
        problems.append(&mut found);
    }
    let mut problems = distinct(problems);
    if incomplete || problems.iter().any(Diagnostic::is_error) {
        programs.clear();
        // What seems unused may be used by what could not be read.
        problems.retain(|problem| !UNUSED.contains(&problem.code));
    }
    if incomplete {
        // And what seems unbound may be bound there, unless it is nearly a name that is bound.
        let unbound = |problem: &Diagnostic| UNBOUND.contains(&problem.code);
        problems.retain(|problem| !unbound(problem) || !problem.fixes.is_empty());
    }
    (programs, problems)
}

/// Each problem once: every row of a matrix finds it again, and so does everyone who uses a fragment.
pub(crate) fn distinct(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut known = BTreeSet::new();
    let key = |problem: &Diagnostic| {
        let (path, message) = (problem.source.path(), problem.message.as_str());
        (
            problem.code,
            problem.span,
            path.to_owned(),
            message.to_owned(),
        )
    };
    problems
        .into_iter()
        .filter(|problem| known.insert(key(problem)))
        .collect()
}

struct Compiler<'a> {
    scenario: &'a Scenario,
    against: Against<'a>,
    row: &'a Row,
    slots: Vec<Slot>,
    /// The step that captured a slot.
    captured_by: BTreeMap<usize, usize>,
    actors: Vec<Actor>,
    steps: Vec<Step>,
    /// Where the steps begin that run in any case.
    finally: usize,
    readers: Vec<Reader>,
    /// Something of it could not be read, or grew out of all measure.
    incomplete: bool,
}

/// The reader of the file that is compiled at the moment.
type ReaderId = usize;

impl<'a> Compiler<'a> {
    fn new(scenario: &'a Scenario, against: Against<'a>, row: &'a Row) -> Self {
        Self {
            scenario,
            against,
            row,
            slots: Vec::new(),
            captured_by: BTreeMap::new(),
            actors: Vec::new(),
            steps: Vec::new(),
            finally: 0,
            readers: Vec::new(),
            incomplete: false,
        }
    }

    fn run(&mut self) {
        let scenario = self.scenario;
        let reader = self.reader(&scenario.source);
        let mut scope = Scope::new(reader);
        for (dimension, (_, value)) in scenario.matrix.iter().zip(self.row) {
            scope.bind_param(&dimension.name, value.clone());
        }
        self.actors(&mut scope);
        self.steps(&scenario.steps, &mut scope, "", 0);
        self.finally = self.steps.len();
        self.steps(&scenario.finally, &mut scope, "", 0);
        scope.report_unused(&self.readers[reader]);
    }

    fn finish(self) -> (Program, Vec<Diagnostic>) {
        let scenario = self.scenario;
        let program = Program {
            id: case_id(&scenario.id.value, self.row),
            title: scenario.title.clone(),
            tags: scenario.tags.clone(),
            needs: scenario
                .needs
                .iter()
                .map(|need| need.value.clone())
                .collect(),
            source: Arc::clone(&scenario.source),
            span: scenario.id.span,
            dialect: Arc::clone(self.against.dialect),
            profile: Arc::clone(self.against.profile),
            slots: self.slots,
            actors: self.actors,
            steps: self.steps,
            finally: self.finally,
            repeat: scenario.repeat.unwrap_or(1),
            fresh: None,
            alone: scenario.alone,
        };
        (
            program,
            self.readers
                .into_iter()
                .flat_map(Reader::into_problems)
                .collect(),
        )
    }

    fn reader(&mut self, source: &Arc<Source>) -> ReaderId {
        self.readers.push(Reader::new(source));
        self.readers.len() - 1
    }

    fn slot(&mut self, label: &str, secret: bool) -> usize {
        self.slots.push(Slot {
            label: label.to_owned(),
            secret,
        });
        self.slots.len() - 1
    }

    fn actors(&mut self, scope: &mut Scope) {
        let scenario = self.scenario;
        for actor in &scenario.actors {
            let kind = match &actor.kind {
                ast::ActorKind::FreshUser => {
                    let name = &actor.name.value;
                    ActorKind::User {
                        username: self.slot(&format!("{name}.username"), false),
                        password: self.slot(&format!("{name}.password"), true),
                        email: self.slot(&format!("{name}.email"), false),
                        phone: self.slot(&format!("{name}.phone"), false),
                    }
                }
                ast::ActorKind::Push { owner } => match self.owner(owner, scope) {
                    Some(owner) => ActorKind::Push { owner },
                    None => continue,
                },
                ast::ActorKind::Messages { channel, owner } => match self.owner(owner, scope) {
                    Some(owner) => ActorKind::Messages {
                        channel: *channel,
                        owner,
                    },
                    None => continue,
                },
                ast::ActorKind::Approver { owner: None } => ActorKind::Approver { owner: None },
                ast::ActorKind::Approver { owner: Some(owner) } => match self.owner(owner, scope) {
                    Some(owner) => ActorKind::Approver { owner: Some(owner) },
                    None => continue,
                },
            };
            scope.bind_actor(&actor.name.value, self.actors.len());
            self.actors.push(Actor {
                name: actor.name.value.clone(),
                kind,
            });
        }
    }

    /// The position of the user to whom a device belongs.
    fn owner(&self, owner: &Spanned<String>, scope: &Scope) -> Option<usize> {
        let is_owner = |actor: &Actor| {
            actor.name == owner.value && matches!(actor.kind, ActorKind::User { .. })
        };
        let found = self.actors.iter().position(is_owner);
        if found.is_none() {
            let users = self.actors.iter().map(|actor| actor.name.as_str());
            let reader = &self.readers[scope.reader];
            reader.unknown("E0152", owner.span, "owner", &owner.value, users);
        }
        found
    }
}
