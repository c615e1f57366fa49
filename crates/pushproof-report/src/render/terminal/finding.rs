//! One finding, as a compiler would say it: [`finding`].

use annotate_snippets::{AnnotationKind, Group, Level as Sign, Message, Origin, Renderer, Snippet};

use super::Style;
use super::paint::{Paint, verdict_style, visible, wrap};
use crate::{
    Case, Cover, Excerpt, Exchange, Finding, Level, RequirementHead, Run, Verdict, sanitize,
};

/// So much of a reply's body is shown.
const BODY_CHARS_MAX: usize = 400;
/// So much of a command is shown.
const CURL_CHARS_MAX: usize = 8000;

pub(super) fn finding(out: &mut String, run: &Run, case: &Case, finding: &Finding, style: &Style) {
    let exchange = case
        .exchanges()
        .find(|exchange| finding.exchange == Some(exchange.exchange));
    let group = group(finding, exchange, run.requirement_heads(), style);
    out.push_str(&renderer(finding, style).render(&[group]));
    out.push('\n');
    if let Some(exchange) = exchange {
        command(out, exchange, style);
    }
}

fn renderer(finding: &Finding, style: &Style) -> Renderer {
    let renderer = match style.color {
        true => Renderer::styled().error(verdict_style(finding.effective(style.strict))),
        false => Renderer::plain(),
    };
    renderer.term_width(style.width)
}

fn group<'a>(
    finding: &Finding,
    exchange: Option<&Exchange>,
    heads: &[RequirementHead],
    style: &Style,
) -> Group<'a> {
    let verdict = finding.effective(style.strict);
    let title = Sign::ERROR
        .with_name(verdict.name())
        .primary_title(visible(&title(finding, verdict)))
        .id(visible(&format!("{}.{}", finding.step, finding.check)));
    let group = match &finding.excerpt {
        Some(excerpt) => title.element(snippet(finding, excerpt)),
        None => title.element(
            Origin::path(visible(&finding.place.file))
                .line(finding.place.line as usize)
                .char_column(finding.place.column as usize),
        ),
    };
    let covers = finding.requirements.iter();
    group
        .element(note("expected", &finding.expected, style))
        .element(note("actual", &finding.actual, style))
        .elements(exchange.map(|exchange| reply(exchange, style)))
        .elements(covers.map(|cover| requirement(cover, heads, style)))
}

/// What the finding means, in terms of requirements.
fn title(finding: &Finding, verdict: Verdict) -> String {
    let ids: Vec<_> = finding
        .requirements
        .iter()
        .map(|cover| cover.requirement.as_str())
        .collect();
    let subject = match ids.is_empty() {
        true => "the check".to_owned(),
        false => ids.join(", "),
    };
    let (holds, does, is) = match ids.len() {
        0 | 1 => ("holds", "does", "is"),
        _ => ("hold", "do", "are"),
    };
    match (verdict, finding.level) {
        (Verdict::Warn, Level::Must) => format!("{subject} {holds} only in a tolerated form"),
        (_, Level::May) => format!("{subject} {is} not observed"),
        (Verdict::Known, _) => format!("{subject} {does} not hold, as is known"),
        (Verdict::Inconclusive, _) => format!("{subject} {is} undecided"),
        _ => format!("{subject} {does} not hold"),
    }
}

/// The source line with carets under the element. Columns count characters, spans bytes.
fn snippet<'a>(
    finding: &Finding,
    excerpt: &Excerpt,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text = without_controls(&excerpt.text);
    let byte = |chars: usize| {
        let mut starts = text.char_indices().map(|(at, _)| at);
        starts.nth(chars).unwrap_or(text.len())
    };
    let from = (excerpt.column as usize).saturating_sub(1);
    let span = byte(from)..byte(from + excerpt.width as usize);
    Snippet::source(text)
        .line_start(excerpt.line as usize)
        .path(visible(&finding.place.file))
        .annotation(
            AnnotationKind::Primary
                .span(span)
                .label(visible(&excerpt.label)),
        )
}

/// Character for character, so that columns stay right. Tabs are the renderer's to widen.
fn without_controls(text: &str) -> String {
    let letter = |letter: char| match letter {
        '\t' => '\t',
        letter if sanitize(letter.encode_utf8(&mut [0; 4]), 1).len() > letter.len_utf8() => {
            '\u{fffd}'
        }
        letter => letter,
    };
    text.chars().map(letter).collect()
}

fn requirement<'a>(cover: &Cover, heads: &[RequirementHead], style: &Style) -> Message<'a> {
    let text = match heads.iter().find(|head| head.id == cover.requirement) {
        None => cover.requirement.clone(),
        Some(head) if head.source.is_empty() => format!("{}: {}", head.id, head.statement),
        Some(head) => format!("{}: {} [{}]", head.id, head.statement, head.source),
    };
    note(cover.level.name(), &text, style)
}

fn reply<'a>(exchange: &Exchange, style: &Style) -> Message<'a> {
    let text = match (&exchange.reply, &exchange.failure) {
        (Some(reply), _) => format!("{} {}", reply.status, sanitize(&reply.body, BODY_CHARS_MAX)),
        (None, Some(failure)) => failure.clone(),
        (None, None) => "none".to_owned(),
    };
    note("reply", &text, style)
}

/// `= name: text`, wrapped.
fn note<'a>(name: &'static str, text: &str, style: &Style) -> Message<'a> {
    let taken = "12345 = : ".len() + name.len();
    let lines = wrap(&visible(text), style.width.saturating_sub(taken));
    Sign::NOTE.with_name(name).message(lines.join("\n"))
}

/// The command that sends the request again. Its lines are whole, so that it can be copied.
fn command(out: &mut String, exchange: &Exchange, style: &Style) {
    let label = format!(
        "  exchange {} again, with your own secrets:",
        exchange.exchange
    );
    out.push_str(&Paint::new(style).faint(&label));
    out.push('\n');
    for line in exchange.request.curl.lines() {
        out.push_str("    ");
        out.push_str(&sanitize(line, CURL_CHARS_MAX));
        out.push('\n');
    }
}
