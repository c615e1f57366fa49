//! How a call is written: a [`Template`] is compiled once, and rendered into a reused buffer for each request.
//!
//! Rendering for the wire allocates nothing once the buffer has grown. Rendering for people ([`Template::show`]) puts placeholders for
//! secrets where they stand, so a secret is kept out by structure and not by searching for it.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::program::Operand;
use crate::value::Value;

/// A call's bytes with holes for its values.
#[derive(Debug)]
pub struct Template {
    /// HTTP method.
    pub method: http::Method,
    path: Vec<Piece>,
    /// The bearer credential.
    bearer: Option<Vec<Piece>>,
    body: Body,
}

#[derive(Debug)]
enum Body {
    None,
    Form(Vec<Field>),
    Json(Vec<Field>),
}

#[derive(Debug)]
struct Field {
    name: String,
    /// The encoded name with its `=` or `:`, and the value too where it is constant.
    lead: Box<str>,
    pieces: Vec<Piece>,
    /// Left out when this has no value.
    when: Option<Operand>,
    /// The value, for showing.
    operand: Operand,
}

#[derive(Debug)]
enum Piece {
    Const(Box<str>),
    Value(Operand, Encoding),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// A whole JSON value.
    Json,
    /// Inside a JSON string.
    JsonInner,
    /// A path segment.
    Segment,
    /// A header.
    Raw,
}

/// A rendered request. Cleared and filled again for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestBuffer {
    /// Path and query.
    pub path: String,
    /// `name: value\r\n` for each header.
    pub headers: String,
    /// The body.
    pub body: String,
}

impl RequestBuffer {
    /// The headers one by one.
    pub fn header_lines(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers
            .split("\r\n")
            .filter_map(|line| line.split_once(": "))
    }

    fn clear(&mut self) {
        self.path.clear();
        self.headers.clear();
        self.body.clear();
    }
}

/// A request for people: secrets are placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCall {
    /// HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body as sent, but for secrets.
    pub body: String,
    /// Body members with their unencoded values, for a form.
    pub form: Option<Vec<(String, String)>>,
}

/// What a template asks for while it is rendered.
pub trait Values {
    /// What stands in a slot or belongs to the client.
    fn value(&self, operand: &Operand) -> Option<&Value>;
}

/// What a call is made of, before it is compiled.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) method: http::Method,
    pub(crate) path: Operand,
    pub(crate) bearer: Option<Operand>,
    pub(crate) body: PartsBody,
}

#[derive(Debug)]
pub(crate) enum PartsBody {
    None,
    Form(Vec<PartsField>),
    Json(Vec<PartsField>),
}

#[derive(Debug)]
pub(crate) struct PartsField {
    pub(crate) name: String,
    pub(crate) value: Operand,
    pub(crate) optional: bool,
}

impl Template {
    pub(crate) fn new(parts: Parts) -> Self {
        let body = match parts.body {
            PartsBody::None => Body::None,
            PartsBody::Form(fields) => Body::Form(fields.into_iter().map(form_field).collect()),
            PartsBody::Json(fields) => Body::Json(fields.into_iter().map(json_field).collect()),
        };
        Self {
            method: parts.method,
            path: pieces(&parts.path, Encoding::Segment),
            bearer: parts.bearer.map(|bearer| pieces(&bearer, Encoding::Raw)),
            body,
        }
    }

    /// Writes the call for the wire.
    pub fn render(&self, values: &dyn Values, into: &mut RequestBuffer) {
        into.clear();
        write_pieces(&self.path, values, &mut into.path);
        if let Some(bearer) = &self.bearer {
            into.headers.push_str("authorization: Bearer ");
            write_pieces(bearer, values, &mut into.headers);
            into.headers.push_str("\r\n");
        }
        match &self.body {
            Body::None => {}
            Body::Form(fields) => {
                into.headers
                    .push_str("content-type: application/x-www-form-urlencoded\r\n");
                write_fields(fields, '&', values, &mut into.body);
            }
            Body::Json(fields) => {
                into.headers.push_str("content-type: application/json\r\n");
                into.body.push('{');
                write_fields(fields, ',', values, &mut into.body);
                into.body.push('}');
            }
        }
    }

    /// The slots whose values it sends.
    #[must_use]
    pub fn slots(&self) -> Vec<usize> {
        let fields = match &self.body {
            Body::None => &[][..],
            Body::Form(fields) | Body::Json(fields) => fields,
        };
        let bodies = fields.iter().flat_map(|field| &field.pieces);
        let pieces = self
            .path
            .iter()
            .chain(self.bearer.iter().flatten())
            .chain(bodies);
        let slot = |piece: &Piece| match piece {
            Piece::Value(Operand::Slot(slot), _) => Some(*slot),
            _ => None,
        };
        pieces.filter_map(slot).collect()
    }

    /// Writes the call for people; `hide` gives the placeholder of a secret.
    pub fn show(&self, values: &dyn Values, hide: &dyn Fn(&Operand, &str) -> String) -> ShownCall {
        let shown = Shown { values, hide };
        let hidden = |operand: &Operand| {
            let hidden = match shown.values.value(operand)? {
                Value::Secret(secret) => (shown.hide)(operand, secret),
                _ => return None,
            };
            Some(Value::Text(hidden.into()))
        };
        let mut path = String::new();
        show_pieces(&self.path, values, &hidden, &mut path);
        let mut headers = Vec::new();
        if let Some(bearer) = &self.bearer {
            let mut text = "Bearer ".to_owned();
            show_pieces(bearer, values, &hidden, &mut text);
            headers.push(("authorization".to_owned(), text));
        }
        let given = |fields: &[Field]| -> Vec<(String, Json)> {
            let present = |field: &&Field| {
                field
                    .when
                    .as_ref()
                    .is_none_or(|when| values.value(when).is_some())
            };
            fields
                .iter()
                .filter(present)
                .map(|field| {
                    (
                        field.name.clone(),
                        show_json(&field.operand, values, &hidden),
                    )
                })
                .collect()
        };
        let (body, form) = match &self.body {
            Body::None => (String::new(), None),
            Body::Form(fields) => {
                headers.push((
                    "content-type".to_owned(),
                    "application/x-www-form-urlencoded".to_owned(),
                ));
                let form: Vec<(String, String)> = given(fields)
                    .into_iter()
                    .map(|(name, value)| (name, plain(&value)))
                    .collect();
                let body: Vec<String> = form
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                (body.join("&"), Some(form))
            }
            Body::Json(fields) => {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
                let members: serde_json::Map<String, Json> = given(fields).into_iter().collect();
                (Json::Object(members).to_string(), None)
            }
        };
        ShownCall {
            method: self.method.to_string(),
            path,
            headers,
            body,
            form,
        }
    }
}

struct Shown<'a> {
    values: &'a dyn Values,
    hide: &'a dyn Fn(&Operand, &str) -> String,
}

fn form_field(field: PartsField) -> Field {
    let mut lead = String::new();
    encode_form(&field.name, &mut lead);
    lead.push('=');
    compiled(field, lead, Encoding::Form)
}

fn json_field(field: PartsField) -> Field {
    let lead = format!("{}:", Json::from(field.name.as_str()));
    compiled(field, lead, Encoding::Json)
}

fn compiled(field: PartsField, mut lead: String, encoding: Encoding) -> Field {
    let mut pieces = pieces(&field.value, encoding);
    if let [Piece::Const(text)] = &pieces[..] {
        lead.push_str(text);
        pieces.clear();
    }
    let when = field.optional.then(|| field.value.clone());
    Field {
        name: field.name,
        lead: lead.into(),
        pieces,
        when,
        operand: field.value,
    }
}

/// A value as constant text and holes; neighbouring constants are joined.
fn pieces(operand: &Operand, encoding: Encoding) -> Vec<Piece> {
    let mut pieces = Vec::new();
    collect(operand, encoding, &mut pieces);
    pieces
}

fn collect(operand: &Operand, encoding: Encoding, into: &mut Vec<Piece>) {
    let constant = |text: &str, into: &mut Vec<Piece>| match into.last_mut() {
        Some(Piece::Const(last)) => *last = format!("{last}{text}").into(),
        _ => into.push(Piece::Const(text.into())),
    };
    match (operand, encoding) {
        (Operand::Const(value), _) => {
            let mut text = String::new();
            encode(value, encoding, &mut text);
            constant(&text, into);
        }
        (Operand::Text(parts), Encoding::Json) => {
            constant("\"", into);
            parts
                .iter()
                .for_each(|part| collect(part, Encoding::JsonInner, into));
            constant("\"", into);
        }
        // In a path, the text between the inputs is the dialect's own and already a path.
        (Operand::Text(parts), Encoding::Segment) => {
            for part in parts {
                match part {
                    Operand::Const(Json::String(text)) => constant(text, into),
                    _ => collect(part, encoding, into),
                }
            }
        }
        (Operand::Text(parts), _) => parts.iter().for_each(|part| collect(part, encoding, into)),
        (Operand::List(items), _) => {
            constant("[", into);
            for (at, item) in items.iter().enumerate() {
                constant(if at == 0 { "" } else { "," }, into);
                collect(item, Encoding::Json, into);
            }
            constant("]", into);
        }
        (Operand::Map(members), _) => {
            constant("{", into);
            for (at, (name, value)) in members.iter().enumerate() {
                constant(
                    &format!(
                        "{}{}:",
                        if at == 0 { "" } else { "," },
                        Json::from(name.as_str())
                    ),
                    into,
                );
                collect(value, Encoding::Json, into);
            }
            constant("}", into);
        }
        (Operand::Slot(_) | Operand::ClientId(_) | Operand::ClientSecret(_), _) => {
            into.push(Piece::Value(operand.clone(), encoding));
        }
    }
}

fn write_fields(fields: &[Field], separator: char, values: &dyn Values, into: &mut String) {
    let mut first = true;
    for field in fields {
        if field
            .when
            .as_ref()
            .is_some_and(|when| missing(when, values))
        {
            continue;
        }
        if !first {
            into.push(separator);
        }
        first = false;
        into.push_str(&field.lead);
        write_pieces(&field.pieces, values, into);
    }
}

/// Whether a plain reference has no value; anything put together has one.
fn missing(operand: &Operand, values: &dyn Values) -> bool {
    matches!(
        operand,
        Operand::Slot(_) | Operand::ClientId(_) | Operand::ClientSecret(_)
    ) && values.value(operand).is_none()
}

fn write_pieces(pieces: &[Piece], values: &dyn Values, into: &mut String) {
    for piece in pieces {
        match piece {
            Piece::Const(text) => into.push_str(text),
            Piece::Value(operand, encoding) => match values.value(operand) {
                Some(Value::Text(text) | Value::Secret(text)) => encode_text(text, *encoding, into),
                Some(Value::Json(value)) => encode(value, *encoding, into),
                None => encode(&Json::Null, *encoding, into),
            },
        }
    }
}

fn show_pieces(
    pieces: &[Piece],
    values: &dyn Values,
    hidden: &dyn Fn(&Operand) -> Option<Value>,
    into: &mut String,
) {
    for piece in pieces {
        match piece {
            Piece::Const(text) => into.push_str(text),
            Piece::Value(operand, _) => {
                let hidden = hidden(operand);
                match hidden.as_ref().or_else(|| values.value(operand)) {
                    Some(value) => into.push_str(&plain(&value.to_json())),
                    None => into.push_str("null"),
                }
            }
        }
    }
}

fn show_json(
    operand: &Operand,
    values: &dyn Values,
    hidden: &dyn Fn(&Operand) -> Option<Value>,
) -> Json {
    match operand {
        Operand::Const(value) => value.clone(),
        Operand::Text(parts) => parts
            .iter()
            .map(|part| plain(&show_json(part, values, hidden)))
            .collect::<String>()
            .into(),
        Operand::List(items) => items
            .iter()
            .map(|item| show_json(item, values, hidden))
            .collect(),
        Operand::Map(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), show_json(value, values, hidden)))
            .collect(),
        Operand::Slot(_) | Operand::ClientId(_) | Operand::ClientSecret(_) => {
            let hidden = hidden(operand);
            hidden
                .as_ref()
                .or_else(|| values.value(operand))
                .map_or(Json::Null, Value::to_json)
        }
    }
}

/// A value as text: a text without its quotes.
pub(crate) fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        _ => value.to_string(),
    }
}

fn encode(value: &Json, encoding: Encoding, into: &mut String) {
    match (value, encoding) {
        (Json::String(text), _) => encode_text(text, encoding, into),
        (Json::Null, Encoding::Form | Encoding::Segment | Encoding::Raw) => {}
        (_, Encoding::Json | Encoding::JsonInner) => {
            write!(into, "{value}").expect("writing to a String does not fail")
        }
        _ => encode_text(&value.to_string(), encoding, into),
    }
}

fn encode_text(text: &str, encoding: Encoding, into: &mut String) {
    match encoding {
        Encoding::Form => encode_form(text, into),
        Encoding::Segment => encode_segment(text, into),
        Encoding::Raw => into.extend(text.chars().filter(|char| !char.is_control())),
        Encoding::Json => {
            into.push('"');
            encode_json(text, into);
            into.push('"');
        }
        Encoding::JsonInner => encode_json(text, into),
    }
}

/// The WHATWG form encoding: `*-._` and alphanumerics stay, a space is `+`, all else is `%XX`.
fn encode_form(text: &str, into: &mut String) {
    escape_runs(text, into, is_form_plain, |byte, into| match byte {
        b' ' => into.push('+'),
        _ => percent(byte, into),
    });
}

/// A path segment: RFC 3986 unreserved characters stay.
fn encode_segment(text: &str, into: &mut String) {
    escape_runs(
        text,
        into,
        |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'),
        percent,
    );
}

const fn is_form_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-' | b'.' | b'_')
}

fn encode_json(text: &str, into: &mut String) {
    escape_runs(
        text,
        into,
        |byte| byte >= 0x20 && byte != b'"' && byte != b'\\',
        |byte, into| match byte {
            b'"' => into.push_str("\\\""),
            b'\\' => into.push_str("\\\\"),
            b'\n' => into.push_str("\\n"),
            b'\r' => into.push_str("\\r"),
            b'\t' => into.push_str("\\t"),
            _ => write!(into, "\\u{byte:04x}").expect("writing to a String does not fail"),
        },
    );
}

fn percent(byte: u8, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    into.push('%');
    into.push(char::from(HEX[usize::from(byte >> 4)]));
    into.push(char::from(HEX[usize::from(byte & 15)]));
}

/// How many bytes are looked at together; a whole block without a special byte is copied at once.
const BLOCK: usize = 32;

/// Copies runs of plain bytes whole and escapes the others. Tokens are two kilobytes of nearly only plain bytes, so the plain blocks are
/// what must be fast: the test over a fixed-size block has no branches and is vectorised.
fn escape_runs(
    text: &str,
    into: &mut String,
    plain: impl Fn(u8) -> bool,
    escape: impl Fn(u8, &mut String),
) {
    let bytes = text.as_bytes();
    let mut start = 0;
    let mut at = 0;
    while at < bytes.len() {
        if let Some(block) = bytes.get(at..at + BLOCK)
            && block.iter().fold(true, |all, byte| all & plain(*byte))
        {
            at += BLOCK;
            continue;
        }
        let end = (at + BLOCK).min(bytes.len());
        while at < end {
            if !plain(bytes[at]) {
                // Non-ASCII bytes count as plain only for JSON, where whole characters are copied; so a cut here is at a boundary.
                into.push_str(&text[start..at]);
                escape(bytes[at], into);
                start = at + 1;
                while !text.is_char_boundary(start) {
                    escape(bytes[start], into);
                    start += 1;
                }
                at = start;
            } else {
                at += 1;
            }
        }
    }
    into.push_str(&text[start.min(text.len())..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(text: &str, encoding: Encoding) -> String {
        let mut out = String::new();
        encode_text(text, encoding, &mut out);
        out
    }

    proptest! {
        #[test]
        fn a_form_value_reads_back(text in "\\PC{0,80}") {
            let body = format!("k={}", encoded(&text, Encoding::Form));
            let read: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).collect();
            prop_assert_eq!(&read[0].1, &text);
            let reference: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            prop_assert_eq!(&body[2..], reference);
        }

        #[test]
        fn a_json_text_reads_back(text in any::<String>()) {
            let read: String = serde_json::from_str(&encoded(&text, Encoding::Json)).unwrap();
            prop_assert_eq!(read, text);
        }

        #[test]
        fn a_segment_has_no_separator(text in any::<String>()) {
            let segment = encoded(&text, Encoding::Segment);
            prop_assert!(!segment.contains(['/', '?', '#', '|', ' ']));
            let url = url::Url::parse(&format!("http://h/{segment}x")).unwrap();
            prop_assert!(url.path().ends_with('x'));
        }

        #[test]
        fn a_header_stays_on_its_line(text in any::<String>()) {
            prop_assert!(!encoded(&text, Encoding::Raw).contains(['\r', '\n']));
        }
    }
}
