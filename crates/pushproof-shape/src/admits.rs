//! [`Shape::admits`]: whether a reply has a shape.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::shape::{Member, Object, Shape, number_of};

impl Shape {
    /// Whether a reply has this shape. [`compare`](crate::compare) says where it has not.
    pub fn admits(&self, value: &Value) -> bool {
        if self.anything {
            return true;
        }
        match value {
            Value::Null => self.null,
            Value::Bool(_) => self.boolean,
            Value::Number(number) => self.number >= Some(number_of(number)),
            Value::String(text) => self.text.as_ref().is_some_and(|known| known.admits(text)),
            Value::Array(elements) => self
                .array
                .as_ref()
                .is_some_and(|known| elements.iter().all(|element| known.admits(element))),
            Value::Object(members) => match &self.object {
                None => false,
                Some(Object::Map(known)) => members.values().all(|value| known.admits(value)),
                Some(Object::Members(known)) => members_admit(known, members),
            },
        }
    }
}

fn members_admit(known: &BTreeMap<String, Member>, members: &Map<String, Value>) -> bool {
    let none_missing = known
        .iter()
        .all(|(name, member)| !member.required || members.contains_key(name));
    none_missing
        && members.iter().all(|(name, value)| {
            known
                .get(name)
                .is_some_and(|member| member.shape.admits(value))
        })
}
