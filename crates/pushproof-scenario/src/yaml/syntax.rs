//! What to say when a text is not YAML: the reader's word for it, where what it belongs to began, and what to do.

use std::sync::Arc;

use granit_parser::{ErrorKind, ScanError};

use super::{DEPTH_MAX, byte_of, problem};
use crate::diagnostic::Diagnostic;
use crate::expr::is_name;
use crate::fix::{self, Fix};
use crate::source::{Source, Span};

/// A map or list that has begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    /// Where its first key, its first dash or its bracket stands.
    pub(super) start: u32,
    pub(super) list: bool,
}

impl Begun {
    /// Whether it is written in brackets.
    pub(super) fn is_flow(self, source: &Source) -> bool {
        let first = source.text().as_bytes().get(self.start as usize);
        first.is_some_and(|byte| matches!(byte, b'[' | b'{'))
    }
}

/// Explains where and why reading ended. `open` is what had not ended, outermost first; `closed` what has just ended.
pub(super) fn explain(
    source: &Arc<Source>,
    error: &ScanError,
    open: &[Begun],
    closed: &[Begun],
) -> Box<Diagnostic> {
    let at = byte_of(*error.marker(), source.text());
    let span = Span::new(at, at + 1);
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        let message = format!("nested deeper than {DEPTH_MAX} levels");
        return problem(source, "E0002", message, span, None);
    }
    let message = format!("not YAML: {}", error.info());
    let mut problem = problem(source, "E0001", message, span, None);
    let line = Line::of(source.text(), at);
    let flow = open.iter().rev().find(|begun| begun.is_flow(source));
    if line.tab_before_text() || is_about_tabs(error.kind()) {
        problem.help = Some("indent with spaces".to_owned());
    } else if is_about_quotes(error.kind()) {
        problem.help =
            Some("close the quote, or double a quote that belongs to the text".to_owned());
    } else if let Some(flow) = flow {
        in_brackets(&mut problem, *flow, &line);
    } else if let Some(place) = place_for(source, &line, open, closed) {
        place.tell(&mut problem, &line);
    } else if *error.kind() == ErrorKind::MappingValueNotAllowed {
        problem.help = Some("a text with `: ` in it needs quotes".to_owned());
        let value = line.value(at);
        problem
            .fixes
            .extend(value.and_then(|value| fix::quote(source, value)));
    }
    problem
}

/// Something is wrong after an opening bracket: it is not closed, or what is in it needs quotes.
fn in_brackets(problem: &mut Diagnostic, flow: Begun, line: &Line<'_>) {
    let bracket = Span::new(flow.start, flow.start + 1);
    if let Some(word) = line.word_with_braces(problem.span.start) {
        let written = problem.source.slice(word);
        problem.help = Some(format!("a text with braces needs quotes: `\"{written}\"`"));
        problem.fixes.extend(fix::quote(&problem.source, word));
        return;
    }
    let closing = if problem.source.slice(bracket) == "[" {
        "]"
    } else {
        "}"
    };
    problem.related = Some((bracket, "begins here".to_owned()));
    problem.help = Some(format!(
        "close it with `{closing}`; a text in it that has `: `, `,` or brackets needs quotes"
    ));
}

fn is_about_tabs(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInPlainScalar
    )
}

fn is_about_quotes(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidTrailingSingleQuotedScalar
            | ErrorKind::InvalidTrailingDoubleQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar
    )
}

/// A line and where it begins.
struct Line<'a> {
    start: usize,
    text: &'a str,
}

impl<'a> Line<'a> {
    fn of(text: &'a str, at: u32) -> Self {
        let at = text.floor_char_boundary((at as usize).min(text.len()));
        let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
        let rest = &text[start..];
        let line = rest.split('\n').next().unwrap_or(rest);
        Self {
            start,
            text: line.trim_end_matches('\r'),
        }
    }

    fn indentation(&self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    fn tab_before_text(&self) -> bool {
        self.text.trim_start_matches(' ').starts_with('\t')
    }

    fn is_item(&self) -> bool {
        let text = self.text.trim_start_matches(' ');
        text == "-" || text.starts_with("- ")
    }

    fn span(&self, start: usize, end: usize) -> Option<Span> {
        let place = |at: usize| u32::try_from(self.start + at).ok();
        Some(Span::new(place(start)?, place(end)?))
    }

    /// The plain value of the line's first key, without a comment, if a place lies in it.
    fn value(&self, at: u32) -> Option<Span> {
        let colon = self.text.find(": ")? + 2;
        let value = self.text[colon..].trim_start();
        let start = self.text.len() - value.len();
        let value = value.split(" #").next().unwrap_or(value).trim_end();
        let special = ['"', '\'', '[', '{', '|', '>', '&', '*', '!', '%', '@', '`'];
        let inside = (at as usize).checked_sub(self.start)? >= start;
        (inside && !value.is_empty() && !value.starts_with(special))
            .then(|| self.span(start, start + value.len()))?
    }

    /// `name{3}`, `name{1,3}` or `name-${other}`, whose brace is at a place.
    fn word_with_braces(&self, brace: u32) -> Option<Span> {
        let brace = (brace as usize).checked_sub(self.start)?;
        let (before, after) = (self.text.get(..brace)?, self.text.get(brace..)?);
        let ends = |char: char| char.is_whitespace() || "[]{},:\"'#".contains(char);
        let begin = before.rfind(ends).map_or(0, |at| at + 1);
        let (inner, rest) = after.strip_prefix('{')?.split_once('}')?;
        let count = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let counted = inner.split(',').count() <= 2 && inner.split(',').all(count);
        let named = before.ends_with('$') && is_name(inner);
        let end = brace + inner.len() + 2 + rest.find(ends).unwrap_or(rest.len());
        (begin < brace && (counted || named)).then(|| self.span(begin, end))?
    }
}

/// Where a line would have to begin to belong to a block.
struct Indentation {
    column: usize,
    block: Begun,
    /// Whether no other block is as near.
    clear: bool,
}

/// The block that a line most likely belongs to, if the line does not begin where that block does.
fn place_for(
    source: &Source,
    line: &Line<'_>,
    open: &[Begun],
    closed: &[Begun],
) -> Option<Indentation> {
    if line.text.trim().is_empty() {
        return None;
    }
    let blocks: Vec<(usize, Begun)> = open
        .iter()
        .chain(closed)
        .filter(|begun| !begun.is_flow(source))
        .map(|begun| {
            (
                begun.start as usize - Line::of(source.text(), begun.start).start,
                *begun,
            )
        })
        .collect();
    let alike = |(_, begun): &&(usize, Begun)| begun.list == line.is_item();
    let actual = line.indentation();
    let distance = |column: usize| column.abs_diff(actual);
    // Of two that are as near, the inner one is what a person is writing at.
    let nearest = blocks
        .iter()
        .filter(alike)
        .min_by_key(|(column, _)| (distance(*column), std::cmp::Reverse(*column)))?;
    let rivals = blocks
        .iter()
        .filter(alike)
        .filter(|(column, _)| *column != nearest.0 && distance(*column) == distance(nearest.0));
    (nearest.0 != actual).then(|| Indentation {
        column: nearest.0,
        block: nearest.1,
        clear: rivals.count() == 0,
    })
}

impl Indentation {
    fn tell(&self, problem: &mut Diagnostic, line: &Line<'_>) {
        let source = Arc::clone(&problem.source);
        let begin = Line::of(source.text(), self.block.start);
        let first = begin.text.get(self.column..).unwrap_or("");
        let width = first.find([':', ' ']).unwrap_or(first.len()).max(1);
        let number = source
            .place(Span::new(self.block.start, self.block.start))
            .line;
        let what = if self.block.list { "list" } else { "map" };
        problem.help = Some(format!(
            "indent this line by {}, not {}, like the {what} that begins in line {number}",
            spaces(self.column),
            line.indentation()
        ));
        let end = self.block.start + u32::try_from(width).unwrap_or(1);
        problem.related = Some((
            Span::new(self.block.start, end),
            format!("the {what} begins here"),
        ));
        if let Some(leading) = line.span(0, line.indentation()).filter(|_| self.clear) {
            let say = format!("indent the line by {}", spaces(self.column));
            problem
                .fixes
                .push(Fix::replace(leading, " ".repeat(self.column), say));
        }
    }
}

fn spaces(n: usize) -> String {
    if n == 1 {
        "1 space".to_owned()
    } else {
        format!("{n} spaces")
    }
}
