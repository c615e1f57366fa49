//! Mistakes that can be put right mechanically: a [`Fix`] is edits on the source, and [`meant`] says which name a misspelt one stands for.

use crate::source::{Source, Span};

/// A change of one file that may put one problem right. Whether it does is found out by applying it and checking again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as a command: "write `expect`".
    pub say: String,
    /// What changes; edits do not touch one another, nor a line break.
    pub edits: Vec<Edit>,
    /// What had not been looked at because of the mistake, and may have mistakes of its own.
    pub(crate) reveals: Option<Span>,
}

/// A stretch of the source and what stands there afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes.
    pub text: String,
}

impl Fix {
    /// A fix of one edit.
    #[must_use]
    pub fn replace(span: Span, text: impl Into<String>, say: impl Into<String>) -> Self {
        Self {
            say: say.into(),
            edits: vec![Edit {
                span,
                text: text.into(),
            }],
            reveals: None,
        }
    }

    /// The text after the fix, or `None` where it does not fit: a line break would come or go, an edit lies outside, or two overlap.
    #[must_use]
    pub fn apply(&self, text: &str) -> Option<String> {
        let mut edits: Vec<&Edit> = self.edits.iter().collect();
        edits.sort_by_key(|edit| edit.span);
        let (mut fixed, mut done) = (String::with_capacity(text.len() + 16), 0);
        for edit in edits {
            let (start, end) = (edit.span.start as usize, edit.span.end as usize);
            let replaced = text.get(start..end)?;
            let breaks = |text: &str| text.contains(['\n', '\r']);
            if breaks(replaced) || breaks(&edit.text) {
                return None;
            }
            fixed.push_str(text.get(done..start)?);
            fixed.push_str(&edit.text);
            done = end;
        }
        fixed.push_str(text.get(done..)?);
        Some(fixed)
    }
}

/// Keys of other tools and what they are called here. One that fits in several places has several lines.
const CALLED_OTHERWISE: &[(&str, &str)] = &[
    ("action", "do"),
    ("args", "with"),
    ("assert", "check"),
    ("asserts", "check"),
    ("assertions", "check"),
    ("cleanup", "finally"),
    ("description", "say"),
    ("description", "title"),
    ("extract", "capture"),
    ("features", "needs"),
    ("interval", "every"),
    ("name", "id"),
    ("name", "title"),
    ("on", "meanwhile"),
    ("operation", "call"),
    ("params", "with"),
    ("reason", "why"),
    ("request", "call"),
    ("requirements", "covers"),
    ("requires", "needs"),
    ("save", "capture"),
    ("sleep", "wait"),
    ("teardown", "finally"),
    ("timeout", "give_up_after"),
    ("variables", "with"),
];

/// The key that another tool's word stands for, if only one of `known` can be meant.
pub(crate) fn called_here<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let is_it = |name: &&str| CALLED_OTHERWISE.contains(&(written, name));
    let mut here = known.into_iter().filter(is_it);
    here.next().filter(|_| here.next().is_none())
}

/// Shortest name that is put right without asking: every short word is near to every other.
const MEANT_MIN: usize = 3;

/// The name out of `known` that a misspelt one stands for: near, nearer than any other, and with the same numbers in it. A wrong
/// number is no slip of the hand: `token_3` may be any other token.
pub(crate) fn meant<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    let mut tie = false;
    for name in known {
        if name.len() < MEANT_MIN || !is_simple(name) || numbers(written) != numbers(name) {
            continue;
        }
        let Some(distance) = crate::diagnostic::distance(written, name) else {
            continue;
        };
        match best {
            Some((least, known)) if least < distance || known == name => {}
            Some((least, _)) if least == distance => tie = true,
            _ => (best, tie) = (Some((distance, name)), false),
        }
    }
    best.filter(|_| !tie).map(|(_, name)| name)
}

/// The numbers in a name, leading zeros aside.
fn numbers(name: &str) -> Vec<&str> {
    name.split(|char: char| !char.is_ascii_digit())
        .map(|digits| digits.trim_start_matches('0'))
        .filter(|digits| !digits.is_empty())
        .collect()
}

/// Whether a name means the same with and without quotes, wherever it stands.
fn is_simple(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/');
    name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(fits)
}

/// Puts `right` where `wrong` stands within a span: quotes, a dollar sign and what else is there stay.
pub(crate) fn respell(source: &Source, span: Span, wrong: &str, right: &str) -> Option<Fix> {
    let mut found = source.slice(span).match_indices(wrong);
    let (at, _) = found.next().filter(|_| !wrong.is_empty())?;
    if found.next().is_some() {
        return None;
    }
    let start = span.start + u32::try_from(at).ok()?;
    let end = start + u32::try_from(wrong.len()).ok()?;
    let say = format!("write `{right}`");
    Some(Fix::replace(Span::new(start, end), right, say))
}

/// Puts a plain value in quotes.
pub(crate) fn quote(source: &Source, span: Span) -> Option<Fix> {
    let written = source.slice(span);
    if written.is_empty() || written.starts_with(['"', '\'', '|', '>']) {
        return None;
    }
    // A text of JSON is one of YAML.
    let quoted = serde_json::Value::from(written).to_string();
    Some(Fix::replace(span, quoted, "put it in quotes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_meant_when_no_other_is_as_near_and_the_numbers_agree() {
        let known = [
            "expect",
            "capture",
            "token_1",
            "token_2",
            "RECOV-003",
            "RECOV-013",
            "ok",
        ];
        let answers = ["expct", "token_3", "tokn_2", "RECOV-3", "on", "bananas"]
            .map(|written| meant(written, known).unwrap_or("-"));
        insta::assert_snapshot!(answers.join(" "), @"expect - token_2 RECOV-003 - -");
    }

    #[test]
    fn two_names_as_near_as_each_other_are_not_meant() {
        assert_eq!(meant("codd", ["code", "cody"]), None);
        assert_eq!(meant("codd", ["code", "token"]), Some("code"));
    }

    #[test]
    fn a_key_of_another_tool_has_one_name_here() {
        assert_eq!(called_here("description", ["id", "title"]), Some("title"));
        assert_eq!(called_here("description", ["say", "title"]), None);
        assert_eq!(called_here("banana", ["say", "title"]), None);
    }

    #[test]
    fn an_edit_keeps_lines_and_everything_around_it() {
        let fix = Fix::replace(Span::new(3, 6), "two", "");
        assert_eq!(
            fix.apply("a: tow # c\r\n").as_deref(),
            Some("a: two # c\r\n")
        );
        assert_eq!(Fix::replace(Span::new(1, 3), "x", "").apply("a\nb"), None);
        assert_eq!(Fix::replace(Span::new(1, 9), "x", "").apply("a\nb"), None);
        let mut twice = Fix::replace(Span::new(0, 2), "x", "");
        twice.edits.push(Edit {
            span: Span::new(1, 3),
            text: "y".to_owned(),
        });
        assert_eq!(twice.apply("abcd"), None);
    }
}
