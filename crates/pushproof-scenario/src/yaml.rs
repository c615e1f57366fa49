//! YAML as a tree with places. Strict on purpose: one document, no anchors, no tags, no duplicate or non-text keys
//! (`language.md`, "Decisions"), bounded in size and depth, so that hostile or broken files end in a clear message.

mod syntax;

use std::collections::BTreeMap;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle};

use self::syntax::Begun;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix;
use crate::source::{Source, Span};

/// Largest file that is read, in bytes.
pub const BYTES_MAX: usize = 2 << 20;
/// Deepest nesting that is read.
pub const DEPTH_MAX: usize = 48;

/// One node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands; for a map or list, from its first to its last child.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a [`Node`] is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A single value; `quoted` scalars are always text.
    Scalar {
        /// As written, quotes removed and escapes resolved.
        text: String,
        /// Whether it was quoted or a block scalar.
        quoted: bool,
    },
    /// A map in the order written.
    Map(Vec<Entry>),
    /// A list.
    List(Vec<Node>),
}

/// One key of a map with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key's text.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// The value as JSON, by the YAML 1.2 core schema: unquoted `true`, `12`, `1.5`, `null` are typed, all else is text. Numbers that a
    /// person may mean as text stay text: leading zeros, a plus, exponents, other bases, more digits than a number keeps.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match &self.kind {
            Kind::Scalar { text, quoted: true } => text.as_str().into(),
            Kind::Scalar {
                text,
                quoted: false,
            } => plain_to_json(text),
            Kind::List(items) => items.iter().map(Self::to_json).collect(),
            Kind::Map(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.value.to_json()))
                .collect(),
        }
    }

    /// What kind of thing it is, for messages.
    #[must_use]
    pub fn what(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar { .. } => "a single value",
            Kind::Map(_) => "a map",
            Kind::List(_) => "a list",
        }
    }
}

/// A digit string with a leading zero or plus (an OTP, a phone number) stays text: reading it as a number would change it. So does a number
/// that has too many digits to be kept exactly.
fn plain_to_json(text: &str) -> serde_json::Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return serde_json::Value::Null,
        "true" | "True" | "TRUE" => return true.into(),
        "false" | "False" | "FALSE" => return false.into(),
        _ => {}
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let decimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || leading_zero || !decimal(whole) || !decimal(fraction) {
        return text.into();
    }
    if digits.contains('.') {
        let number = text.parse().ok().and_then(serde_json::Number::from_f64);
        return number.map_or_else(|| text.into(), Into::into);
    }
    let signed = || text.parse::<i64>().map(Into::into);
    let number = signed().or_else(|_| text.parse::<u64>().map(Into::into));
    number.unwrap_or_else(|_| text.into())
}

/// Reads a file's text into its tree.
///
/// # Errors
/// The first thing that is not allowed, with its place: syntax (`E0001`), size (`E0002`), what the language leaves out (`E0003`),
/// a key given twice (`E0004`), a key that is not text (`E0005`), an empty file (`E0006`).
pub fn parse(source: &Arc<Source>) -> Result<Node, Box<Diagnostic>> {
    if source.text().len() > BYTES_MAX {
        let message = format!("file is larger than {} MiB", BYTES_MAX >> 20);
        return Err(problem(source, "E0002", message, Span::default(), None));
    }
    Builder {
        source,
        open: Vec::new(),
        closed: Vec::new(),
        root: None,
    }
    .run()
}

fn problem(
    source: &Arc<Source>,
    code: &'static str,
    message: String,
    span: Span,
    help: Option<&str>,
) -> Box<Diagnostic> {
    Box::new(Diagnostic {
        code,
        severity: Severity::Error,
        message,
        source: Arc::clone(source),
        span,
        label: String::new(),
        related: None,
        help: help.map(str::to_owned),
        fixes: Vec::new(),
    })
}

/// A container whose end has not come yet. The tree is built without recursion, so depth costs no stack.
struct Open {
    start: u32,
    end: u32,
    kind: OpenKind,
}

impl Open {
    fn begun(&self) -> Begun {
        let list = matches!(self.kind, OpenKind::List(_));
        Begun {
            start: self.start,
            list,
        }
    }
}

enum OpenKind {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        /// Where each key stands among the entries: a file may have very many of them.
        known: BTreeMap<String, usize>,
        key: Option<(String, Span)>,
    },
}

struct Builder<'a> {
    source: &'a Arc<Source>,
    open: Vec<Open>,
    /// What has ended since the last value.
    closed: Vec<Begun>,
    root: Option<Node>,
}

impl Builder<'_> {
    fn run(mut self) -> Result<Node, Box<Diagnostic>> {
        for next in Parser::new_from_str(self.source.text()) {
            let (event, span) = next.map_err(|error| self.syntax(&error))?;
            let span = span_of(span, self.source.text());
            self.event(event, span)?;
        }
        let missing = || {
            problem(
                self.source,
                "E0006",
                "file is empty".to_owned(),
                Span::default(),
                Some("start with `format: 1`"),
            )
        };
        self.root.ok_or_else(missing)
    }

    fn syntax(&self, error: &granit_parser::ScanError) -> Box<Diagnostic> {
        if *error.kind() == ErrorKind::UnknownAnchor {
            let at = byte_of(*error.marker(), self.source.text());
            return self.refused("aliases (`*name`) are", Span::new(at, at + 1));
        }
        let open: Vec<Begun> = self.open.iter().map(Open::begun).collect();
        syntax::explain(self.source, error, &open, &self.closed)
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Box<Diagnostic>> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.plain(anchor, tag.is_some(), span)?;
                self.closed.clear();
                let quoted = style != ScalarStyle::Plain;
                // The parser writes a tilde where nothing is written.
                let text = if span.start == span.end && !quoted {
                    String::new()
                } else {
                    text.into_owned()
                };
                self.node(Node {
                    span,
                    kind: Kind::Scalar { text, quoted },
                })
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.plain(anchor, tag.is_some(), span)?;
                self.push(span, OpenKind::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.plain(anchor, tag.is_some(), span)?;
                self.push(
                    span,
                    OpenKind::Map {
                        entries: Vec::new(),
                        known: BTreeMap::new(),
                        key: None,
                    },
                )
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(_) => Err(self.refused("aliases (`*name`) are", span)),
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(self.refused("a second document (`---`) is", span))
            }
            _ => Ok(()),
        }
    }

    fn plain(&self, anchor: usize, tagged: bool, span: Span) -> Result<(), Box<Diagnostic>> {
        if anchor != 0 {
            return Err(self.refused("anchors (`&name`) are", self.back_to('&', span)));
        }
        if tagged {
            return Err(self.refused("tags (`!name`) are", self.back_to('!', span)));
        }
        Ok(())
    }

    /// The parser's span leaves out what stands before a value: that begins at the last such sign.
    fn back_to(&self, sign: char, span: Span) -> Span {
        let before = &self.source.text()[..span.start as usize];
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let start = before[line..].rfind(sign).map(|at| line + at);
        let start = start.and_then(|start| u32::try_from(start).ok());
        start.map_or(span, |start| Span::new(start, span.start + 1))
    }

    fn refused(&self, what: &str, span: Span) -> Box<Diagnostic> {
        let message = format!("{what} not part of this language");
        problem(
            self.source,
            "E0003",
            message,
            span,
            Some("write the value out, or move it into a fragment"),
        )
    }

    fn push(&mut self, span: Span, kind: OpenKind) -> Result<(), Box<Diagnostic>> {
        if self.open.len() >= DEPTH_MAX {
            let message = format!("nested deeper than {DEPTH_MAX} levels");
            return Err(problem(self.source, "E0002", message, span, None));
        }
        self.closed.clear();
        self.open.push(Open {
            start: span.start,
            end: span.end,
            kind,
        });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), Box<Diagnostic>> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        self.closed.push(open.begun());
        // A block container's own end lies at the start of the next token; its last child is where people see it end.
        let end = if open.begun().is_flow(self.source) {
            span.end
        } else {
            open.end
        };
        let kind = match open.kind {
            OpenKind::List(items) => Kind::List(items),
            OpenKind::Map { entries, .. } => Kind::Map(entries),
        };
        self.node(Node {
            span: Span::new(open.start, end.max(open.start)),
            kind,
        })
    }

    fn node(&mut self, node: Node) -> Result<(), Box<Diagnostic>> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.end = open.end.max(node.span.end);
        match &mut open.kind {
            OpenKind::List(items) => items.push(node),
            OpenKind::Map {
                entries,
                known,
                key,
            } => match key.take() {
                Some((key, key_span)) => entries.push(Entry {
                    key,
                    key_span,
                    value: node,
                }),
                None => {
                    let name = key_text(self.source, &node)?;
                    if let Some(first) = known.insert(name.clone(), entries.len()) {
                        let first = &entries[first];
                        let mut twice = problem(
                            self.source,
                            "E0004",
                            format!("key `{name}` is given twice"),
                            node.span,
                            None,
                        );
                        twice.label = "given again here".to_owned();
                        twice.related = Some((first.key_span, "first given here".to_owned()));
                        return Err(twice);
                    }
                    *key = Some((name, node.span));
                }
            },
        }
        Ok(())
    }
}

/// A key must be text that every YAML reader takes for text: `on`, `no` and numbers are not.
fn key_text(source: &Arc<Source>, node: &Node) -> Result<String, Box<Diagnostic>> {
    let Kind::Scalar { text, quoted } = &node.kind else {
        let message = "a key must be text".to_owned();
        let help = "a value that holds `{{` or starts with `{` needs quotes";
        return Err(problem(source, "E0005", message, node.span, Some(help)));
    };
    let yaml_1_1_boolean = matches!(
        text.to_ascii_lowercase().as_str(),
        "on" | "off" | "yes" | "no" | "y" | "n"
    );
    if !quoted && (yaml_1_1_boolean || !plain_to_json(text).is_string()) {
        let message = format!("key `{text}` is not text for every YAML reader");
        let help = "put it in quotes or choose another name";
        let mut problem = problem(source, "E0005", message, node.span, Some(help));
        if text == "on" {
            problem.help = Some(format!("{help}; a trigger is called `meanwhile`"));
            problem
                .fixes
                .extend(fix::respell(source, node.span, text, "meanwhile"));
        }
        problem.fixes.extend(fix::quote(source, node.span));
        return Err(problem);
    }
    if text == "<<" {
        return Err(problem(
            source,
            "E0003",
            "merge keys (`<<`) are not part of this language".to_owned(),
            node.span,
            Some("write the keys out, or move them into a fragment"),
        ));
    }
    Ok(text.clone())
}

fn span_of(span: granit_parser::Span, text: &str) -> Span {
    let start = byte_of(span.start, text);
    let end = byte_of(span.end, text).max(start);
    let written = text.get(start as usize..end as usize).unwrap_or("");
    Span::new(
        start,
        start + u32::try_from(written.trim_end().len()).unwrap_or(0),
    )
}

fn byte_of(marker: granit_parser::Marker, text: &str) -> u32 {
    let at = marker.byte_offset().unwrap_or_else(|| {
        text.char_indices()
            .nth(marker.index())
            .map_or(text.len(), |(at, _)| at)
    });
    u32::try_from(at.min(text.len())).unwrap_or(u32::MAX)
}
