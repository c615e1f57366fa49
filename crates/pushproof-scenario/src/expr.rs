//! What stands where a value may stand: a literal, `$name`, or a quoted text with `${name}` in it. No arithmetic, no functions.

use serde_json::Value;

use crate::fields::Reader;
use crate::source::{Span, Spanned};
use crate::yaml::{Kind, Node};

/// A value as written, references not yet resolved.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A value that is what it says.
    Literal(Value),
    /// `$name`: the whole value, type kept.
    Ref(Spanned<String>),
    /// `"… ${name} …"`.
    Text(Vec<Part>),
    /// A list that holds references.
    List(Vec<Self>),
    /// A map that holds references.
    Map(Vec<(String, Self)>),
}

/// A piece of a quoted text.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// As it is.
    Literal(String),
    /// `${name}`.
    Ref(Spanned<String>),
}

impl Expr {
    /// Reads a value; a malformed reference is reported and gives `None`.
    pub fn read(reader: &Reader, node: &Node) -> Option<Self> {
        match &node.kind {
            Kind::Scalar { text, quoted } => scalar(reader, node, text, *quoted),
            Kind::List(items) => {
                let items: Option<Vec<Self>> =
                    items.iter().map(|item| Self::read(reader, item)).collect();
                Some(fold(Self::List(items?)))
            }
            Kind::Map(entries) => {
                let read = |entry: &crate::yaml::Entry| {
                    Some((entry.key.clone(), Self::read(reader, &entry.value)?))
                };
                let members: Option<Vec<_>> = entries.iter().map(read).collect();
                Some(fold(Self::Map(members?)))
            }
        }
    }

    /// Every reference in it, in the order written.
    #[must_use]
    pub fn refs(&self) -> Vec<&Spanned<String>> {
        match self {
            Self::Literal(_) => Vec::new(),
            Self::Ref(name) => vec![name],
            Self::Text(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    Part::Ref(name) => Some(name),
                    Part::Literal(_) => None,
                })
                .collect(),
            Self::List(items) => items.iter().flat_map(Self::refs).collect(),
            Self::Map(members) => members.iter().flat_map(|(_, value)| value.refs()).collect(),
        }
    }
}

/// A container without references is a literal.
fn fold(expr: Expr) -> Expr {
    let literal = |expr: &Expr| match expr {
        Expr::Literal(value) => Some(value.clone()),
        _ => None,
    };
    let folded = match &expr {
        Expr::List(items) => items
            .iter()
            .map(literal)
            .collect::<Option<Vec<Value>>>()
            .map(Value::Array),
        Expr::Map(members) => members
            .iter()
            .map(|(key, value)| Some((key.clone(), literal(value)?)))
            .collect::<Option<serde_json::Map<_, _>>>()
            .map(Value::Object),
        _ => None,
    };
    folded.map_or(expr, Expr::Literal)
}

fn scalar(reader: &Reader, node: &Node, text: &str, quoted: bool) -> Option<Expr> {
    if !text.contains('$') {
        if !quoted && reads_as_time(text) {
            let message = format!("`{text}` is a date or a number for some YAML readers");
            reader.error_with_help("E0113", node.span, message, "put it in quotes");
            return None;
        }
        return Some(Expr::Literal(node.to_json()));
    }
    if let Some(name) = text.strip_prefix('$')
        && !name.starts_with(['{', '$'])
    {
        return whole(reader, node, name);
    }
    let parts = parts(reader, node.span, text, quoted)?;
    Some(match &parts[..] {
        [] => Expr::Literal(Value::String(String::new())),
        [Part::Literal(text)] => Expr::Literal(text.as_str().into()),
        _ => Expr::Text(parts),
    })
}

/// `12:30:45` is a number to base 60 in YAML 1.1, `2027-01-31` a date.
fn reads_as_time(text: &str) -> bool {
    let decimal = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let sexagesimal = text.contains(':') && text.split(':').all(decimal);
    let mut date = text.get(..10).unwrap_or(text).split('-');
    let (year, month, day) = (date.next(), date.next(), date.next());
    let lengths = [(year, 4), (month, 2), (day, 2)];
    let dated = lengths
        .iter()
        .all(|(part, length)| part.is_some_and(|part| part.len() == *length && decimal(part)));
    let rest = text.get(10..).unwrap_or("");
    sexagesimal || dated && (rest.is_empty() || rest.starts_with(['T', 't', ' ']))
}

fn whole(reader: &Reader, node: &Node, name: &str) -> Option<Expr> {
    if is_name(name) {
        return Some(Expr::Ref(Spanned::new(name.to_owned(), node.span)));
    }
    let help = "a reference is `$name` or `$name.member`; a dollar sign is written `$$`";
    reader.error_with_help(
        "E0110",
        node.span,
        format!("`${name}` is not a reference"),
        help,
    );
    None
}

/// A text in pieces: `$$` is a dollar, `${name}` a reference where the text is quoted; any other `$` before a name is a mistake.
fn parts(reader: &Reader, span: Span, text: &str, quoted: bool) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    let mut places = Places::new(reader, span);
    while let Some(at) = rest.find('$') {
        literal.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(more) = after.strip_prefix('$') {
            literal.push('$');
            rest = more;
        } else if let Some(inner) = after.strip_prefix('{') {
            let name = inner.find('}').map(|end| &inner[..end]);
            let Some(name) = name.filter(|name| is_name(name)) else {
                let help = "a dollar sign is written `$$`";
                reader.error_with_help("E0110", span, "`${` without a name and `}`", help);
                return None;
            };
            let span = places.of(name);
            if !quoted {
                let help = format!("write `${name}` for a whole value, or put the text in quotes");
                let message = "`${…}` works only inside a quoted text";
                reader.error_with_help("E0110", span, message, help);
                return None;
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Ref(Spanned::new(name.to_owned(), span)));
            rest = &inner[name.len() + 1..];
        } else if after.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.');
            let end = after.find(|char| !is_part(char)).unwrap_or(after.len());
            let name = after[..end].trim_end_matches('.');
            let help = format!("write `${{{name}}}` in a quoted text, or `$$` for a dollar sign");
            let message = format!("`${name}` inside a text stands for nothing");
            reader.error_with_help("E0110", span, message, help);
            return None;
        } else {
            literal.push('$');
            rest = after;
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Some(parts)
}

/// Where the references of a text stand in the file, as far as its escapes let them be found again.
struct Places<'a> {
    written: &'a str,
    start: u32,
    all: Span,
}

impl<'a> Places<'a> {
    fn new(reader: &'a Reader, all: Span) -> Self {
        let written = reader.source().slice(all);
        Self {
            written,
            start: all.start,
            all,
        }
    }

    /// The place of the next reference to a name.
    fn of(&mut self, name: &str) -> Span {
        let reference = format!("${{{name}}}");
        let found = self
            .written
            .find(&reference)
            .and_then(|at| u32::try_from(at).ok());
        let (Some(at), Ok(length)) = (found, u32::try_from(reference.len())) else {
            return self.all;
        };
        let start = self.start + at;
        self.start = start + length;
        self.written = &self.written[(at + length) as usize..];
        Span::new(start, start + length)
    }
}

/// Whether a text can be a name: letters, digits, `_` and `-`, in dotted parts.
#[must_use]
pub(crate) fn is_name(text: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part
                .chars()
                .all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'))
    };
    text.split('.').all(part)
}
