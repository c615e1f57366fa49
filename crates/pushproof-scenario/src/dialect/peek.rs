//! A look at a JSON reply that keeps only what is asked for, in one pass and without allocating: [`peek`] for recognition, [`member`]
//! for a condition on one member.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// How many different members a profile may look at.
pub(crate) const NAMES_MAX: usize = 64;
/// How many different members may carry a waiting time.
pub(crate) const WAITS_MAX: usize = 4;

/// What kind of body a reply has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyKind {
    Empty,
    Object,
    List,
    /// JSON, but neither object nor list.
    Scalar,
    /// Not JSON.
    Other,
}

/// Which members of a reply's top level a profile looks at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interest {
    /// Members that must be there.
    names: Vec<Box<str>>,
    /// Members that say how long to wait.
    waits: Vec<Box<str>>,
}

impl Interest {
    /// The position of a member that must be there, added if new. `None` when there are too many.
    pub(crate) fn name(&mut self, name: &str) -> Option<usize> {
        position(&mut self.names, name, NAMES_MAX)
    }

    /// The position of a member with a waiting time, added if new. `None` when there are too many.
    pub(crate) fn wait(&mut self, name: &str) -> Option<usize> {
        position(&mut self.waits, name, WAITS_MAX)
    }
}

fn position(names: &mut Vec<Box<str>>, name: &str, most: usize) -> Option<usize> {
    if let Some(found) = names.iter().position(|known| **known == *name) {
        return Some(found);
    }
    (names.len() < most).then(|| {
        names.push(name.into());
        names.len() - 1
    })
}

/// What was seen.
#[derive(Debug)]
pub(crate) struct Peek<'a> {
    pub(crate) kind: BodyKind,
    /// The text member `error`.
    pub(crate) error: Option<Cow<'a, str>>,
    /// One bit for each of the [`Interest`]'s names that is there and not null.
    pub(crate) present: u64,
    /// The whole number under each of its waits.
    pub(crate) waits: [Option<u64>; WAITS_MAX],
}

/// Looks at a body.
pub(crate) fn peek<'a>(body: &'a [u8], interest: &Interest) -> Peek<'a> {
    let nothing = |kind| Peek {
        kind,
        error: None,
        present: 0,
        waits: [None; WAITS_MAX],
    };
    if body.is_empty() {
        return nothing(BodyKind::Empty);
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    match Top(interest).deserialize(&mut json) {
        Ok(seen) if json.end().is_ok() => seen,
        _ => nothing(BodyKind::Other),
    }
}

struct Top<'i>(&'i Interest);

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = Peek<'de>;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Peek<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl Top<'_> {
    fn scalar<'de>(self) -> Peek<'de> {
        Peek {
            kind: BodyKind::Scalar,
            error: None,
            present: 0,
            waits: [None; WAITS_MAX],
        }
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = Peek<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Peek<'de>, A::Error> {
        let mut seen = Peek {
            kind: BodyKind::Object,
            ..self.scalar_of()
        };
        while let Some(key) = map.next_key_seed(Text)? {
            let key = key.unwrap_or_default();
            let value = map.next_value_seed(Any)?;
            let at = |names: &[Box<str>]| names.iter().position(|name| **name == *key);
            if let Some(position) = at(&self.0.names)
                && !matches!(value, Found::Null)
            {
                seen.present |= 1 << position;
            }
            if let (Some(position), Found::Whole(number)) = (at(&self.0.waits), &value) {
                seen.waits[position] = Some(*number);
            }
            if let (ERROR_MEMBER, Found::Text(text)) = (&*key, value) {
                seen.error = Some(text);
            }
        }
        Ok(seen)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Peek<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Peek {
            kind: BodyKind::List,
            ..self.scalar()
        })
    }

    fn visit_bool<E>(self, _: bool) -> Result<Peek<'de>, E> {
        Ok(self.scalar())
    }
    fn visit_i64<E>(self, _: i64) -> Result<Peek<'de>, E> {
        Ok(self.scalar())
    }
    fn visit_u64<E>(self, _: u64) -> Result<Peek<'de>, E> {
        Ok(self.scalar())
    }
    fn visit_f64<E>(self, _: f64) -> Result<Peek<'de>, E> {
        Ok(self.scalar())
    }
    fn visit_str<E>(self, _: &str) -> Result<Peek<'de>, E> {
        Ok(self.scalar())
    }
    fn visit_unit<E>(self) -> Result<Peek<'de>, E> {
        Ok(self.scalar())
    }
}

/// The member that names an error in every dialect (RFC 6749 §5.2).
const ERROR_MEMBER: &str = "error";

impl Top<'_> {
    fn scalar_of<'de>(&self) -> Peek<'de> {
        Top(self.0).scalar()
    }
}

/// The member of an object, as far as its form; `None` where the body is JSON but no object, so that the member is none.
pub(crate) fn member<'a>(body: &'a [u8], name: &str) -> Option<Option<Found<'a>>> {
    let mut json = serde_json::Deserializer::from_slice(body);
    match Member(name).deserialize(&mut json) {
        Ok(found) if json.end().is_ok() => found,
        _ => Some(None),
    }
}

struct Member<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = Option<Option<Found<'de>>>;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<Option<Found<'de>>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key_seed(Text)? {
            let value = map.next_value_seed(Any)?;
            if key.as_deref() == Some(self.0) {
                found = Some(value);
            }
        }
        Ok(Some(found))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// A value as far as recognition looks at it.
pub(crate) enum Found<'a> {
    Text(Cow<'a, str>),
    Whole(u64),
    Negative,
    Fraction,
    Boolean,
    Null,
    List,
    Object,
}

struct Any;

impl<'de> DeserializeSeed<'de> for Any {
    type Value = Found<'de>;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Found<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Found<'de>, E> {
        Ok(Found::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Found<'de>, E> {
        Ok(Found::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Found<'de>, E> {
        Ok(Found::Whole(number))
    }
    fn visit_i64<E>(self, _: i64) -> Result<Found<'de>, E> {
        Ok(Found::Negative)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Found<'de>, E> {
        Ok(Found::Fraction)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Found<'de>, E> {
        Ok(Found::Boolean)
    }
    fn visit_unit<E>(self) -> Result<Found<'de>, E> {
        Ok(Found::Null)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Found::Object)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Found<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Found::List)
    }
}

/// A key; one with escapes in it is allocated, which no endpoint's ordinary reply has.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<Cow<'de, str>>;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        Ok(match Any.deserialize(json)? {
            Found::Text(text) => Some(text),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interest() -> Interest {
        Interest {
            names: vec!["interval".into(), "access_token".into()],
            waits: vec!["retry_after".into(), "interval".into()],
        }
    }

    #[test]
    fn one_pass_finds_error_members_and_waits() {
        let interest = interest();
        let seen = peek(
            br#"{"error":"slow_down","interval":10,"deep":{"a":[1,{"error":"no"}]}}"#,
            &interest,
        );
        assert_eq!(
            (seen.kind, seen.error.as_deref(), seen.present),
            (BodyKind::Object, Some("slow_down"), 1)
        );
        assert_eq!(seen.waits, [None, Some(10), None, None]);
    }

    #[test]
    fn waits_have_places_of_their_own_however_many_names_came_before() {
        let mut interest = Interest::default();
        (0..NAMES_MAX).for_each(|n| assert!(interest.name(&n.to_string()).is_some()));
        assert_eq!(interest.name("one more"), None);
        assert_eq!(interest.wait("interval"), Some(0));
        assert_eq!(interest.wait("interval"), Some(0));
    }

    #[test]
    fn a_null_member_is_not_there() {
        assert_eq!(peek(br#"{"access_token":null}"#, &interest()).present, 0);
        assert_eq!(peek(br#"{"access_token":"x"}"#, &interest()).present, 2);
    }

    #[test]
    fn every_body_has_a_kind() {
        let kinds: Vec<BodyKind> = [
            "",
            "{}",
            "[1,2]",
            "3",
            "\"x\"",
            "<html>",
            "{\"a\":",
            "{} trailing",
            "\u{feff}{}",
        ]
        .iter()
        .map(|body| peek(body.as_bytes(), &interest()).kind)
        .collect();
        use BodyKind::{Empty, List, Object, Other, Scalar};
        assert_eq!(
            kinds,
            [
                Empty, Object, List, Scalar, Scalar, Other, Other, Other, Other
            ]
        );
    }
}
