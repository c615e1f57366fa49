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
    /// `{ altered: $name }`: the value with one character changed, and where.
    Altered(Box<Self>, At),
}

/// Where a text is altered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum At {
    /// Its first letter or digit.
    First,
    /// One in the middle.
    #[default]
    Middle,
    /// One of the last, but none of the last four: what those stand for in an encoding may not depend on all their bits.
    Last,
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

    /// Reads a value that is sent: `{ altered: $name }` and `{ filler: 65536 }` are values there.
    pub fn read_sent(reader: &Reader, node: &Node) -> Option<Self> {
        let entries = match &node.kind {
            Kind::Scalar { text, .. } if looks_like_a_token(text) => {
                let help = "capture it, or let the target file give it; for nonsense write `{ altered: $name }` or `{ filler: 64 }`";
                let message = "this looks like a token, and a scenario is no place for one";
                reader.error_with_help("E0114", node.span, message, help);
                return None;
            }
            Kind::Map(entries) => entries,
            Kind::Scalar { .. } | Kind::List(_) => return Self::read(reader, node),
        };
        match &entries[..] {
            [entry] if entry.key == "altered" => altered(reader, &entry.value, At::Middle),
            [entry, at] if entry.key == "altered" && at.key == "at" => {
                let at = reader.word(&at.value, "`at`", &crate::grammar::PLACES)?;
                altered(reader, &entry.value, at)
            }
            [entry] if entry.key == "filler" => filler(reader, &entry.value),
            _ => Self::read(reader, node),
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
            Self::Altered(inner, _) => inner.refs(),
        }
    }
}

/// Characters from which on a word of letters and digits looks like a token.
const TOKEN_MIN: usize = 32;

/// A JWT, a sealed token, or a long word that nobody would think up: a secret that was pasted in.
fn looks_like_a_token(text: &str) -> bool {
    if text.starts_with("Fe26.2*") || text.starts_with("eyJ") && text.matches('.').count() >= 2 {
        return true;
    }
    let is_part =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'/' | b'=');
    let has = |kind: fn(&u8) -> bool| text.bytes().any(|byte| kind(&byte));
    text.len() >= TOKEN_MIN
        && text.bytes().all(is_part)
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
}

/// Longest text that `filler` makes, in characters.
pub(crate) const FILLER_MAX: u32 = 1 << 20;

fn altered(reader: &Reader, node: &Node, at: At) -> Option<Expr> {
    let inner = Expr::read(reader, node)?;
    if let Expr::Ref(_) | Expr::Literal(Value::String(_)) = inner {
        return Some(Expr::Altered(Box::new(inner), at));
    }
    let help = "write `{ altered: $name }`";
    let message = "`altered` takes one text, and changes a character of it";
    reader.error_with_help("E0115", node.span, message, help);
    None
}

fn filler(reader: &Reader, node: &Node) -> Option<Expr> {
    let length = reader.count(node, "`filler`")?;
    if length == 0 || length > FILLER_MAX {
        let message = format!("`filler` makes 1 to {FILLER_MAX} characters, not {length}");
        reader.error("E0115", node.span, message);
        return None;
    }
    Some(Expr::Literal("x".repeat(length as usize).into()))
}

/// How many characters at the end are spared by `at: last`.
const SPARED: usize = 4;

/// A text with one character changed to another of its kind, so that it looks as it did.
pub(crate) fn alter(text: &str, at: At) -> String {
    let places = || {
        text.char_indices()
            .filter(|(_, char)| char.is_ascii_alphanumeric())
    };
    let before = |end: usize| places().take_while(|(place, _)| *place < end).last();
    let wanted = match at {
        At::First => places().next(),
        At::Middle => places().find(|(place, _)| *place >= text.len() / 2),
        At::Last => before(text.len().saturating_sub(SPARED)),
    };
    let Some((at, char)) = wanted.or_else(|| places().next_back()) else {
        return format!("{text}x");
    };
    let other = match char {
        '9' => '0',
        'z' => 'a',
        'Z' => 'A',
        other => char::from(other as u8 + 1),
    };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
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
            reader.unquoted("E0113", node.span, node.span, message, "put it in quotes");
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
                reader.unquoted("E0110", span, places.all, message, help);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{At, alter};

    #[test]
    fn an_altered_text_looks_as_it_did() {
        let altered =
            |at| ["Fe26.2**abc", "493817", "JBSWY3DP", "abc", "--", ""].map(|text| alter(text, at));
        insta::assert_snapshot!(altered(At::First).join(" "), @"Ge26.2**abc 593817 KBSWY3DP bbc --x x");
        insta::assert_snapshot!(altered(At::Middle).join(" "), @"Fe26.3**abc 493917 JBSWZ3DP acc --x x");
        insta::assert_snapshot!(altered(At::Last).join(" "), @"Fe26.3**abc 403817 JBSXY3DP abd --x x");
    }

    proptest! {
        #[test]
        fn an_altered_text_differs(text in "\\PC{0,40}", at in prop::sample::select(&[At::First, At::Middle, At::Last])) {
            prop_assert_ne!(alter(&text, at), text);
        }
    }
}
