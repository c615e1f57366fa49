//! One file of a dialect by itself: what is wrong in it, stage by stage. It need not be in the library.

use std::collections::BTreeSet;

use super::{Library, SourceFile};
use crate::ast::{Fragment, Scenario, Step, StepKind};
use crate::compile::{Against, compile, distinct};
use crate::diagnostic::Diagnostic;
use crate::fields::Reader;
use crate::fixing::Stages;
use crate::parse::{File, parse_tree};
use crate::source::Source;
use crate::yaml;

impl Library {
    /// Everything that is wrong in a scenario or a fragment, compiled for each profile. The problems of a fragment are those that the
    /// library's scenarios have with it.
    #[must_use]
    pub fn check_file(&self, file: &SourceFile) -> Stages {
        let source = Source::new(file.shown.clone(), file.text.clone());
        let tree = match yaml::parse(&source) {
            Ok(tree) => tree,
            Err(problem) => {
                return Stages {
                    reading: vec![*problem],
                    ..Stages::default()
                };
            }
        };
        let (parsed, parsing) = parse_tree(&source, &tree, &self.dialect.requirements);
        let mut stages = Stages {
            parsing,
            ..Stages::default()
        };
        match parsed {
            Some(File::Scenario(scenario)) => {
                stages.compiling = self.compiled([&scenario], None).0;
            }
            Some(File::Fragment(fragment)) => {
                let reader = Reader::new(&source);
                in_its_place(&reader, &fragment, &file.relative);
                stages.parsing.extend(reader.into_problems());
                let (mut found, _) = self.compiled(self.users_of(&fragment), Some(&fragment));
                found.retain(|problem| problem.source.path() == file.shown);
                stages.compiling = found;
            }
            None => {}
        }
        stages
    }

    /// What compiling finds in a scenario of the library, and its cases. Nothing of one that is not there.
    #[must_use]
    pub fn check_known(&self, shown: &str) -> (Vec<Diagnostic>, usize) {
        let scenarios = &self.scenarios;
        let at = scenarios.partition_point(|scenario| scenario.source.path() < shown);
        let known = scenarios
            .get(at)
            .filter(|scenario| scenario.source.path() == shown);
        self.compiled(known, None)
    }

    /// What compiling finds, for every profile, and the cases of one; with a fragment in the place of the library's.
    fn compiled<'a>(
        &self,
        scenarios: impl IntoIterator<Item = &'a Scenario>,
        fragment: Option<&Fragment>,
    ) -> (Vec<Diagnostic>, usize) {
        let replaced = fragment.map(|fragment| {
            let mut fragments = self.fragments.clone();
            fragments.insert(key_of(fragment), fragment.clone());
            fragments
        });
        let fragments = replaced.as_ref().unwrap_or(&self.fragments);
        let (mut found, mut cases) = (Vec::new(), 0);
        for scenario in scenarios {
            let mut programs = 0;
            for profile in self.profiles.values() {
                let against = Against {
                    dialect: &self.dialect,
                    profile,
                    fragments,
                };
                let (compiled, problems) = compile(scenario, against);
                found.extend(problems);
                programs = compiled.len();
            }
            cases += programs;
        }
        (distinct(found), cases)
    }

    /// The scenarios that use a fragment, themselves or through others.
    fn users_of(&self, fragment: &Fragment) -> Vec<&Scenario> {
        let mut names = BTreeSet::from([key_of(fragment)]);
        loop {
            let more = self.fragments.iter().filter(|(name, fragment)| {
                !names.contains(*name) && uses(fragment.steps.iter(), &names)
            });
            let more: Vec<String> = more.map(|(name, _)| name.clone()).collect();
            if more.is_empty() {
                break;
            }
            names.extend(more);
        }
        let users = self.scenarios.iter();
        users
            .filter(|scenario| uses(scenario.steps.iter().chain(&scenario.finally), &names))
            .collect()
    }
}

fn uses<'a>(mut steps: impl Iterator<Item = &'a Step>, names: &BTreeSet<String>) -> bool {
    steps.any(
        |step| matches!(&step.kind, StepKind::Use(used) if names.contains(&used.fragment.value)),
    )
}

/// The name under which a fragment is used.
fn key_of(fragment: &Fragment) -> String {
    format!("fragments/{}", fragment.name.value)
}

/// A fragment stands in the file of its name.
pub(super) fn in_its_place(reader: &Reader, fragment: &Fragment, relative: &str) {
    let name = key_of(fragment);
    if relative != format!("{name}.yaml") {
        let message = format!(
            "fragment `{}` must stand in `{name}.yaml`",
            fragment.name.value
        );
        reader.error("E0210", fragment.name.span, message);
    }
}
