//! A call for people: as it is sent, but for its secrets.

use serde_json::Value as Json;

use super::encode::plain;
use super::{Body, Hide, Ink, RequestBuffer, Template, Values};
use crate::expr::alter;
use crate::program::Operand;
use crate::value::Value;

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

impl Template {
    /// Writes the call for people; `hide` gives the placeholder of a secret.
    pub fn show(&self, values: &dyn Values, hide: &dyn Fn(&Operand, &str) -> String) -> ShownCall {
        let ink = Ink {
            values,
            hide: Some(hide),
        };
        let mut written = RequestBuffer::default();
        self.write(ink, &mut written);
        let headers = written.header_lines();
        let headers = headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let form = match &self.body {
            Body::Form(fields) if self.usual_form => {
                let sent = fields.iter().filter(|field| ink.is_sent(field));
                let shown = sent.map(|field| {
                    let value = show_json(&field.operand, values, hide);
                    (field.name.clone(), plain(&value))
                });
                Some(shown.collect())
            }
            Body::None | Body::Form(_) | Body::Json(_) | Body::Text(_) => None,
        };
        ShownCall {
            method: self.method.to_string(),
            path: written.path,
            headers,
            body: written.body,
            form,
        }
    }
}

fn show_json(operand: &Operand, values: &dyn Values, hide: Hide<'_>) -> Json {
    let show = |operand: &Operand| show_json(operand, values, hide);
    match operand {
        Operand::Const(value) => value.clone(),
        Operand::Text(parts) => {
            let parts = parts.iter().map(|part| plain(&show(part)));
            parts.collect::<String>().into()
        }
        Operand::List(items) => items.iter().map(show).collect(),
        Operand::Map(members) => {
            let members = members
                .iter()
                .map(|(name, value)| (name.clone(), show(value)));
            members.collect()
        }
        Operand::Altered(inner, at) => {
            let Some(value) = values.value(inner) else {
                return Json::Null;
            };
            let altered = alter(&plain(&value.to_json()), *at);
            match value.secret() {
                Some(_) => hide(inner, &altered).into(),
                None => altered.into(),
            }
        }
        Operand::Slot(_)
        | Operand::ClientId(_)
        | Operand::ClientSecret(_)
        | Operand::ClientBasic(_)
        | Operand::BaseUrl => match values.value(operand) {
            Some(Value::Secret(secret)) => hide(operand, secret).into(),
            Some(value) => value.to_json(),
            None => Json::Null,
        },
    }
}
