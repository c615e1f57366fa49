//! How a call is written: a [`Template`] is compiled once, and rendered into a reused buffer for each request.
//!
//! Rendering for the wire allocates nothing once the buffer has grown. Rendering for people ([`Template::show`]) puts placeholders for
//! secrets where they stand, so a secret is kept out by structure and not by searching for it.

mod encode;
mod parts;
mod show;

use serde_json::Value as Json;

use encode::{Encoding, encode, encode_text};
pub(crate) use encode::{encode_form, plain};
pub(crate) use parts::{FORM, JSON, Parts, PartsBody, PartsField};
pub use show::ShownCall;

use crate::expr::{At, alter};
use crate::program::Operand;
use crate::value::Value;

/// A call's bytes with holes for its values.
#[derive(Debug)]
pub struct Template {
    /// HTTP method.
    pub method: http::Method,
    path: Vec<Piece>,
    head: Vec<Header>,
    /// The client that may have to prove itself in a header.
    basic: Option<usize>,
    body: Body,
    /// The body is a form as every client writes one, so that people can be shown its fields.
    usual_form: bool,
}

#[derive(Debug)]
struct Header {
    /// The name, with the value too where it is constant.
    lead: Box<str>,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Body {
    None,
    Form(Vec<Field>),
    Json(Vec<Field>),
    /// As it is written.
    Text(Vec<Piece>),
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

/// What a template asks for while it is rendered.
pub trait Values {
    /// What stands in a slot or belongs to the client.
    fn value(&self, operand: &Operand) -> Option<&Value>;
}

impl Template {
    /// Writes the call for the wire.
    pub fn render(&self, values: &dyn Values, into: &mut RequestBuffer) {
        self.write(Ink { values, hide: None }, into);
    }

    fn write(&self, ink: Ink<'_>, into: &mut RequestBuffer) {
        into.clear();
        ink.pieces(&self.path, &mut into.path);
        for header in &self.head {
            into.headers.push_str(&header.lead);
            ink.pieces(&header.pieces, &mut into.headers);
            into.headers.push_str("\r\n");
        }
        if let Some(client) = self.basic {
            let credentials = Operand::ClientBasic(client);
            // What the target wants in a header is withheld from the body.
            let is_withheld = ink.values.value(&Operand::ClientSecret(client)).is_none();
            if is_withheld && ink.values.value(&credentials).is_some() {
                into.headers.push_str("authorization: Basic ");
                ink.value(&credentials, Encoding::Raw, &mut into.headers);
                into.headers.push_str("\r\n");
            }
        }
        match &self.body {
            Body::None => {}
            Body::Form(fields) => ink.fields(fields, '&', &mut into.body),
            Body::Json(fields) => {
                into.body.push('{');
                ink.fields(fields, ',', &mut into.body);
                into.body.push('}');
            }
            Body::Text(pieces) => ink.pieces(pieces, &mut into.body),
        }
    }

    /// The client that it proves to be, with id and secret as the target gives them; `None` if either is left out, changed or another's.
    #[must_use]
    pub fn proves_client(&self) -> Option<usize> {
        let (Body::Form(fields) | Body::Json(fields)) = &self.body else {
            return None;
        };
        let names = |client: &usize| {
            let id = Operand::ClientId(*client);
            fields.iter().any(|field| field.operand == id)
        };
        self.basic.filter(names)
    }

    /// The slots whose values it sends.
    #[must_use]
    pub fn slots(&self) -> Vec<usize> {
        let (fields, text) = match &self.body {
            Body::None => (&[][..], &[][..]),
            Body::Form(fields) | Body::Json(fields) => (&fields[..], &[][..]),
            Body::Text(text) => (&[][..], &text[..]),
        };
        let bodies = fields.iter().flat_map(|field| &field.pieces).chain(text);
        let head = self.head.iter().flat_map(|header| &header.pieces);
        let slots = |piece: &Piece| match piece {
            Piece::Value(operand, _) => operand.slots(),
            Piece::Const(_) => Vec::new(),
        };
        self.path
            .iter()
            .chain(head)
            .chain(bodies)
            .flat_map(slots)
            .collect()
    }
}

/// The placeholder of a secret, from where it comes and its text.
type Hide<'a> = &'a dyn Fn(&Operand, &str) -> String;

/// What fills the holes of a template, and what stands for secrets if people are to read it.
#[derive(Clone, Copy)]
struct Ink<'a> {
    values: &'a dyn Values,
    hide: Option<Hide<'a>>,
}

impl Ink<'_> {
    fn fields(self, fields: &[Field], separator: char, into: &mut String) {
        let mut first = true;
        for field in fields.iter().filter(|field| self.is_sent(field)) {
            if !first {
                into.push(separator);
            }
            first = false;
            into.push_str(&field.lead);
            self.pieces(&field.pieces, into);
        }
    }

    /// An optional field is left out when it is a plain reference without a value; anything put together has one.
    fn is_sent(self, field: &Field) -> bool {
        match &field.when {
            Some(
                when @ (Operand::Slot(_)
                | Operand::ClientId(_)
                | Operand::ClientSecret(_)
                | Operand::ClientBasic(_)
                | Operand::BaseUrl),
            ) => self.values.value(when).is_some(),
            Some(Operand::Altered(inner, _)) => self.values.value(inner).is_some(),
            Some(Operand::Const(_) | Operand::Text(_) | Operand::List(_) | Operand::Map(_))
            | None => true,
        }
    }

    fn pieces(self, pieces: &[Piece], into: &mut String) {
        for piece in pieces {
            match piece {
                Piece::Const(text) => into.push_str(text),
                Piece::Value(operand, encoding) => self.value(operand, *encoding, into),
            }
        }
    }

    fn value(self, operand: &Operand, encoding: Encoding, into: &mut String) {
        if let Operand::Altered(inner, at) = operand {
            return self.altered(inner, *at, encoding, into);
        }
        match (self.values.value(operand), self.hide) {
            (Some(Value::Secret(secret)), Some(hide)) => {
                let quote = if encoding == Encoding::Json { "\"" } else { "" };
                into.push_str(quote);
                into.push_str(&hide(operand, secret));
                into.push_str(quote);
            }
            (Some(Value::Text(text) | Value::Secret(text)), _) => encode_text(text, encoding, into),
            (Some(Value::Json(value)), _) => encode(value, encoding, into),
            (None, _) => encode(&Json::Null, encoding, into),
        }
    }
    /// A secret with one character changed is hidden like the secret.
    fn altered(self, inner: &Operand, at: At, encoding: Encoding, into: &mut String) {
        let value = self.values.value(inner).map(Value::to_json);
        let text = alter(&value.as_ref().map(plain).unwrap_or_default(), at);
        let is_secret = self.values.value(inner).and_then(Value::secret).is_some();
        match self.hide.filter(|_| is_secret) {
            Some(hide) => {
                let quote = if encoding == Encoding::Json { "\"" } else { "" };
                into.push_str(quote);
                into.push_str(&hide(inner, &text));
                into.push_str(quote);
            }
            None => encode_text(&text, encoding, into),
        }
    }
}
