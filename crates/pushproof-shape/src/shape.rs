//! [`Shape`], its parts and its bounds.
//!
//! A shape is kept in one normal form, a slot for each JSON type, so that a union has no order and no duplicates and
//! two shapes that say the same are equal.

use std::collections::BTreeMap;

use crate::text::Text;

/// Arrays and objects nested deeper than this are `anything`.
pub const DEPTH_MAX: usize = 32;

/// An object with more members than this is a map: its names are taken for data.
pub const MEMBERS_MAX: usize = 128;

/// An object with a member name of more characters than this is a map.
pub const NAME_CHARS_MAX: usize = 128;

/// A discriminating string of more characters than this is described by its kind instead.
pub const CONSTANT_CHARS_MAX: usize = 64;

/// A reply whose shape has more nodes than this is `anything`.
///
/// The bound is [`Shape::infer`]'s alone. A merge is at most as large as both sides together: capping it too would make
/// the result depend on the order of merging.
pub const NODES_MAX: usize = 4096;

/// The structure of a reply without its values.
///
/// The [default](Shape::nothing) admits no value and changes nothing in a merge.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    /// Everything is admitted. The other slots are then empty.
    pub(crate) anything: bool,
    pub(crate) null: bool,
    pub(crate) boolean: bool,
    pub(crate) number: Option<Number>,
    pub(crate) text: Option<Text>,
    /// The shape of all elements.
    pub(crate) array: Option<Box<Self>>,
    pub(crate) object: Option<Object>,
}

/// Which numbers; the greater admits more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Number {
    Integer,
    Any,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Object {
    /// At most [`MEMBERS_MAX`], each name at most [`NAME_CHARS_MAX`] characters.
    Members(BTreeMap<String, Member>),
    /// Names are data; the shape of all values.
    Map(Box<Shape>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Member {
    pub(crate) required: bool,
    pub(crate) shape: Shape,
}

impl Shape {
    /// The shape before any reply was seen. Admits no value.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The shape that admits every value.
    pub fn anything() -> Self {
        Self {
            anything: true,
            ..Self::default()
        }
    }

    /// Whether no value is admitted, as of the elements of an array that was always empty.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether every value is admitted, because the caller said so or the reply was beyond the bounds.
    pub fn is_anything(&self) -> bool {
        self.anything
    }

    /// How many nodes the shape has: itself, and those of its members, elements and map values.
    pub fn size(&self) -> usize {
        let array = self.array.as_ref().map_or(0, |element| element.size());
        let object = match &self.object {
            None => 0,
            Some(Object::Map(value)) => value.size(),
            Some(Object::Members(members)) => {
                members.values().map(|member| member.shape.size()).sum()
            }
        };
        1 + array + object
    }
}

/// Whether a number is one that every client can keep as an integer of 64 bits.
pub(crate) fn number_of(number: &serde_json::Number) -> Number {
    if number.is_i64() || number.is_u64() {
        Number::Integer
    } else {
        Number::Any
    }
}

/// Whether a text has at most so many characters, without counting a long one to its end.
pub(crate) fn is_short(text: &str, chars_max: usize) -> bool {
    text.chars().nth(chars_max).is_none()
}
