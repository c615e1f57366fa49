//! The filter language of `-E`: which cases are meant. Start at [`Filter::parse`].
//!
//! `tag(x)`, `covers(x)`, `needs(x)` and `id(x)` are tests, each with a glob; `not` binds tighter than `&`, `&` tighter than `|`, parentheses
//! tighter than all.

use std::ops::Range;

use globset::GlobMatcher;
use pushproof_report::exit;
use pushproof_scenario::{Program, nearest};

use crate::command::Problem;
use crate::select;

/// Deepest nesting, so that no text can exhaust the stack.
const DEPTH_MAX: usize = 64;

/// A filter, understood.
#[derive(Debug)]
pub(crate) struct Filter {
    text: String,
    expr: Expr,
}

#[derive(Debug)]
enum Expr {
    Test(Test),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

#[derive(Debug)]
struct Test {
    subject: Subject,
    value: String,
    glob: GlobMatcher,
    /// Where its value stands, in bytes.
    place: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Tag,
    Covers,
    Needs,
    Id,
}

const SUBJECTS: [(&str, Subject); 4] = [
    ("tag", Subject::Tag),
    ("covers", Subject::Covers),
    ("needs", Subject::Needs),
    ("id", Subject::Id),
];

impl Filter {
    /// Understands a filter, or says where it cannot be understood.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let mut parser = Parser {
            text,
            at: 0,
            depth: 0,
        };
        let parsed = parser.either().and_then(|expr| match parser.peek() {
            None => Ok(expr),
            Some(_) => Err(parser.unexpected("`&`, `|` or the end")),
        });
        match parsed {
            Ok(expr) => Ok(Self {
                text: text.to_owned(),
                expr,
            }),
            Err(wrong) => Err(problem(text, &wrong)),
        }
    }

    /// Whether it means this case.
    pub(crate) fn selects(&self, program: &Program) -> bool {
        self.expr.holds(program)
    }

    /// Why it selects nothing: the first of its tests that no case passes, with the nearest name.
    pub(crate) fn nothing(&self, programs: &[impl AsRef<Program>]) -> Problem {
        let failing = |test: &&Test| !programs.iter().any(|program| test.holds(program.as_ref()));
        let mut tests = Vec::new();
        self.expr.tests(&mut tests);
        let problem = match tests.into_iter().find(failing) {
            Some(test) => {
                let hint = match test.nearest(programs) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`pushproof list` shows what there is".to_owned(),
                };
                let wrong = Wrong { message: "no case passes this test".to_owned(), place: test.place.clone(), hint: Some(hint) };
                problem(&self.text, &wrong)
            }
            None => Problem::usage(format!("the filter `{}` selects no case", self.text))
                .hint("each of its tests is passed by some case, but no case by all that must be passed together"),
        };
        problem.code(exit::NOTHING_SELECTED)
    }
}

impl Expr {
    fn holds(&self, program: &Program) -> bool {
        match self {
            Self::Test(test) => test.holds(program),
            Self::Not(expr) => !expr.holds(program),
            Self::And(one, other) => one.holds(program) && other.holds(program),
            Self::Or(one, other) => one.holds(program) || other.holds(program),
        }
    }

    /// The tests that help to select; what is negated selects by not being passed.
    fn tests<'a>(&'a self, into: &mut Vec<&'a Test>) {
        match self {
            Self::Test(test) => into.push(test),
            Self::Not(_) => {}
            Self::And(one, other) | Self::Or(one, other) => {
                one.tests(into);
                other.tests(into);
            }
        }
    }
}

impl Test {
    fn holds(&self, program: &Program) -> bool {
        match self.subject {
            Subject::Tag => program.tags.iter().any(|tag| self.glob.is_match(tag)),
            Subject::Needs => program.needs.iter().any(|need| self.glob.is_match(need)),
            Subject::Id => {
                self.glob.is_match(&program.id) || select::scenario(program) == self.value
            }
            Subject::Covers => {
                let requirements = program.dialect.requirements.iter();
                let named = |id: &&str| self.glob.is_match(id);
                requirements
                    .map(|requirement| requirement.id.as_str())
                    .filter(named)
                    .any(|id| select::judges(program, id))
            }
        }
    }

    fn nearest<'a>(&self, programs: &'a [impl AsRef<Program>]) -> Option<&'a str> {
        let names = |program: &'a Program| -> Vec<&'a str> {
            match self.subject {
                Subject::Tag => program.tags.iter().map(String::as_str).collect(),
                Subject::Needs => program.needs.iter().map(String::as_str).collect(),
                Subject::Id => vec![&program.id, select::scenario(program)],
                Subject::Covers => program
                    .dialect
                    .requirements
                    .iter()
                    .map(|requirement| requirement.id.as_str())
                    .filter(|id| select::judges(program, id))
                    .collect(),
            }
        };
        nearest(
            &self.value,
            programs.iter().flat_map(|program| names(program.as_ref())),
        )
    }
}

/// What is wrong, where (in bytes), and what to do about it.
struct Wrong {
    message: String,
    place: Range<usize>,
    hint: Option<String>,
}

fn problem(text: &str, wrong: &Wrong) -> Problem {
    // Control characters would move the carets, or the terminal.
    let shown: String = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect();
    let before = text[..wrong.place.start].chars().count();
    let width = text[wrong.place.clone()].chars().count().max(1);
    let message = format!(
        "filter: {}\n  | {shown}\n  | {}{}",
        wrong.message,
        " ".repeat(before),
        "^".repeat(width)
    );
    let problem = Problem::usage(message);
    match &wrong.hint {
        Some(hint) => problem.hint(hint),
        None => problem.hint("a filter is made of tag(x), covers(x), needs(x), id(glob), `&`, `|`, `not` and parentheses"),
    }
}

/// Reads one filter from left to right.
struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn either(&mut self) -> Result<Expr, Wrong> {
        let mut expr = self.both()?;
        while self.take('|')? {
            expr = Expr::Or(Box::new(expr), Box::new(self.both()?));
        }
        Ok(expr)
    }

    fn both(&mut self) -> Result<Expr, Wrong> {
        let mut expr = self.one()?;
        while self.take('&')? {
            expr = Expr::And(Box::new(expr), Box::new(self.one()?));
        }
        Ok(expr)
    }

    fn one(&mut self) -> Result<Expr, Wrong> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let place = self.at..self.at;
            return Err(Wrong {
                message: format!("nested deeper than {DEPTH_MAX}"),
                place,
                hint: None,
            });
        }
        let expr = self.inner();
        self.depth -= 1;
        expr
    }

    fn inner(&mut self) -> Result<Expr, Wrong> {
        let open = self.skip();
        if self.peek() == Some('(') {
            self.at += 1;
            let expr = self.either()?;
            return match self.peek() {
                Some(')') => {
                    self.at += 1;
                    Ok(expr)
                }
                None => Err(Wrong {
                    message: "this parenthesis is never closed".to_owned(),
                    place: open..open + 1,
                    hint: None,
                }),
                Some(_) => Err(self.unexpected("`&`, `|` or `)`")),
            };
        }
        let word = self.word();
        match word.as_str() {
            "" => Err(self.unexpected("a test such as `tag(smoke)`")),
            "not" => Ok(Expr::Not(Box::new(self.one()?))),
            _ => self.test(&word, open),
        }
    }

    fn test(&mut self, word: &str, start: usize) -> Result<Expr, Wrong> {
        let place = start..start + word.len();
        let Some((_, subject)) = SUBJECTS.iter().find(|(name, _)| *name == word) else {
            let hint = match nearest(word, SUBJECTS.iter().map(|(name, _)| *name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if self.peek() == Some('(') => "known: tag, covers, needs, id".to_owned(),
                None => format!(
                    "a test has its value in parentheses, such as `tag({word})` or `id({word})`"
                ),
            };
            return Err(Wrong {
                message: format!("unknown test `{word}`"),
                place,
                hint: Some(hint),
            });
        };
        if self.peek() != Some('(') {
            let hint = Some(format!("write `{word}(…)`"));
            return Err(Wrong {
                message: format!("`{word}` has no value"),
                place,
                hint,
            });
        }
        let open = self.at;
        let Some(length) = closing(&self.text[open..]) else {
            return Err(Wrong {
                message: "this parenthesis is never closed".to_owned(),
                place: open..open + 1,
                hint: None,
            });
        };
        self.at = open + length;
        let inside = &self.text[open + 1..self.at - 1];
        let value = inside.trim();
        let from = open + 1 + (inside.len() - inside.trim_start().len());
        let place = from..from + value.len();
        if value.is_empty() {
            let hint = Some(format!("write a name or a glob, such as `{word}(*)`"));
            return Err(Wrong {
                message: format!("`{word}` has no value"),
                place: start..self.at,
                hint,
            });
        }
        match select::glob(value) {
            Ok(glob) => Ok(Expr::Test(Test {
                subject: *subject,
                value: value.to_owned(),
                glob,
                place,
            })),
            Err(error) => Err(Wrong {
                message: format!("`{value}` is not a glob: {error}"),
                place,
                hint: None,
            }),
        }
    }

    fn skip(&mut self) -> usize {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.at
    }

    fn peek(&mut self) -> Option<char> {
        self.skip();
        self.text[self.at..].chars().next()
    }

    fn word(&mut self) -> String {
        let start = self.skip();
        let rest = &self.text[start..];
        let end = rest
            .find(|char: char| !char.is_alphanumeric() && !matches!(char, '_' | '-' | '.'))
            .unwrap_or(rest.len());
        self.at += end;
        rest[..end].to_owned()
    }

    /// Takes an operator. Doubled and spelt-out ones belong to other languages.
    fn take(&mut self, operator: char) -> Result<bool, Wrong> {
        let at = self.skip();
        let rest = &self.text[at..];
        let foreign = [
            ("&&", "&"),
            ("||", "|"),
            ("and", "&"),
            ("or", "|"),
            ("AND", "&"),
            ("OR", "|"),
        ];
        for (written, meant) in foreign {
            let after = rest.strip_prefix(written).map(|after| after.chars().next());
            let whole = after.is_some_and(|next| {
                !written.starts_with(char::is_alphabetic)
                    || next.is_none_or(|next| !next.is_alphanumeric())
            });
            if whole {
                let hint = Some(format!("write `{meant}`"));
                return Err(Wrong {
                    message: format!("unknown operator `{written}`"),
                    place: at..at + written.len(),
                    hint,
                });
            }
        }
        let taken = rest.starts_with(operator);
        self.at += if taken { operator.len_utf8() } else { 0 };
        Ok(taken)
    }

    fn unexpected(&mut self, wanted: &str) -> Wrong {
        let at = self.skip();
        let next = self.text[at..].chars().next();
        let found = next.map_or_else(|| "the end".to_owned(), |char| format!("`{char}`"));
        let hint = (next == Some('!')).then(|| "write `not`".to_owned());
        Wrong {
            message: format!("expected {wanted}, found {found}"),
            place: at..at + next.map_or(0, char::len_utf8),
            hint,
        }
    }
}

/// The length of what begins with a parenthesis, up to the one that closes it.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, char) in text.char_indices() {
        match char {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever is typed is understood or answered; a place is always inside the text.
        #[test]
        fn no_text_is_too_strange(text in "[ -~\u{1b}é«]{0,40}|(tag|id|not|covers|[()&|! a-z]){0,30}") {
            let _ = Filter::parse(&text);
        }

        #[test]
        fn deep_nesting_ends(depth in 0..5000_usize) {
            let text = format!("{}tag(x){}", "(".repeat(depth), ")".repeat(depth));
            prop_assert_eq!(Filter::parse(&text).is_ok(), depth < DEPTH_MAX);
        }
    }
}
