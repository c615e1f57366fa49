//! Files as a stumbling hand, a bad merge or a broken disk leaves them: nothing may panic, and every message must have its place.
//!
//! No coverage guides this, only a seed: shipped files and those under `tests/corpus/` are changed at random, a bounded number of times, so
//! that it runs on the stable toolchain with all other tests. Whatever it finds is fixed and its text added to the corpus.

use std::panic::catch_unwind;
use std::path::Path;
use std::sync::Arc;

use fastrand::Rng;
use pushproof_scenario::{
    Dialect, Library, Requirements, Source, SourceFile, Stages, explanation, is_rules, settle,
    verify, yaml,
};

use crate::support::auth0_files;

/// Texts that are tried with every run of the tests.
const TRIES: usize = 3_000;
/// And by hand, `cargo nextest run -p pushproof-scenario --run-ignored only fuzz`.
const TRIES_LONG: usize = 200_000;
/// Of how many texts one is put right to the end, which checks it many times.
const SETTLED: usize = 20;

/// What breaks YAML, the language, or a reader of either.
const SHARDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    "- ",
    "? ",
    ",",
    "#",
    " #",
    "|",
    ">",
    "|-\n",
    "&a ",
    "*a",
    "!!x ",
    "!",
    "%",
    "@",
    "`",
    "\"",
    "'",
    "''",
    "\\",
    "$",
    "$$",
    "${",
    "${x}",
    "$param.",
    "~",
    "null",
    "true",
    "on",
    "no",
    "0",
    "-1",
    "007",
    "1e999",
    "0x10",
    "12:30:45",
    "2027-01-31",
    ".inf",
    "\t",
    "\r",
    "\r\n",
    "\n",
    "\n\n",
    "\n  ",
    "---\n",
    "...\n",
    "<<: ",
    "\u{feff}",
    "\u{0}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "é",
    "🦀",
    "\u{202e}",
    "{55}",
    "{1,",
    "+",
    "*",
    "?",
    "999999999999999999999",
    "format: 1\n",
    "omit: ",
    "covers: ",
];

struct Fuzz {
    library: Library,
    /// What is changed.
    texts: Vec<SourceFile>,
    rng: Rng,
}

impl Fuzz {
    fn new(seed: u64) -> Self {
        let files = auth0_files();
        let (library, _) = Library::read(&files);
        let mut texts = files;
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
        let mut paths: Vec<_> = std::fs::read_dir(corpus)
            .expect("the corpus")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        paths.sort();
        texts.extend(paths.iter().map(|path| SourceFile {
            relative: "s.yaml".to_owned(),
            shown: "s.yaml".to_owned(),
            text: std::fs::read_to_string(path).expect("a text"),
        }));
        Self {
            library: library.expect("the shipped dialect is right"),
            texts,
            rng: Rng::with_seed(seed),
        }
    }

    /// A file with a few changes.
    fn next(&mut self) -> SourceFile {
        let file = self.texts[self.rng.usize(..self.texts.len())].clone();
        let mut bytes = file.text.into_bytes();
        for _ in 0..self.rng.usize(1..5) {
            bytes = match self.rng.u8(..8) {
                0 => self.flip(bytes),
                1 => self.shard(bytes),
                2 => self.splice(bytes),
                3 => self.swap(bytes),
                4 => self.indent(bytes),
                5 => self.lines(bytes),
                6 => self.word(bytes),
                _ => self.cut(bytes),
            };
        }
        SourceFile {
            text: String::from_utf8_lossy(&bytes).into_owned(),
            ..file
        }
    }

    fn at(&mut self, length: usize) -> usize {
        self.rng.usize(..=length)
    }

    fn flip(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        let at = self.at(bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << self.rng.u8(..8);
        }
        bytes
    }

    fn shard(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        let at = self.at(bytes.len());
        let end = (at + self.rng.usize(..6)).min(bytes.len());
        let shard = SHARDS[self.rng.usize(..SHARDS.len())];
        bytes.splice(at..end, shard.bytes());
        bytes
    }

    /// The beginning of one file, the end of another.
    fn splice(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        let other = self.rng.usize(..self.texts.len());
        let other = self.texts[other].text.clone().into_bytes();
        let (at, from) = (self.at(bytes.len()), self.at(other.len()));
        bytes.truncate(at);
        bytes.extend(&other[from..]);
        bytes
    }

    /// Two words, keys or values, change places.
    fn swap(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let words = words(&text);
        if words.len() < 2 {
            return bytes;
        }
        let (one, other) = (self.rng.usize(..words.len()), self.rng.usize(..words.len()));
        let (first, second) = (words[one.min(other)].clone(), words[one.max(other)].clone());
        if first.end > second.start {
            return bytes;
        }
        let between = &text[first.end..second.start];
        let parts = [
            &text[..first.start],
            &text[second.clone()],
            between,
            &text[first],
            &text[second.end..],
        ];
        parts.concat().into_bytes()
    }

    /// A word is misspelt: a letter is lost, doubled or put in the wrong place.
    fn word(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let words = words(&text);
        if words.is_empty() {
            return bytes;
        }
        let word = words[self.rng.usize(..words.len())].clone();
        let mut letters: Vec<char> = text[word.clone()].chars().collect();
        let at = self.rng.usize(..letters.len());
        match self.rng.u8(..3) {
            0 => {
                letters.remove(at);
            }
            1 => letters.insert(at, letters[at]),
            _ => letters.swap(at, 0),
        }
        let letters: String = letters.into_iter().collect();
        format!("{}{letters}{}", &text[..word.start], &text[word.end..]).into_bytes()
    }

    fn indent(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        self.line(bytes, |rng, line| {
            let kept = line.trim_start_matches(' ');
            let spaces = line.len() - kept.len();
            let spaces = (spaces + rng.usize(..4)).saturating_sub(rng.usize(..4));
            format!("{}{kept}", " ".repeat(spaces))
        })
    }

    /// A line is lost, or stands twice.
    fn lines(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        self.line(bytes, |rng, line| {
            if rng.bool() {
                String::new()
            } else {
                line.repeat(2)
            }
        })
    }

    fn line(&mut self, bytes: Vec<u8>, change: fn(&mut Rng, &str) -> String) -> Vec<u8> {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        if lines.is_empty() {
            return bytes;
        }
        let at = self.rng.usize(..lines.len());
        lines[at] = change(&mut self.rng, &lines[at]);
        lines.concat().into_bytes()
    }

    fn cut(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        let start = self.at(bytes.len());
        let end = (start + self.rng.usize(..40)).min(bytes.len());
        bytes.drain(start..end);
        bytes
    }
}

fn words(text: &str) -> Vec<std::ops::Range<usize>> {
    let is_part =
        |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.' | '$' | '-');
    let mut words = Vec::new();
    let mut start = None;
    for (at, char) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, is_part(char)) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                words.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// Everything that is wrong with a text of a file.
fn check(library: &Library, file: &SourceFile, text: &str) -> Stages {
    if !is_rules(&file.relative) {
        let text = text.to_owned();
        return library.check_file(&SourceFile {
            text,
            ..file.clone()
        });
    }
    let source = Source::new(file.shown.clone(), text);
    let parsing = if file.relative == "dialect.yaml" {
        let requirements = library.dialect.requirements.clone();
        Dialect::read(&source, requirements)
            .err()
            .unwrap_or_default()
    } else {
        Requirements::read(&source).1
    };
    if yaml::parse(&source).is_err() {
        return Stages {
            reading: parsing,
            ..Stages::default()
        };
    }
    Stages {
        parsing,
        ..Stages::default()
    }
}

/// What must hold for every text.
fn hold(library: &Library, file: &SourceFile, settles: bool) -> usize {
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    let mut again = |text: &str| check(library, file, text);
    let stages = again(text);
    let mut problems = 0;
    for problem in stages.clone().into_all() {
        problems += 1;
        let (start, end) = (problem.span.start as usize, problem.span.end as usize);
        let length = problem.source.text().len();
        assert!(
            start <= end && start <= length,
            "{} at {:?}",
            problem.code,
            problem.span
        );
        assert!(
            problem.source.text().is_char_boundary(start),
            "{} at {:?}",
            problem.code,
            problem.span
        );
        assert!(
            explanation(problem.code).is_some(),
            "{} is not explained",
            problem.code
        );
        let place = problem.source.place(problem.span);
        assert!(place.line >= 1 && place.column >= 1);
        assert!(problem.render(false).contains(problem.code));
    }
    if settles {
        fixes_help(file, text, stages, &mut again);
    }
    problems
}

/// A fix that was found to help takes its problem away; putting a text right twice is putting it right once.
fn fixes_help(
    file: &SourceFile,
    text: &str,
    mut stages: Stages,
    again: &mut dyn FnMut(&str) -> Stages,
) {
    verify(&file.shown, text, &mut stages, again);
    let told = |stages: Stages, code: &str, message: &str| {
        let all = stages.into_all();
        all.filter(|problem| problem.code == code && problem.message == message)
            .count()
    };
    let whole = stages.reading.is_empty();
    for problem in stages.clone().into_all() {
        for fix in &problem.fixes {
            let fixed = fix.apply(text).expect("it was tried");
            assert_eq!(fixed.lines().count(), text.lines().count());
            let (code, message) = (problem.code, problem.message.as_str());
            let after = told(again(&fixed), code, message);
            assert!(
                !whole || after < told(stages.clone(), code, message),
                "{code} {message}: {fix:?}"
            );
        }
    }
    let settled = settle(&file.shown, text, again);
    assert_eq!(settle(&file.shown, &settled, again), settled);
}

fn run(seed: u64, tries: usize) {
    let mut fuzz = Fuzz::new(seed);
    let mut problems = 0;
    for number in 0..tries {
        let file = Arc::new(fuzz.next());
        let (library, text) = (&fuzz.library, &file);
        let held = catch_unwind(std::panic::AssertUnwindSafe(|| {
            hold(library, text, number % SETTLED == 0)
        }));
        let Ok(found) = held else {
            panic!(
                "seed {seed}, text {number}, as `{}`:\n{}\n(its end)",
                file.relative, file.text
            );
        };
        problems += found;
    }
    assert!(problems > tries, "hardly any text is right by chance");
}

/// The corpus as it is.
#[test]
fn what_was_found_once_is_not_found_again() {
    let fuzz = Fuzz::new(0);
    for file in &fuzz.texts {
        hold(&fuzz.library, file, true);
    }
}

#[test]
fn a_changed_file_is_read_to_an_end() {
    run(1, TRIES);
}

#[test]
#[ignore = "runs for minutes: by hand, after the parser or the checker has changed"]
fn many_changed_files_are_read_to_an_end() {
    for seed in 2..4 {
        run(seed, TRIES_LONG);
    }
}
