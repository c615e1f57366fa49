//! How a call is written: a [`Template`] is compiled once, and rendered into a reused buffer for each request.
//!
//! Rendering for the wire allocates nothing once the buffer has grown. Rendering for people ([`Template::show`]) puts placeholders for
//! secrets where they stand, so a secret is kept out by structure and not by searching for it.

mod encode;
mod parts;
mod show;

use serde_json::Value as Json;

pub(crate) use encode::{encode_form, plain};
use encode::{Encoding, encode, encode_text};
pub(crate) use parts::{Parts, PartsBody, PartsField};
pub use show::ShownCall;

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
    /// The client that may have to prove itself in a header.
    basic: Option<usize>,
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
        if let Some(bearer) = &self.bearer {
            into.headers.push_str("authorization: Bearer ");
            ink.pieces(bearer, &mut into.headers);
            into.headers.push_str("\r\n");
        }
        if let Some(client) = self.basic {
            let credentials = Operand::ClientBasic(client);
            if ink.values.value(&credentials).is_some() {
                into.headers.push_str("authorization: Basic ");
                ink.value(&credentials, Encoding::Raw, &mut into.headers);
                into.headers.push_str("\r\n");
            }
        }
        match &self.body {
            Body::None => {}
            Body::Form(fields) => {
                into.headers
                    .push_str("content-type: application/x-www-form-urlencoded\r\n");
                ink.fields(fields, '&', &mut into.body);
            }
            Body::Json(fields) => {
                into.headers.push_str("content-type: application/json\r\n");
                into.body.push('{');
                ink.fields(fields, ',', &mut into.body);
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
                | Operand::ClientBasic(_)),
            ) => self.values.value(when).is_some(),
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
}
