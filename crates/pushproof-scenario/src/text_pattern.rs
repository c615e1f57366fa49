//! The regular expressions of `matches`. Most of them are only a literal with or without anchors, and are looked for as such: a dialect
//! looks at every header of every poll with one.

use regex_lite::Regex;

/// A pattern that is looked for in a text.
#[derive(Clone, Debug)]
pub struct TextPattern {
    written: Box<str>,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    Contains(Box<str>),
    StartsWith(Box<str>),
    EndsWith(Box<str>),
    Is(Box<str>),
    Regex(Box<Regex>),
}

impl TextPattern {
    /// Reads a regular expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(written: &str) -> Result<Self, regex_lite::Error> {
        let regex = Regex::new(written)?;
        let (start, rest) = match written.strip_prefix('^') {
            Some(rest) => (true, rest),
            None => (false, written),
        };
        let (end, literal) = match rest.strip_suffix('$') {
            Some(literal) => (true, literal),
            None => (false, rest),
        };
        let how = match (start, end) {
            _ if literal.contains(SPECIAL) => How::Regex(Box::new(regex)),
            (false, false) => How::Contains(literal.into()),
            (true, false) => How::StartsWith(literal.into()),
            (false, true) => How::EndsWith(literal.into()),
            (true, true) => How::Is(literal.into()),
        };
        let written = written.into();
        Ok(Self { written, how })
    }

    /// Whether the pattern is found.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        match &self.how {
            How::Contains(part) => text.contains(&**part),
            How::StartsWith(part) => text.starts_with(&**part),
            How::EndsWith(part) => text.ends_with(&**part),
            How::Is(whole) => *text == **whole,
            How::Regex(regex) => regex.is_match(text),
        }
    }
}

/// What means something else than itself in a regular expression.
const SPECIAL: [char; 14] = [
    '\\', '^', '$', '.', '|', '?', '*', '+', '(', ')', '[', ']', '{', '}',
];

impl std::fmt::Display for TextPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_literal_is_found_where_the_regular_expression_is(
            pattern in r"\^?[ab/ -]{0,3}\$?", text in "[ab/ \n-]{0,6}",
        ) {
            let literal = TextPattern::new(&pattern).unwrap();
            prop_assert!(!matches!(literal.how, How::Regex(_)));
            prop_assert_eq!(literal.is_match(&text), Regex::new(&pattern).unwrap().is_match(&text));
        }
    }

    #[test]
    fn what_is_no_literal_is_a_regular_expression() {
        let pattern = TextPattern::new("^application/([a-z]+\\+)?json").unwrap();
        assert!(pattern.is_match("application/problem+json; charset=utf-8"));
        assert!(!pattern.is_match("text/html"));
    }
}
