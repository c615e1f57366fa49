//! A dialect's folder, read whole: its rules, its requirements, its scenarios and fragments. Start at [`Library::read`].
//!
//! No file is opened here; texts come in with their names.

mod one;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ast::{Fragment, Scenario, Step, StepKind};
use crate::compile::{Against, compile, distinct};
use crate::diagnostic::Diagnostic;
use crate::dialect::{Dialect, FitError, Profile, Requirements};
use crate::fields::Reader;
use crate::parse::{File, parse};
use crate::program::Program;
use crate::source::{Source, Span};

/// One file of a dialect's folder.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path below the folder, with `/`: `push/enrol.yaml`.
    pub relative: String,
    /// The name people know it by.
    pub shown: String,
    /// Its text.
    pub text: String,
}

/// A dialect with everything that is written for it.
#[derive(Debug)]
pub struct Library {
    /// Its rules.
    pub dialect: Arc<Dialect>,
    profiles: BTreeMap<String, Arc<Profile>>,
    scenarios: Vec<Scenario>,
    fragments: BTreeMap<String, Fragment>,
    texts: Vec<String>,
}

impl Library {
    /// Reads a folder's files, and everything that is wrong in them. With errors there may be no library.
    #[must_use]
    pub fn read(files: &[SourceFile]) -> (Option<Self>, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        let source = |name: &str| {
            let file = files.iter().find(|file| file.relative == name);
            file.map(|file| Source::new(file.shown.clone(), file.text.clone()))
        };
        let requirements = match source("requirements.yaml") {
            Some(source) => {
                let (requirements, found) = Requirements::read(&source);
                problems.extend(found);
                requirements
            }
            None => Requirements::default(),
        };
        let Some(dialect_source) = source("dialect.yaml") else {
            let reader = Reader::new(&Source::new("dialect.yaml", ""));
            reader.error_with_help(
                "E0200",
                Span::default(),
                "no `dialect.yaml`",
                "a dialect is a folder that has one",
            );
            problems.extend(reader.into_problems());
            return (None, problems);
        };
        let dialect = match Dialect::read(&dialect_source, requirements) {
            Ok(dialect) => Arc::new(dialect),
            Err(found) => {
                problems.extend(found);
                return (None, problems);
            }
        };
        let profiles = dialect
            .profiles
            .iter()
            .map(|(name, profile)| (name.clone(), Arc::new(profile.clone())))
            .collect();
        let mut library = Self {
            dialect,
            profiles,
            scenarios: Vec::new(),
            fragments: BTreeMap::new(),
            texts: files
                .iter()
                .filter(|file| is_rules(&file.relative) || is_scenario(&file.relative))
                .map(|file| file.text.clone())
                .collect(),
        };
        for file in files.iter().filter(|file| is_scenario(&file.relative)) {
            library.add(file, &mut problems);
        }
        library
            .scenarios
            .sort_by(|one, other| one.source.path().cmp(other.source.path()));
        library.check_ids(&mut problems);
        if !problems.iter().any(Diagnostic::is_error) {
            library.check_uses(&mut problems);
        }
        (Some(library), problems)
    }

    fn add(&mut self, file: &SourceFile, problems: &mut Vec<Diagnostic>) {
        let source = Source::new(file.shown.clone(), file.text.clone());
        let (parsed, found) = parse(&source, &self.dialect.requirements);
        problems.extend(found);
        match parsed {
            Some(File::Scenario(scenario)) => self.scenarios.push(scenario),
            Some(File::Fragment(fragment)) => {
                let reader = Reader::new(&source);
                one::in_its_place(&reader, &fragment, &file.relative);
                problems.extend(reader.into_problems());
                self.fragments
                    .insert(format!("fragments/{}", fragment.name.value), fragment);
            }
            None => {}
        }
    }

    /// An id names one scenario.
    fn check_ids(&self, problems: &mut Vec<Diagnostic>) {
        let mut seen: BTreeMap<&str, &Scenario> = BTreeMap::new();
        for scenario in &self.scenarios {
            if let Some(first) = seen.insert(&scenario.id.value, scenario) {
                let reader = Reader::new(&scenario.source);
                let place = first.source.place(first.id.span);
                let message = format!(
                    "id `{}` is taken by {}:{}",
                    scenario.id.value, place.file, place.line
                );
                reader.error("E0211", scenario.id.span, message);
                problems.extend(reader.into_problems());
            }
        }
    }

    /// A fragment is checked where it is used; one that nobody uses is not checked at all.
    fn check_uses(&self, problems: &mut Vec<Diagnostic>) {
        let scenarios = self.scenarios.iter();
        let scenarios =
            scenarios.flat_map(|scenario| scenario.steps.iter().chain(&scenario.finally));
        let fragments = self.fragments.values().flat_map(|fragment| &fragment.steps);
        let used = |step: &Step| match &step.kind {
            StepKind::Use(used) => Some(used.fragment.value.clone()),
            _ => None,
        };
        let mut used: BTreeSet<String> = scenarios.chain(fragments).filter_map(used).collect();
        used.extend(self.dialect.fresh.iter().map(|name| name.value.clone()));
        for (name, fragment) in &self.fragments {
            if !used.contains(name) {
                let reader = Reader::new(&fragment.source);
                let message = format!("fragment `{}` is used nowhere", fragment.name.value);
                let help = "remove it, or use it in a scenario, where its names are checked";
                reader.warn("W0212", fragment.name.span, message, help);
                problems.extend(reader.into_problems());
            }
        }
    }

    /// Makes the dialect fit a target, its paths and its inputs; before anything is compiled.
    ///
    /// # Errors
    /// As [`Dialect::locate`] and [`Dialect::give`].
    pub fn fit(
        &mut self,
        paths: &BTreeMap<String, String>,
        inputs: &BTreeMap<String, String>,
    ) -> Result<(), FitError> {
        let dialect = Arc::get_mut(&mut self.dialect);
        let dialect = dialect.expect("programs are compiled after the target is known");
        dialect.locate(paths)?;
        dialect.give(inputs)
    }

    /// The text of every file that it was read from: what stands there is known to everybody.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }

    /// The names of the dialect's profiles.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// Its fragments, as steps name them: `fragments/NAME`.
    pub fn fragments(&self) -> impl Iterator<Item = (&str, &Fragment)> {
        let fragments = self.fragments.iter();
        fragments.map(|(name, fragment)| (name.as_str(), fragment))
    }

    /// How many scenario files there are.
    #[must_use]
    pub fn scenarios_len(&self) -> usize {
        self.scenarios.len()
    }

    /// Compiles every scenario for a profile, in the order of their paths, with everything that is wrong. `None` for an unknown profile.
    #[must_use]
    pub fn compile(&self, profile: &str) -> Option<(Vec<Arc<Program>>, Vec<Diagnostic>)> {
        let against = Against {
            dialect: &self.dialect,
            profile: self.profiles.get(profile)?,
            fragments: &self.fragments,
        };
        let mut programs = Vec::new();
        let (fresh, mut problems) = self.fresh(against);
        for scenario in &self.scenarios {
            let (compiled, found) = compile(scenario, against);
            programs.extend(compiled.into_iter().map(|program| {
                Arc::new(Program {
                    fresh: fresh.clone(),
                    ..program
                })
            }));
            problems.extend(found);
        }
        Some((programs, distinct(problems)))
    }

    /// The fragment that looks whether a lent user is fresh, as a case of its own.
    fn fresh(&self, against: Against<'_>) -> (Option<Arc<Program>>, Vec<Diagnostic>) {
        let Some(name) = &self.dialect.fresh else {
            return (None, Vec::new());
        };
        if !self.fragments.contains_key(&name.value) {
            let reader = Reader::new(&self.dialect.source);
            let known = self.fragments.keys().map(String::as_str);
            reader.unknown("E0182", name.span, "fragment", &name.value, known);
            return (None, reader.into_problems());
        }
        let text = format!(
            "format: 1\nid: fresh\ntitle: Whether a lent user is fresh\nactors: {{ user: {{ user: fresh }} }}\nsteps:\n  - {{ id: fresh, use: {}, with: {{ user: user }} }}\n",
            name.value
        );
        let (parsed, mut problems) = parse(
            &Source::new(self.dialect.source.path(), text),
            &self.dialect.requirements,
        );
        let Some(File::Scenario(scenario)) = parsed else {
            return (None, problems);
        };
        let (compiled, found) = compile(&scenario, against);
        problems.extend(found);
        (compiled.into_iter().next().map(Arc::new), problems)
    }
}

impl Library {
    /// What is not covered, of a dialect as a whole: requirements without a scenario, at their places in `requirements.yaml`, and scenarios
    /// without a requirement.
    #[must_use]
    pub fn coverage(&self, programs: &[Arc<Program>]) -> Vec<Diagnostic> {
        let mut covered: BTreeSet<&str> = BTreeSet::new();
        let mut judging: BTreeSet<&str> = BTreeSet::new();
        let bindings: Vec<_> = programs
            .iter()
            .map(|program| (program, program.bindings()))
            .collect();
        for (program, bindings) in &bindings {
            for cover in bindings.iter().flat_map(|binding| &binding.covers) {
                covered.insert(&cover.requirement);
                judging.insert(program.source.path());
            }
        }
        let always = self.dialect.always.iter().flat_map(|always| &always.covers);
        covered.extend(always.map(|cover| cover.requirement.as_str()));
        let mut notes = Vec::new();
        if let Some(source) = self.dialect.requirements.source() {
            let reader = Reader::new(source);
            for requirement in self.dialect.requirements.iter() {
                if !covered.contains(requirement.id.as_str()) {
                    let message = format!("no scenario covers `{}`", requirement.id);
                    reader.note("N0220", requirement.span, message);
                }
            }
            notes.extend(reader.into_problems());
        }
        for scenario in &self.scenarios {
            if !judging.contains(scenario.source.path()) {
                let reader = Reader::new(&scenario.source);
                let message = format!("scenario `{}` covers no requirement", scenario.id.value);
                reader.note("N0221", scenario.id.span, message);
                notes.extend(reader.into_problems());
            }
        }
        notes
    }
}

/// Whether a file of a dialect's folder is a scenario or a fragment.
#[must_use]
pub fn is_scenario(relative: &str) -> bool {
    let other = ["shapes/", "load/", "new/"]
        .iter()
        .any(|folder| relative.starts_with(folder));
    relative.ends_with(".yaml") && !other && !is_rules(relative)
}

/// Whether a file of a dialect's folder is one on which all others depend.
#[must_use]
pub fn is_rules(relative: &str) -> bool {
    matches!(relative, "dialect.yaml" | "requirements.yaml")
}
