//! [`Shape::infer`]: the shape of one reply.

use serde_json::{Map, Value};

use crate::hints::{Claims, Cursor, Hints};
use crate::shape::{
    CONSTANT_CHARS_MAX, DEPTH_MAX, MEMBERS_MAX, Member, NAME_CHARS_MAX, NODES_MAX, Object, Shape,
    is_short, number_of,
};
use crate::text::{Kind, Says, Text};

impl Shape {
    /// The shape of one reply: the narrowest that admits it, given the hints.
    ///
    /// Elements of an array are merged. Hostile replies give small shapes: what is nested deeper than [`DEPTH_MAX`] is
    /// `anything`, an object beyond [`MEMBERS_MAX`] or [`NAME_CHARS_MAX`] is a map, and a reply whose shape would still
    /// be larger than [`NODES_MAX`] is `anything` as a whole.
    pub fn infer(value: &Value, hints: &Hints) -> Self {
        let shape = infer(value, &hints.start(), 0);
        if shape.size() > NODES_MAX {
            Self::anything()
        } else {
            shape
        }
    }
}

fn infer(value: &Value, cursor: &Cursor<'_>, depth: usize) -> Shape {
    let claims = cursor.claims();
    let is_container = value.is_array() || value.is_object();
    if claims.opaque || (is_container && depth == DEPTH_MAX) {
        return Shape::anything();
    }
    let nothing = Shape::nothing();
    match value {
        Value::Null => Shape {
            null: true,
            ..nothing
        },
        Value::Bool(_) => Shape {
            boolean: true,
            ..nothing
        },
        Value::Number(number) => Shape {
            number: Some(number_of(number)),
            ..nothing
        },
        Value::String(text) => Shape {
            text: Some(infer_text(text, claims)),
            ..nothing
        },
        Value::Array(elements) => {
            let cursor = cursor.element();
            let shapes = elements
                .iter()
                .map(|element| infer(element, &cursor, depth + 1));
            Shape {
                array: Some(Box::new(shapes.collect())),
                ..nothing
            }
        }
        Value::Object(members) => Shape {
            object: Some(infer_object(members, cursor, depth)),
            ..nothing
        },
    }
}

fn infer_text(text: &str, claims: Claims) -> Text {
    let is_constant = claims.discriminating && !claims.secret && is_short(text, CONSTANT_CHARS_MAX);
    let says = if is_constant {
        Says::Constant(text.to_owned())
    } else {
        Says::Kind(Kind::of(text))
    };
    Text {
        secret: claims.secret,
        says,
    }
}

fn infer_object(members: &Map<String, Value>, cursor: &Cursor<'_>, depth: usize) -> Object {
    let shapes = members
        .iter()
        .map(|(name, value)| (name, infer(value, &cursor.member(name), depth + 1)));
    let names_are_data = cursor.claims().map
        || members.len() > MEMBERS_MAX
        || members.keys().any(|name| !is_short(name, NAME_CHARS_MAX));
    if names_are_data {
        return Object::Map(Box::new(shapes.map(|(_, shape)| shape).collect()));
    }
    Object::Members(
        shapes
            .map(|(name, shape)| {
                (
                    name.clone(),
                    Member {
                        required: true,
                        shape,
                    },
                )
            })
            .collect(),
    )
}
