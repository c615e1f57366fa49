//! Files that belong to a dialect: a whole folder, its rules alone, or scenarios and fragments by themselves.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use pushproof_scenario::{
    Diagnostic, Library, Source, SourceFile, Stages, is_rules, is_scenario, yaml,
};

use super::Gathering;
use crate::command::Problem;
use crate::command::check::found::{Again, Checked};
use crate::command::check::kind::Kind;
use crate::dialects;

/// A scenario or a fragment that was named by itself.
pub(super) struct Loose {
    path: Option<PathBuf>,
    file: SourceFile,
    kind: Kind,
}

impl Loose {
    pub(super) fn new(shown: &str, path: Option<&Path>, text: String, kind: Kind) -> Self {
        let name = |path: Option<&Path>| {
            path.and_then(Path::file_name)
                .map(|name| name.to_string_lossy().into_owned())
        };
        let file = name(path).unwrap_or_else(|| shown.to_owned());
        let folder = name(path.and_then(Path::parent));
        // Fragments are known by the last two parts of their path.
        let relative = match folder.as_deref() {
            Some("fragments") => format!("fragments/{file}"),
            _ => file,
        };
        Self {
            path: path.map(Path::to_owned),
            file: SourceFile {
                relative,
                shown: shown.to_owned(),
                text,
            },
            kind,
        }
    }
}

impl Gathering<'_> {
    /// A whole dialect.
    pub(super) fn dialect(&mut self, files: Vec<SourceFile>, on_disk: bool) {
        self.whole += 1;
        let files = Rc::new(files);
        let (library, problems) = Library::read(&files);
        let library = library.map(Rc::new);
        if let Some(library) = &library {
            self.found.counts.scenarios += library.scenarios_len();
            if self.covered {
                self.found.others.extend(uncovered(library));
            }
        }
        let mut blamed: BTreeSet<String> = paths(&problems);
        // Fragments last: what is wrong in them is found by those that use them.
        let mut positions: Vec<usize> = (0..files.len()).collect();
        positions.sort_by_key(|at| is_fragment(&files[*at]));
        for at in positions {
            let file = &files[at];
            let again: Again<'_> = match &library {
                _ if is_rules(&file.relative) => whole(&files, at),
                Some(library) if is_scenario(&file.relative) => alone(library, file),
                None if is_scenario(&file.relative) => Box::new(syntax(file.shown.clone())),
                _ => continue,
            };
            let path = on_disk.then(|| PathBuf::from(&file.shown));
            let is_blamed = blamed.contains(&file.shown);
            let checked = match &library {
                // What reading it found is known, and most of it is nothing.
                Some(library) if !is_blamed => {
                    let (compiling, cases) = library.check_known(&file.shown);
                    self.found.counts.cases += cases;
                    let stages = Stages {
                        compiling,
                        ..Stages::default()
                    };
                    Checked::known(&file.shown, path, &file.text, stages, again)
                }
                _ => Checked::new(&file.shown, path, &file.text, again),
            };
            blamed.extend(paths(&checked.stages.compiling));
            self.found.checked.push(checked);
        }
        self.found.others.extend(problems);
    }

    /// A `dialect.yaml` or a `requirements.yaml` by itself.
    pub(super) fn rules(&mut self, shown: &str, path: &Path, text: &str, kind: Kind) {
        let name = match kind {
            Kind::Requirements => "requirements.yaml",
            _ => "dialect.yaml",
        };
        let parent = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let (mut files, _) = dialects::below(parent.unwrap_or_else(|| Path::new(".")));
        files.retain(|file| file.relative != name);
        files.insert(
            0,
            SourceFile {
                relative: name.to_owned(),
                shown: shown.to_owned(),
                text: text.to_owned(),
            },
        );
        let mut checked = Checked::new(
            shown,
            Some(path.to_owned()),
            text,
            whole(&Rc::new(files), 0),
        );
        // The others were not asked about.
        checked.stages.compiling.clear();
        self.found.checked.push(checked);
        match kind {
            Kind::Requirements => self.found.counts.requirements += 1,
            _ => self.found.counts.dialects += 1,
        }
    }

    /// Scenarios and fragments by themselves, each with its dialect.
    pub(super) fn loose_files(&mut self) -> Result<(), Problem> {
        for (root, given) in std::mem::take(&mut self.loose) {
            let (files, problems) = match &root {
                Some(root) => dialects::below(root),
                None => dialects::files(self.args, &self.args.dialect)?,
            };
            self.found.others.extend(problems);
            self.loose_of(root.is_some(), files, given);
        }
        Ok(())
    }

    fn loose_of(&mut self, inside: bool, mut files: Vec<SourceFile>, given: Vec<Loose>) {
        let real = |path: &Path| fs::canonicalize(path).ok();
        let places: Vec<Option<PathBuf>> = files
            .iter()
            .map(|file| real(Path::new(&file.shown)))
            .collect();
        let mut added = Vec::new();
        for loose in &given {
            let place = loose.path.as_deref().and_then(real);
            let known = places
                .iter()
                .position(|known| inside && known.is_some() && *known == place);
            match known {
                Some(at) => files[at].shown.clone_from(&loose.file.shown),
                None => added.push(loose.file.clone()),
            }
        }
        // A fragment of one's own stands for the dialect's of that name.
        files.retain(|file| {
            !added
                .iter()
                .any(|added| added.relative == file.relative && is_fragment(file))
        });
        let asks_users = given.iter().any(|loose| loose.kind == Kind::Fragment);
        if !inside && !asks_users {
            // Scenarios elsewhere are nobody's rivals, and need not be read.
            files.retain(|file| is_rules(&file.relative) || is_fragment(file));
        }
        files.extend(added);
        let (library, problems) = Library::read(&files);
        let named: BTreeSet<&str> = given
            .iter()
            .map(|loose| loose.file.shown.as_str())
            .collect();
        let rules: BTreeSet<&str> = files
            .iter()
            .filter(|file| is_rules(&file.relative))
            .map(|file| file.shown.as_str())
            .collect();
        let matters = |problem: &Diagnostic| {
            let path = problem.source.path();
            named.contains(path) || problem.is_error() && rules.contains(path)
        };
        self.found
            .others
            .extend(problems.into_iter().filter(matters));
        let library = library.map(Rc::new);
        for loose in &given {
            match loose.kind {
                Kind::Fragment => self.found.counts.fragments += 1,
                _ => self.found.counts.scenarios += 1,
            }
            let relative = files.iter().find(|file| file.shown == loose.file.shown);
            let file = relative.unwrap_or(&loose.file);
            let again = match &library {
                Some(library) => alone(library, file),
                None => Box::new(syntax(file.shown.clone())) as Again<'_>,
            };
            let checked = Checked::new(&file.shown, loose.path.clone(), &loose.file.text, again);
            self.found.checked.push(checked);
        }
    }
}

/// What no scenario covers, and scenarios that cover nothing.
fn uncovered(library: &Library) -> Vec<Diagnostic> {
    let profile = library.profiles().next().map(str::to_owned);
    let compiled = profile.and_then(|profile| library.compile(&profile));
    let programs = compiled.map(|(programs, _)| programs);
    library.coverage(&programs.unwrap_or_default())
}

fn is_fragment(file: &SourceFile) -> bool {
    file.relative.starts_with("fragments/")
}

fn paths(problems: &[Diagnostic]) -> BTreeSet<String> {
    let paths = problems
        .iter()
        .map(|problem| problem.source.path().to_owned());
    paths.collect()
}

/// Checks a scenario or fragment with everything else as it is.
fn alone<'a>(library: &Rc<Library>, file: &SourceFile) -> Again<'a> {
    let (library, file) = (Rc::clone(library), file.clone());
    Box::new(move |text| {
        library.check_file(&SourceFile {
            text: text.to_owned(),
            ..file.clone()
        })
    })
}

/// Checks a file on which all others depend.
fn whole<'a>(files: &Rc<Vec<SourceFile>>, at: usize) -> Again<'a> {
    let files = Rc::clone(files);
    Box::new(move |text| {
        let shown = &files[at].shown;
        let reading = syntax(shown.clone())(text);
        if !reading.reading.is_empty() {
            return reading;
        }
        let mut files = Vec::clone(&files);
        text.clone_into(&mut files[at].text);
        let (library, mut problems) = Library::read(&files);
        if let Some(library) = library {
            let profiles: Vec<String> = library.profiles().map(str::to_owned).collect();
            let compiled = profiles
                .iter()
                .filter_map(|profile| library.compile(profile));
            problems.extend(compiled.flat_map(|(_, found)| found));
        }
        let (parsing, compiling) = problems
            .into_iter()
            .partition(|problem| problem.source.path() == shown);
        Stages {
            parsing,
            compiling,
            ..Stages::default()
        }
    })
}

/// Looks only at whether it can be read: what the rest depends on could not.
fn syntax(shown: String) -> impl Fn(&str) -> Stages {
    move |text| {
        let problem = yaml::parse(&Source::new(shown.as_str(), text)).err();
        Stages {
            reading: problem.into_iter().map(|problem| *problem).collect(),
            ..Stages::default()
        }
    }
}
