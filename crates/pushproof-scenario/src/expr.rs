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
    if let Some(rest) = text.strip_prefix("$$") {
        return Some(Expr::Literal(format!("${rest}").into()));
    }
    if let Some(name) = text.strip_prefix('$')
        && !name.starts_with('{')
    {
        return whole(reader, node, name);
    }
    if !text.contains("${") {
        return Some(Expr::Literal(node.to_json()));
    }
    if !quoted {
        let help = format!(
            "write `${}` for a whole value, or put the text in quotes",
            text.trim_matches(['$', '{', '}'])
        );
        reader.error_with_help(
            "E0110",
            node.span,
            "`${…}` works only inside a quoted text",
            help,
        );
        return None;
    }
    parts(reader, node.span, text).map(Expr::Text)
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

fn parts(reader: &Reader, span: Span, text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if start > 0 {
            parts.push(Part::Literal(rest[..start].to_owned()));
        }
        let after = &rest[start + 2..];
        let name = after
            .find('}')
            .map(|end| &after[..end])
            .filter(|name| is_name(name));
        let Some(name) = name else {
            reader.error_with_help(
                "E0110",
                span,
                "`${` without a name and `}`",
                "a dollar sign is written `$$`",
            );
            return None;
        };
        parts.push(Part::Ref(Spanned::new(name.to_owned(), span)));
        rest = &after[name.len() + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    Some(parts)
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
