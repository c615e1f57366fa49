//! What each code of the checker means: [`explanation`]. The table is data, `codes.txt`; a test keeps it as long as the list of codes.

/// What a code means, with an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The code, `E0107`.
    pub code: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why it is, in a sentence or two.
    pub text: &'static str,
    /// What it looks like.
    pub wrong: &'static str,
    /// What would be right.
    pub right: &'static str,
}

/// `CODE title`, `| text`, `- wrong`, `+ right`, for each code in turn.
const TABLE: &str = include_str!("codes.txt");

/// The explanation of a code.
#[must_use]
pub fn explanation(code: &str) -> Option<Explanation> {
    explanations().find(|explanation| explanation.code == code)
}

/// Every explanation, in the order of the codes.
pub fn explanations() -> impl Iterator<Item = Explanation> {
    let mut lines = TABLE.lines();
    std::iter::from_fn(move || {
        let (code, title) = lines.next()?.split_once(' ')?;
        let mut line = |mark: &str| lines.next()?.strip_prefix(mark);
        Some(Explanation {
            code,
            title,
            text: line("| ")?,
            wrong: line("- ")?,
            right: line("+ ")?,
        })
    })
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            code,
            title,
            text,
            wrong,
            right,
        } = self;
        writeln!(f, "{code}: {title}\n\n{text}\n")?;
        writeln!(f, "Wrong:\n  {wrong}\n\nRight:\n  {right}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::{TABLE, explanation, explanations};

    /// Every code that stands in quotes in a file below a folder.
    fn used(folder: &Path, into: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder of the crate") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                used(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a file of the crate");
                let quoted = text.split('"');
                let is_code = |word: &&str| {
                    word.len() == 5
                        && word.starts_with(['E', 'W', 'N'])
                        && word[1..].bytes().all(|byte| byte.is_ascii_digit())
                };
                into.extend(quoted.filter(is_code).map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_code_is_explained_and_every_explanation_has_a_code() {
        let mut codes = BTreeSet::new();
        // Whoever reads a file of its own has codes too.
        for package in ["pushproof-scenario", "pushproof-runner", "pushproof"] {
            let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            used(&crates.join(package).join("src"), &mut codes);
        }
        let explained: Vec<String> = explanations().map(|one| one.code.to_owned()).collect();
        let known: BTreeSet<String> = explained.iter().cloned().collect();
        assert_eq!(explained.len(), known.len(), "a code is explained twice");
        assert_eq!(known, codes);
        assert_eq!(
            explained.len() * 4,
            TABLE.lines().count(),
            "a line is out of place"
        );
    }

    #[test]
    fn an_explanation_reads_well() {
        let text = explanation("E0107").expect("it is explained").to_string();
        insta::assert_snapshot!(text, @"
        E0107: neither a person nor a phone

        An actor is a person, or a device that has an owner.

        Wrong:
          phone: { device: push }

        Right:
          phone: { device: push, owner: alice }
        ");
    }
}
