//! What the tests share: the real dialect from the repository, small dialects made of text, and messages as text.

use std::path::{Path, PathBuf};

use pushproof_scenario::{Diagnostic, Library, SourceFile};

/// The folder of the dialect that the repository carries.
fn auth0() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/auth0")
}

/// One file of the real dialect.
fn real(relative: &str) -> SourceFile {
    let text = std::fs::read_to_string(auth0().join(relative)).expect(relative);
    SourceFile {
        relative: relative.to_owned(),
        shown: relative.to_owned(),
        text,
    }
}

/// Every file of the real dialect, in the order of their paths.
pub(crate) fn auth0_files() -> Vec<SourceFile> {
    fn walk(folder: &Path, prefix: &str, into: &mut Vec<String>) {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .expect("a folder of the dialect")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("a name")
            })
            .collect();
        names.sort();
        for name in names {
            let path = folder.join(&name);
            if path.is_dir() {
                walk(&path, &format!("{prefix}{name}/"), into);
            } else if name.ends_with(".yaml") {
                into.push(format!("{prefix}{name}"));
            }
        }
    }
    let mut names = Vec::new();
    walk(&auth0(), "", &mut names);
    names.iter().map(|name| real(name)).collect()
}

/// The real dialect and its fragments, with files of a test's own. `--- path` starts a file; without one it is `s.yaml`.
pub(crate) fn with_auth0(text: &str) -> Vec<SourceFile> {
    let mut files: Vec<SourceFile> = auth0_files()
        .into_iter()
        .filter(|file| {
            matches!(file.relative.as_str(), "dialect.yaml" | "requirements.yaml")
                || file.relative.starts_with("fragments/")
        })
        .collect();
    for file in split(text) {
        files.retain(|known| known.relative != file.relative);
        files.push(file);
    }
    files
}

/// `--- path` lines start files.
pub(crate) fn split(text: &str) -> Vec<SourceFile> {
    let mut files: Vec<SourceFile> = Vec::new();
    if !text.starts_with("--- ") {
        files.push(file("s.yaml", ""));
    }
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("--- ") {
            Some(path) => files.push(file(path.trim(), "")),
            None => files
                .last_mut()
                .expect("a file was started")
                .text
                .push_str(line),
        }
    }
    files
}

pub(crate) fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        relative: path.to_owned(),
        shown: path.to_owned(),
        text: text.to_owned(),
    }
}

/// Everything that is wrong in a folder: found by reading it, and by compiling it for each profile.
pub(crate) fn problems(files: &[SourceFile]) -> Vec<Diagnostic> {
    let (library, mut problems) = Library::read(files);
    if let Some(library) = library {
        let profiles: Vec<String> = library.profiles().map(str::to_owned).collect();
        for profile in profiles {
            let (_, found) = library.compile(&profile).expect("a profile of the library");
            for problem in found {
                let known = |one: &Diagnostic| one.render(false) == problem.render(false);
                if !problems.iter().any(known) {
                    problems.push(problem);
                }
            }
        }
    }
    problems
}

/// The messages as people see them. That a test uses none of the real fragments is no news.
pub(crate) fn rendered(problems: &[Diagnostic]) -> String {
    let is_news = |problem: &&Diagnostic| {
        problem.code != "W0212" || !auth0().join(problem.source.path()).exists()
    };
    let news = problems.iter().filter(is_news);
    let texts: Vec<String> = news.map(|problem| problem.render(false)).collect();
    if texts.is_empty() {
        "nothing is wrong".to_owned()
    } else {
        texts.join("\n\n")
    }
}
