//! What formatters and clippy do not see: [`check`] looks at headers, sizes, left-over words, the changelog.

use anyhow::Result;

use crate::checked::Checked;
use crate::root::Root;
use crate::rust_source::{Kind, Token, functions, tokens, without_tests};

const FILE_LINES_MAX: usize = 900;
const FUNCTION_LINES_MAX: usize = 70;

/// Files that may be longer, each with the reason. An entry that is no longer needed is a problem.
const LONG_FILES: &[(&str, &str)] = &[
    (
        "crates/pushproof-scenario/tests/it/diagnostics.rs",
        "a catalogue: one transcript for each message of the checker",
    ),
    (
        "crates/pushproof-scenario/tests/it/polling.rs",
        "a catalogue: one transcript for each behaviour of the poll step",
    ),
    (
        "crates/pushproof-tenant/tests/it/faults.rs",
        "one exhaustive match: a probe for each fault",
    ),
];

/// Macros that mark unfinished work.
const UNFINISHED_MACROS: &[&str] = &["todo", "unimplemented", "dbg"];

/// Words that do so in comments.
const UNFINISHED_WORDS: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];

/// Looks at all Rust files, the changelog, and for snapshots that wait for a decision.
///
/// # Errors
///
/// If a file cannot be read.
pub(crate) fn check(root: &Root) -> Result<Checked> {
    let mut checked = Checked::default();
    let mut long = Vec::new();
    let mut n_files = 0;
    for folder in ["crates", "scenarios", "xtask"] {
        for path in root.files(folder, &[".rs"])? {
            let text = root.read(&path)?;
            check_file(&path, &text, &mut checked);
            if text.lines().count() > FILE_LINES_MAX {
                long.push(path);
            }
            n_files += 1;
        }
        // Whether it still differs is for the tests to say.
        for path in root.files(folder, &[".snap.new", ".pending-snap", ".shape.new"])? {
            checked.notices.push(format!(
                "{path}: a change was proposed and neither accepted nor rejected"
            ));
        }
    }
    checked.problems.extend(check_lengths(&long, LONG_FILES));
    checked
        .problems
        .extend(check_changelog(&root.read("CHANGELOG.md")?));
    checked.note = format!("{n_files} files");
    Ok(checked)
}

fn check_file(path: &str, text: &str, checked: &mut Checked) {
    if !text.starts_with("//!") {
        checked.problems.push(format!(
            "{path}:1: does not open with `//!`: what is this file for?"
        ));
    }
    let tokens = tokens(text);
    checked.problems.extend(unfinished(path, &tokens));
    checked
        .problems
        .extend(ignored_without_reason(path, &tokens));
    if path.contains("/tests/") || path.ends_with("/tests.rs") {
        return; // transcripts are long and read well
    }
    for function in functions(&without_tests(&tokens).tokens) {
        if function.n_lines > FUNCTION_LINES_MAX {
            checked.notices.push(format!(
                "{path}:{}: `{}` has {} lines; is there a pure part that deserves a name?",
                function.line, function.name, function.n_lines
            ));
        }
    }
}

fn unfinished(path: &str, tokens: &[Token<'_>]) -> Vec<String> {
    let mut problems = Vec::new();
    let next = tokens.iter().skip(1).map(Some).chain([None]);
    for (token, next) in tokens.iter().zip(next) {
        let is_macro = next.is_some_and(|next| next.kind == Kind::Mark && next.text == "!");
        let found = match token.kind {
            Kind::Word if is_macro => UNFINISHED_MACROS.iter().find(|name| **name == token.text),
            Kind::Comment => UNFINISHED_WORDS
                .iter()
                .find(|word| has_word(token.text, word)),
            _ => None,
        };
        problems.extend(
            found.map(|found| format!("{path}:{}: `{found}` is left in the code", token.line)),
        );
    }
    problems
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c == '_' || c.is_alphanumeric()))
        .any(|part| part == word)
}

/// A test that is switched off says why.
fn ignored_without_reason(path: &str, tokens: &[Token<'_>]) -> Vec<String> {
    let is_bare = |four: &&[Token<'_>]| {
        four[0].text == "#"
            && four[1].text == "["
            && four[2].text == "ignore"
            && four[3].text == "]"
    };
    let bare = tokens.windows(4).filter(is_bare);
    bare.map(|four| {
        format!(
            "{path}:{}: `#[ignore]` without a reason: `#[ignore = \"…\"]`",
            four[0].line
        )
    })
    .collect()
}

fn check_lengths(long: &[String], listed: &[(&str, &str)]) -> Vec<String> {
    let is_listed = |path: &str| listed.iter().any(|(listed, _)| *listed == path);
    let unlisted = long.iter().filter(|path| !is_listed(path));
    let unlisted = unlisted.map(|path| {
        format!("{path}: more than {FILE_LINES_MAX} lines: does it hold one idea? If so, list it with the reason in xtask/src/tidy.rs")
    });
    let stale = listed
        .iter()
        .filter(|(listed, _)| !long.iter().any(|path| path == listed));
    let stale = stale
        .map(|(path, _)| format!("{path}: listed as long in xtask/src/tidy.rs, but it is not"));
    unlisted.chain(stale).collect()
}

/// The changelog has a list of what is not released yet, even if it is empty after a release.
fn check_changelog(text: &str) -> Option<String> {
    let has_list = text
        .lines()
        .any(|line| line.trim_end() == "## [Unreleased]");
    (!has_list).then(|| "CHANGELOG.md: no section `## [Unreleased]`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Checked {
        let mut checked = Checked::default();
        check_file("a.rs", text, &mut checked);
        checked
    }

    #[test]
    fn a_file_says_what_it_is_for() {
        assert!(checked("//! A.\nfn a() {}").holds());
        assert_eq!(
            checked("use x;\n//! A.").problems,
            ["a.rs:1: does not open with `//!`: what is this file for?"]
        );
    }

    #[test]
    fn unfinished_work_is_found() {
        let text = "//! A.\nfn a() {\n    dbg!(1);\n    todo!()\n}\n// FIXME: b";
        assert_eq!(
            checked(text).problems,
            [
                "a.rs:3: `dbg` is left in the code",
                "a.rs:4: `todo` is left in the code",
                "a.rs:6: `FIXME` is left in the code"
            ]
        );
    }

    #[test]
    fn texts_and_longer_words_are_not_work() {
        assert!(
            checked("//! A.\nlet a = \"todo!() FIXME\"; let todo = 1; // XXXL, todos!").holds()
        );
    }

    #[test]
    fn switched_off_tests_say_why() {
        assert_eq!(
            checked("//! A.\n#[test]\n#[ignore]\nfn a() {}")
                .problems
                .len(),
            1
        );
        assert!(checked("//! A.\n#[test]\n#[ignore = \"needs a tenant\"]\nfn a() {}").holds());
    }

    #[test]
    fn long_functions_are_a_notice() {
        let function = |n_lines: usize| format!("//! A.\nfn a() {{{}}}", "\n".repeat(n_lines - 1));
        assert_eq!(checked(&function(70)), Checked::default());
        let of_tests = function(71).replace("fn a", "#[test] fn a");
        assert_eq!(checked(&of_tests), Checked::default());
        let checked = checked(&function(71));
        assert!(checked.holds());
        assert_eq!(
            checked.notices,
            ["a.rs:2: `a` has 71 lines; is there a pure part that deserves a name?"]
        );
    }

    #[test]
    fn long_files_are_listed_and_the_list_shrinks() {
        let long = ["b.rs".to_owned()];
        assert_eq!(
            check_lengths(&long, &[("b.rs", "a table")]),
            Vec::<String>::new()
        );
        assert_eq!(check_lengths(&long, &[]).len(), 1);
        assert_eq!(check_lengths(&[], &[("b.rs", "a table")]).len(), 1);
    }

    #[test]
    fn the_changelog_has_a_list_for_what_comes() {
        assert_eq!(check_changelog("# Changelog\n\n## [Unreleased]\n"), None);
        assert!(check_changelog("# Changelog\n\n## [0.1.0]\n").is_some());
    }
}
