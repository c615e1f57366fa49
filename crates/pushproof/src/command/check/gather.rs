//! From the paths that were named to [`Found`]: which files there are, what each is, and what it is checked with.
//!
//! A scenario or a fragment is checked with the dialect in whose folder it stands, and elsewhere with the one of the command line.

mod dialect;
mod single;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pushproof_report::exit;
use pushproof_scenario::fields::Reader;
use pushproof_scenario::{Diagnostic, Source, Span, yaml};

use self::dialect::Loose;
use super::found::Found;
use super::kind::{Kind, recognise};
use crate::args::{Args, Check};
use crate::command::Problem;
use crate::{dialects, files};

/// How people name standard input.
pub(super) const STANDARD_INPUT: &str = "-";
/// How messages name it.
const STANDARD_INPUT_SHOWN: &str = "stdin";
/// How far up a dialect's folder may be.
const UP_MAX: usize = 12;

/// Checks everything that was named, and tries the fixes.
pub(super) fn gather<'a>(args: &'a Args, command: &'a Check) -> Result<Found<'a>, Problem> {
    let mut gathering = Gathering {
        args,
        found: Found::default(),
        seen: BTreeSet::new(),
        loose: BTreeMap::new(),
        covered: command.coverage,
        whole: 0,
    };
    if command.paths.is_empty() {
        let files = dialects::files(args, &args.dialect);
        let (files, problems) = files?;
        gathering.found.others.extend(problems);
        gathering.dialect(files, args.dialects.is_some());
    }
    for path in &command.paths {
        gathering.named(path);
    }
    gathering.loose_files()?;
    if command.coverage && gathering.whole == 0 {
        let hint = "leave out the paths, or name its folder";
        return Err(Problem::usage("`--coverage` is about a whole dialect").hint(hint));
    }
    let mut found = gathering.found;
    if found.checked.is_empty() && found.others.is_empty() && gathering.whole == 0 {
        let hint = "files of YAML end in `.yaml`; hidden ones are passed over";
        let problem = Problem::usage("there is no file to check").hint(hint);
        return Err(problem.code(exit::NOTHING_SELECTED));
    }
    found.verify();
    Ok(found)
}

struct Gathering<'a> {
    args: &'a Args,
    found: Found<'a>,
    /// What has been taken, links followed.
    seen: BTreeSet<PathBuf>,
    /// Scenarios and fragments by the dialect's folder; `None` is the one of the command line.
    loose: BTreeMap<Option<PathBuf>, Vec<Loose>>,
    /// Whether what is not covered is told as well.
    covered: bool,
    /// How many dialects were looked at as a whole.
    whole: usize,
}

impl Gathering<'_> {
    /// A path of the command line.
    fn named(&mut self, path: &Path) {
        if path == Path::new(STANDARD_INPUT) {
            match files::standard_input(STANDARD_INPUT_SHOWN) {
                Ok(text) => self.text(STANDARD_INPUT_SHOWN, None, text, true),
                Err(problem) => self.found.others.push(*problem),
            }
        } else if path.is_dir() {
            self.folder(path);
        } else {
            self.file(path, true);
        }
    }

    /// A dialect, or whatever stands below.
    fn folder(&mut self, folder: &Path) {
        let walked = files::Walked::below(folder);
        self.found.others.extend(walked.problems);
        let is_dialect = |path: &&PathBuf| path.ends_with("dialect.yaml");
        let roots: Vec<&Path> = walked
            .files
            .iter()
            .filter(is_dialect)
            .filter_map(|path| path.parent())
            .collect();
        for root in &roots {
            let (files, problems) = dialects::below(root);
            self.found.others.extend(problems);
            for path in walked.files.iter().filter(|path| path.starts_with(root)) {
                self.is_new(path);
            }
            self.dialect(files, true);
        }
        for path in &walked.files {
            if !roots.iter().any(|root| path.starts_with(root)) {
                self.file(path, false);
            }
        }
    }

    fn file(&mut self, path: &Path, named: bool) {
        if !self.is_new(path) {
            return;
        }
        match files::text(path) {
            Ok(text) => self.text(&path.to_string_lossy(), Some(path), text, named),
            Err(problem) => self.found.others.push(*problem),
        }
    }

    fn is_new(&mut self, path: &Path) -> bool {
        fs::canonicalize(path).map_or(true, |real| self.seen.insert(real))
    }

    fn text(&mut self, shown: &str, path: Option<&Path>, text: String, named: bool) {
        let source = Source::new(shown, text.as_str());
        let Some(kind) = recognise(&source) else {
            self.found.others.push(stranger(&source, named));
            return;
        };
        match (kind, path) {
            (Kind::Scenario | Kind::Fragment, _) => {
                let root = path.and_then(above);
                let loose = Loose::new(shown, path, text, kind);
                self.loose.entry(root).or_default().push(loose);
            }
            (Kind::Dialect | Kind::Requirements, Some(path)) => {
                self.rules(shown, path, &text, kind)
            }
            (Kind::Dialect | Kind::Requirements, None) => {
                let help = "name its file: other files of the folder belong to it";
                let message = "a dialect cannot be checked from standard input";
                self.found
                    .others
                    .push(files::problem(shown, "E0007", message, help));
            }
            (Kind::Target, _) => self.target(shown, path, &text),
            (Kind::Known, _) => self.known(shown, path, &text),
        }
    }
}

/// The folder of the dialect that a file belongs to, links followed.
fn above(path: &Path) -> Option<PathBuf> {
    let real = fs::canonicalize(path).ok()?;
    let folders = real.ancestors().skip(1).take(UP_MAX);
    folders
        .into_iter()
        .find(|folder| folder.join("dialect.yaml").is_file())
        .map(Path::to_owned)
}

/// What to say of a file that is none of ours: an error if it was named, otherwise only that it was passed over.
fn stranger(source: &std::sync::Arc<Source>, named: bool) -> Diagnostic {
    if let (Err(problem), true) = (yaml::parse(source), named) {
        return *problem;
    }
    let message = "neither a scenario, a fragment, a dialect, its requirements, a target nor a list of known deviations";
    let reader = Reader::new(source);
    let span = Span::new(0, 1);
    if named {
        let help = "a scenario has `id` and `steps`, a fragment `fragment`, a dialect `operations`, a target `base_url`, a list `known`";
        reader.error_with_help("E0007", span, message, help);
    } else {
        let help = "a folder that is checked best holds nothing else; or name its files one by one";
        reader.warn("W0213", span, format!("passed over: {message}"), help);
    }
    let mut problems = reader.into_problems();
    problems.pop().expect("it was just reported")
}
