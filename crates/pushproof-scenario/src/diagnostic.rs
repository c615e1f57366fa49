//! What is wrong in a file, where, and what to do: [`Diagnostic`], rendered in the manner of rustc.

use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::fix::Fix;
use crate::source::{Source, Span};

/// How bad a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing can be run.
    Error,
    /// It can be run, but says less than its author may think.
    Warning,
    /// Nothing is wrong; something is not there.
    Note,
}

/// One thing that is wrong in one file.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Stable number, `E0107`; `pushproof explain` knows it.
    pub code: &'static str,
    /// Whether anything can still be run.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop, names in backticks.
    pub message: String,
    /// The file.
    pub source: Arc<Source>,
    /// The part that is wrong.
    pub span: Span,
    /// What stands under the caret; may be empty.
    pub label: String,
    /// Another place that belongs to it, such as the first definition.
    pub related: Option<(Span, String)>,
    /// What to do about it.
    pub help: Option<String>,
    /// Changes of the source that may put it right, the best first. One that would bring another problem is not applied.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// Whether this stops a run.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The message with its excerpt, in colour or plain, without a line break at the end.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let snippet = Snippet::source(self.source.text())
            .path(self.source.path())
            .annotation(
                AnnotationKind::Primary
                    .span(self.range(self.span))
                    .label(self.label.as_str()),
            );
        let snippet = match &self.related {
            Some((span, label)) => snippet.annotation(
                AnnotationKind::Context
                    .span(self.range(*span))
                    .label(label.as_str()),
            ),
            None => snippet,
        };
        let mut group = level
            .primary_title(self.message.as_str())
            .id(self.code)
            .element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.render(&[group])
    }

    /// The span in bytes, never outside the text and never across a character.
    fn range(&self, span: Span) -> std::ops::Range<usize> {
        let text = self.source.text();
        let fit = |at: u32| text.floor_char_boundary((at as usize).min(text.len()));
        let (start, end) = (fit(span.start), fit(span.end));
        start..end.max(start)
    }
}

/// The name out of `known` that is nearest to `written`, if one is near enough to be meant.
#[must_use]
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known
        .into_iter()
        .filter_map(|name| Some((distance(written, name)?, name)));
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many slips of the hand lie between two names; `None` if too many.
pub(crate) fn distance(written: &str, name: &str) -> Option<usize> {
    let most = 1 + name.len() / 4;
    // Text of any length may be written; what is far longer is far away.
    if written.len().abs_diff(name.len()) > most * 4 {
        return None;
    }
    let distance = strsim::damerau_levenshtein(written, name);
    (distance <= most).then_some(distance)
}
