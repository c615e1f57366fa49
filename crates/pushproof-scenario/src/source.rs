//! Where something stands: a [`Source`] text, a [`Span`] of bytes in it, and the [`Place`] a person is told.

use std::sync::Arc;

use pushproof_report::{Excerpt, Place};

/// One file's text with its path, kept so that a place can be shown long after parsing.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    path: String,
    text: String,
    line_starts: Vec<u32>,
}

/// A range of bytes in a [`Source`], end exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// First byte after it.
    pub end: u32,
}

impl Span {
    /// The range from `start` up to, not including, `end`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Pairs a value with its place.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl Source {
    /// Keeps `text` under the name `path` (as people will see it). A byte order mark at its start is no part of it.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let mut text: String = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0)
            .chain(starts.map(|(at, _)| clamp(at + 1)))
            .collect();
        Arc::new(Self {
            path: path.into(),
            text,
            line_starts,
        })
    }

    /// The name under which people know the file.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text under `span`; empty where the span does not fit the text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }

    /// Line and column of the first character of `span`, both from 1; the column counts characters.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let (line, start) = self.line_of(span.start);
        let before = self
            .text
            .get(start as usize..span.start as usize)
            .unwrap_or("");
        Place {
            file: self.path.clone(),
            line: line + 1,
            column: clamp(before.chars().count()) + 1,
        }
    }

    /// The source line of `span` with the part to underline. A span over several lines is cut at its first.
    #[must_use]
    pub fn excerpt(&self, span: Span, label: impl Into<String>) -> Excerpt {
        let place = self.place(span);
        let (_, start) = self.line_of(span.start);
        let line = self.text.get(start as usize..).unwrap_or("");
        let line = line.split('\n').next().unwrap_or("").trim_end_matches('\r');
        let underlined = self.slice(span).split('\n').next().unwrap_or("").trim_end();
        Excerpt {
            line: place.line,
            text: line.to_owned(),
            column: place.column,
            width: clamp(underlined.chars().count()).max(1),
            label: label.into(),
        }
    }

    fn line_of(&self, offset: u32) -> (u32, u32) {
        let line = self
            .line_starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1);
        (clamp(line), self.line_starts[line])
    }
}

/// Offsets are 32 bits: files are refused long before they could be larger (`yaml::BYTES_MAX`).
fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_not_bytes() {
        let source = Source::new("a.yaml", "über: 1\nkey: größe\n");
        let start = source.text().find("größe").unwrap() as u32;
        let span = Span::new(start, start + "größe".len() as u32);
        assert_eq!(
            source.place(span),
            Place {
                file: "a.yaml".into(),
                line: 2,
                column: 6
            }
        );
        let excerpt = source.excerpt(span, "here");
        assert_eq!(
            (excerpt.text.as_str(), excerpt.column, excerpt.width),
            ("key: größe", 6, 5)
        );
    }

    #[test]
    fn a_place_past_the_end_is_the_end() {
        let source = Source::new("a.yaml", "");
        assert_eq!(source.place(Span::new(0, 0)).line, 1);
        assert_eq!(source.place(Span::new(99, 120)).line, 1);
    }
}
