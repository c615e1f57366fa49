//! [`Shape::merge`]: the narrowest shape that admits what either admits.
//!
//! A merge joins slot by slot, and each slot is a join of its own, which is why order and repetition do not matter. That
//! also holds for the bound on members: it depends on the set of all names, and names are only ever added.

use std::collections::BTreeMap;

use crate::shape::{MEMBERS_MAX, Member, Object, Shape};
use crate::text::Text;

impl Shape {
    /// The narrowest shape that admits what either admits: commutative, associative, idempotent.
    ///
    /// A member that one object lacks becomes optional; differing constants become their common kind, or `string`; a
    /// secret stays one; two objects that have more than [`MEMBERS_MAX`] names between them become a map.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        merged.absorb(other.clone());
        merged
    }

    /// [`Shape::merge`] in place.
    pub fn absorb(&mut self, other: Self) {
        if self.anything || other.anything {
            *self = Self::anything();
            return;
        }
        self.null |= other.null;
        self.boolean |= other.boolean;
        self.number = self.number.max(other.number);
        self.text = join_slots(self.text.take(), other.text, Text::join);
        self.array = join_slots(self.array.take(), other.array, |one, other| {
            joined(one, *other)
        });
        self.object = join_slots(self.object.take(), other.object, join_objects);
    }
}

/// The merge of all. Of none: [`Shape::nothing`].
impl FromIterator<Self> for Shape {
    fn from_iter<I: IntoIterator<Item = Self>>(shapes: I) -> Self {
        shapes
            .into_iter()
            .fold(Self::nothing(), |mut merged, shape| {
                merged.absorb(shape);
                merged
            })
    }
}

fn join_slots<T>(one: Option<T>, other: Option<T>, join: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(join(one, other)),
        (one, other) => one.or(other),
    }
}

fn joined(mut one: Box<Shape>, other: Shape) -> Box<Shape> {
    one.absorb(other);
    one
}

fn join_objects(one: Object, other: Object) -> Object {
    match (one, other) {
        (Object::Members(one), Object::Members(other)) => within_bound(join_members(one, other)),
        (one, other) => Object::Map(joined(values(one), *values(other))),
    }
}

fn join_members(
    mut one: BTreeMap<String, Member>,
    other: BTreeMap<String, Member>,
) -> BTreeMap<String, Member> {
    for (name, member) in &mut one {
        member.required &= other.contains_key(name);
    }
    for (name, member) in other {
        match one.get_mut(&name) {
            Some(known) => {
                known.required &= member.required;
                known.shape.absorb(member.shape);
            }
            None => {
                one.insert(
                    name,
                    Member {
                        required: false,
                        ..member
                    },
                );
            }
        }
    }
    one
}

fn within_bound(members: BTreeMap<String, Member>) -> Object {
    let object = Object::Members(members);
    match &object {
        Object::Members(members) if members.len() > MEMBERS_MAX => Object::Map(values(object)),
        _ => object,
    }
}

/// What the members of an object have in common.
fn values(object: Object) -> Box<Shape> {
    match object {
        Object::Map(value) => value,
        Object::Members(members) => {
            Box::new(members.into_values().map(|member| member.shape).collect())
        }
    }
}
