//! Lines and tokens of the notation, with their places.

use super::{ParseError, Problem};

/// A line that says something.
#[derive(Clone, Debug)]
pub(super) struct Line<'t> {
    number: u32,
    /// In spaces.
    pub(super) indent: usize,
    text: &'t str,
}

/// A place within a line.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'t> {
    line: Line<'t>,
    /// In bytes.
    at: usize,
    /// Where the token given last began, in bytes.
    last: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Word(&'t str),
    /// A quoted string, unquoted.
    Text(String),
    Bar,
    End,
    Other,
}

/// The lines that are neither blank nor comments.
pub(super) fn lines(text: &str) -> Result<Vec<Line<'_>>, ParseError> {
    let mut lines = Vec::new();
    for (number, text) in (1..).zip(text.lines()) {
        let text = text.trim_end();
        let content = text.trim_start_matches(' ');
        let line = Line {
            number,
            indent: text.len() - content.len(),
            text,
        };
        if content.starts_with('\t') {
            return Err(line.error(Problem::Tab));
        }
        if !content.is_empty() && !text.starts_with('#') {
            lines.push(line);
        }
    }
    Ok(lines)
}

impl<'t> Line<'t> {
    pub(super) fn error(&self, problem: Problem) -> ParseError {
        self.error_at(self.indent, problem)
    }

    fn error_at(&self, at: usize, problem: Problem) -> ParseError {
        let column = u32::try_from(self.text[..at].chars().count())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        ParseError {
            line: self.number,
            column,
            problem,
        }
    }

    pub(super) fn cursor(&self) -> Cursor<'t> {
        Cursor {
            line: self.clone(),
            at: self.indent,
            last: self.indent,
        }
    }

    /// Behind a marker, which is there.
    pub(super) fn cursor_after_marker(&self) -> Cursor<'t> {
        Cursor {
            line: self.clone(),
            at: self.indent + 1,
            last: self.indent,
        }
    }

    /// `-` or `*` at the beginning.
    pub(super) fn marker(&self) -> Option<char> {
        self.text[self.indent..]
            .chars()
            .next()
            .filter(|char| ['-', '*'].contains(char))
    }

    /// Whether the line begins with a member's name rather than with a shape.
    pub(super) fn is_member(&self) -> bool {
        self.cursor().member_label().is_ok()
    }
}

impl<'t> Cursor<'t> {
    pub(super) fn next(&mut self) -> Result<Token<'t>, ParseError> {
        let rest = self.rest().trim_start_matches(' ');
        self.at = self.line.text.len() - rest.len();
        self.last = self.at;
        let Some(first) = rest.chars().next() else {
            return Ok(Token::End);
        };
        match first {
            '|' => {
                self.at += 1;
                Ok(Token::Bar)
            }
            '"' => self.quoted().map(Token::Text),
            _ if is_word(first) => {
                let word = &rest[..rest.find(|char| !is_word(char)).unwrap_or(rest.len())];
                self.at += word.len();
                Ok(Token::Word(word))
            }
            _ => Ok(Token::Other),
        }
    }

    /// Takes ` of` if it comes next.
    pub(super) fn take_of(&mut self) -> bool {
        let mut ahead = self.clone();
        let is_of = ahead.next() == Ok(Token::Word("of"));
        if is_of {
            *self = ahead;
        }
        is_of
    }

    /// `name:` or `name?:`. The name, and whether the member is required.
    pub(super) fn member_label(&mut self) -> Result<(String, bool), ParseError> {
        let name = match self.next()? {
            Token::Word(word) => word.to_owned(),
            Token::Text(text) => text,
            Token::Bar | Token::End | Token::Other => {
                return Err(self.error(Problem::Expected("a member's name")));
            }
        };
        let required = !self.take('?');
        if self.take(':') {
            return Ok((name, required));
        }
        self.last = self.at;
        Err(self.error(Problem::Expected("`:` after the member's name")))
    }

    fn take(&mut self, char: char) -> bool {
        let is_next = self.rest().starts_with(char);
        if is_next {
            self.at += char.len_utf8();
        }
        is_next
    }

    fn quoted(&mut self) -> Result<String, ParseError> {
        let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter::<String>();
        match values.next() {
            Some(Ok(text)) => {
                self.at += values.byte_offset();
                Ok(text)
            }
            _ => Err(self.error(Problem::BadString)),
        }
    }

    fn rest(&self) -> &'t str {
        &self.line.text[self.at..]
    }

    /// An error at the token given last.
    pub(super) fn error(&self, problem: Problem) -> ParseError {
        self.line.error_at(self.last, problem)
    }

    /// An error about the line as a whole.
    pub(super) fn error_at_line(&self, problem: Problem) -> ParseError {
        self.line.error(problem)
    }
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == '-'
}
