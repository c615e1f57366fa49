//! From what a call is made of to constant text with holes.

use serde_json::Value as Json;

use super::encode::{Encoding, encode, encode_form};
use super::{Body, Field, Header, Piece, Template};
use crate::program::Operand;

/// What a call is made of, before it is compiled.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) method: http::Method,
    pub(crate) path: Operand,
    /// What is put into the path is not percent-encoded.
    pub(crate) raw_path: bool,
    /// Headers by lower-case name, in the order in which they are sent.
    pub(crate) head: Vec<(String, Operand)>,
    pub(crate) body: PartsBody,
}

/// What a form is said to be.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
/// What JSON is said to be.
pub(crate) const JSON: &str = "application/json";

#[derive(Debug)]
pub(crate) enum PartsBody {
    None,
    Form(Vec<PartsField>),
    Json(Vec<PartsField>),
    Text(Operand),
}

#[derive(Clone, Debug)]
pub(crate) struct PartsField {
    pub(crate) name: String,
    pub(crate) value: Operand,
    pub(crate) optional: bool,
    /// In a form, not percent-encoded.
    pub(crate) raw: bool,
}

impl Template {
    pub(crate) fn new(parts: Parts) -> Self {
        let is_form = |(name, value): &(String, Operand)| {
            name == "content-type" && *value == Operand::Const(FORM.into())
        };
        let usual_form = match &parts.body {
            PartsBody::Form(fields) => {
                parts.head.iter().any(is_form) && !fields.iter().any(|field| field.raw)
            }
            PartsBody::None | PartsBody::Json(_) | PartsBody::Text(_) => false,
        };
        let body = match parts.body {
            PartsBody::None => Body::None,
            PartsBody::Form(fields) => Body::Form(fields.into_iter().map(form_field).collect()),
            PartsBody::Json(fields) => Body::Json(fields.into_iter().map(json_field).collect()),
            PartsBody::Text(text) => Body::Text(pieces(&text, Encoding::Verbatim)),
        };
        Self {
            basic: if parts.head.iter().any(|(name, _)| name == "authorization") {
                None
            } else {
                secret_sender(&body)
            },
            method: parts.method,
            path: pieces(
                &parts.path,
                if parts.raw_path {
                    Encoding::Verbatim
                } else {
                    Encoding::Segment
                },
            ),
            head: parts.head.into_iter().map(header).collect(),
            body,
            usual_form,
        }
    }
}

fn header((name, value): (String, Operand)) -> Header {
    let mut lead = format!("{name}: ");
    let mut pieces = pieces(&value, Encoding::Raw);
    if let [Piece::Const(text)] = &pieces[..] {
        lead.push_str(text);
        pieces.clear();
    }
    Header {
        lead: lead.into(),
        pieces,
    }
}

/// The client whose secret stands in the body; by its target's wish it goes into a header instead.
fn secret_sender(body: &Body) -> Option<usize> {
    let (Body::Form(fields) | Body::Json(fields)) = body else {
        return None;
    };
    fields.iter().find_map(|field| match field.operand {
        Operand::ClientSecret(client) => Some(client),
        _ => None,
    })
}

fn form_field(field: PartsField) -> Field {
    let mut lead = String::new();
    encode_form(&field.name, &mut lead);
    lead.push('=');
    let encoding = if field.raw {
        Encoding::Verbatim
    } else {
        Encoding::Form
    };
    compiled(field, lead, encoding)
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
        (
            Operand::Slot(_)
            | Operand::ClientId(_)
            | Operand::ClientSecret(_)
            | Operand::ClientBasic(_)
            | Operand::BaseUrl
            | Operand::Altered(..),
            _,
        ) => {
            into.push(Piece::Value(operand.clone(), encoding));
        }
    }
}
