//! What a [`ReplyFault`] does to a reply.

use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::{Change, Kind, Member, ReplyFault, Which};
use crate::body::{Fields, Repeated};
use crate::call::Call;
use crate::tenant::Tenant;

impl Tenant {
    /// The reply after all faults of the settings that are about it, in their order.
    pub(crate) fn bend_by_rules(
        &self,
        call: &Call<'_>,
        response: Response<Vec<u8>>,
    ) -> Response<Vec<u8>> {
        let rules = self.settings.reply_faults.iter();
        let concerned: Vec<_> = rules
            .filter(|rule| rule.is_about(call, &response))
            .collect();
        concerned
            .into_iter()
            .fold(response, |response, rule| rule.change.of(response))
    }
}

impl ReplyFault {
    fn is_about(&self, call: &Call<'_>, response: &Response<Vec<u8>>) -> bool {
        let is_method = self.method == *call.method
            || (self.method == Method::GET && *call.method == Method::HEAD);
        is_method
            && is_on(&self.path, call.path)
            && self.which.iter().all(|which| which.holds(call, response))
    }
}

fn is_on(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(segment)) if wanted == "*" || wanted == segment => {}
            _ => return false,
        }
    }
}

impl Which {
    fn holds(&self, call: &Call<'_>, response: &Response<Vec<u8>>) -> bool {
        match self {
            Self::Status(status) => response.status().as_u16() == *status,
            Self::Error(error) => {
                let body: Option<Value> = serde_json::from_slice(response.body()).ok();
                body.is_some_and(|body| body["error"] == **error || body["errorCode"] == **error)
            }
            Self::Grant(grant) => {
                let fields = Fields::read(call.headers, call.body, Repeated::Refused).ok();
                let given = fields
                    .as_ref()
                    .and_then(|fields| fields.text("grant_type").ok().flatten());
                given.is_some_and(|given| given.rsplit('/').next() == Some(grant))
            }
        }
    }
}

impl Change {
    fn of(&self, mut response: Response<Vec<u8>>) -> Response<Vec<u8>> {
        match self {
            Self::Status(status) => {
                *response.status_mut() =
                    StatusCode::from_u16(*status).expect("it was checked to be one");
            }
            Self::Drop(header) => {
                response.headers_mut().remove(header);
            }
            Self::Remove(_) | Self::Rename(..) | Self::Retype(..) => {
                // A body that is no JSON has no members, and stays.
                if let Ok(mut body) = serde_json::from_slice(response.body()) {
                    self.of_body(&mut body);
                    *response.body_mut() = body.to_string().into_bytes();
                }
            }
        }
        response
    }

    fn of_body(&self, body: &mut Value) {
        match self {
            Self::Remove(member) => at(body, &member.0, &|owner, name| {
                take(owner, name);
            }),
            Self::Rename(member, new) => {
                at(body, &member.0, &|owner, name| rename(owner, name, new))
            }
            Self::Retype(Member(names), kind) => at(body, names, &|owner, name| {
                if let Some(value) = child(owner, name) {
                    *value = retyped(value, *kind);
                }
            }),
            Self::Status(_) | Self::Drop(_) => {}
        }
    }
}

/// Does something to each member that the names lead to, given its owner and its own name.
fn at(value: &mut Value, names: &[String], act: &dyn Fn(&mut Value, &str)) {
    let [name, inner @ ..] = names else {
        return;
    };
    let here = if name == "*" {
        children(value)
    } else {
        vec![name.clone()]
    };
    // Backwards, so that taking one out of a list moves none that is still to come.
    for name in here.iter().rev() {
        if inner.is_empty() {
            act(value, name);
        } else if let Some(child) = child(value, name) {
            at(child, inner, act);
        }
    }
}

fn children(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members.keys().cloned().collect(),
        Value::Array(elements) => (0..elements.len()).map(|index| index.to_string()).collect(),
        _ => Vec::new(),
    }
}

fn child<'v>(value: &'v mut Value, name: &str) -> Option<&'v mut Value> {
    match value {
        Value::Object(members) => members.get_mut(name),
        Value::Array(elements) => elements.get_mut(name.parse::<usize>().ok()?),
        _ => None,
    }
}

fn take(owner: &mut Value, name: &str) {
    match owner {
        Value::Object(members) => {
            members.shift_remove(name);
        }
        Value::Array(elements) => {
            let index = name
                .parse()
                .ok()
                .filter(|index: &usize| *index < elements.len());
            index.map(|index| elements.remove(index));
        }
        _ => {}
    }
}

/// In its place; a member that had the new name before is lost.
fn rename(owner: &mut Value, name: &str, new: &str) {
    if let Value::Object(members) = owner
        && members.contains_key(name)
    {
        let renamed: Map<String, Value> = std::mem::take(members)
            .into_iter()
            .filter(|(key, _)| key == name || key != new)
            .map(|(key, value)| {
                if key == name {
                    (new.to_owned(), value)
                } else {
                    (key, value)
                }
            })
            .collect();
        *members = renamed;
    }
}

/// The nearest value of another type.
fn retyped(value: &Value, kind: Kind) -> Value {
    match (kind, value) {
        (Kind::String, Value::String(_))
        | (Kind::Number, Value::Number(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Array, Value::Array(_))
        | (Kind::Object, Value::Object(_)) => value.clone(),
        (Kind::String, _) => json!(value.to_string()),
        (Kind::Number, Value::String(text)) => text.parse::<i64>().map_or(json!(1), |n| json!(n)),
        (Kind::Number, Value::Bool(is)) => json!(i64::from(*is)),
        (Kind::Number, _) => json!(1),
        (Kind::Boolean, Value::String(text)) => json!(text != "false" && !text.is_empty()),
        (Kind::Boolean, _) => json!(!value.is_null() && *value != json!(0)),
        (Kind::Array, _) => json!([value]),
        (Kind::Object, _) => json!({ "value": value }),
        (Kind::Null, _) => Value::Null,
    }
}
