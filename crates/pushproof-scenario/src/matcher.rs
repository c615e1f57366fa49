//! The conditions of `check` and `always`: what a value at a path must be. Start at [`Matcher`].

use std::borrow::Cow;

use serde_json::Value;

use crate::dialect::Found;
use crate::expr::Expr;
use crate::fields::{Fields, Reader};
use crate::grammar::{ELEMENT, HELD, KINDS_OF_VALUE, LENGTH, MATCHER_NAMES};
use crate::path::{Path, Root, descend};
use crate::template::plain;
use crate::text_pattern::TextPattern;
use crate::yaml::Node;

/// A condition on a value; `T` is what it compares with, a literal or something still to be resolved.
#[derive(Clone, Debug)]
pub enum Matcher<T = Value> {
    /// The same value.
    Equals(T),
    /// There, and another value.
    DiffersFrom(T),
    /// A text that nobody can guess who knows the other one: the two differ in many places.
    UnguessableFrom(T),
    /// Of a kind.
    Is(Kind),
    /// A text in which the pattern is found.
    Matches(Box<TextPattern>),
    /// One of several.
    OneOf(Vec<T>),
    /// A number not below.
    AtLeast(Bound<T>),
    /// A number not above.
    AtMost(Bound<T>),
    /// A text's characters, a list's elements or an object's members, counted.
    Length(u64, u64),
    /// An object with all of these members.
    Has(Vec<String>),
    /// Each element of a list, looked at below a path, meets a condition.
    Each(Conditions<T>),
    /// An element of a list meets conditions, each looked at below a path.
    Some(Conditions<T>),
    /// No two elements of a list are equal.
    Distinct,
    /// A list with the same elements, in any order.
    SameItems(T),
    /// A text in which none of the secrets that the case knows occurs.
    HoldsNoSecrets,
    /// Nothing, or what meets a condition.
    IfPresent(Box<Self>),
}

/// What a number is held against.
#[derive(Clone, Debug)]
pub enum Bound<T> {
    /// A number, or what is one once it is known.
    Value(T),
    /// What stands at another place of the same reply.
    Place(Path),
}

/// In how many places two texts must differ at the least for one not to be guessed from the other.
///
/// Two texts that hold 128 bits of randomness each differ in nearly all of their places, of which there are 16 at the least; such texts are below
/// this bound less often than once in 10^12. A number that is counted up, or the time, changes a few places at the end.
pub(crate) const APART_MIN: usize = 12;

/// The kinds that `is:` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There at all.
    Present,
    /// Not there.
    Absent,
    /// A text.
    String,
    /// A text that is not empty.
    NonEmpty,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list.
    List,
    /// An object.
    Object,
    /// Three base64url parts with a JSON header.
    Jwt,
    /// An absolute URL.
    Url,
    /// 8-4-4-4-12 hexadecimal digits.
    Uuid,
    /// An RFC 3339 time.
    Time,
}

/// What a matcher needs to know beside the value.
pub trait Context<T> {
    /// The value an operand stands for; `None` if it has none.
    fn resolve<'a>(&'a self, operand: &'a T) -> Option<Cow<'a, Value>>;
    /// Whether a text holds a secret of this case.
    fn holds_secret(&self, text: &str) -> bool;
    /// What stands at another place of the same reply.
    fn beside(&self, place: &Path) -> Option<Cow<'_, Value>>;
}

/// Conditions on an element of a list, each below a path.
type Conditions<T> = Vec<(Vec<String>, Matcher<T>)>;

fn meets<T>(item: &Value, conditions: &Conditions<T>, context: &dyn Context<T>) -> bool {
    let holds = |(path, matcher): &(Vec<String>, Matcher<T>)| {
        matcher.holds(below(item, path).as_deref(), context)
    };
    conditions.iter().all(holds)
}

fn map_all<T, U>(
    conditions: &Conditions<T>,
    resolve: &mut dyn FnMut(&T) -> Option<U>,
) -> Option<Conditions<U>> {
    let one =
        |(path, matcher): &(Vec<String>, Matcher<T>)| Some((path.clone(), matcher.map(resolve)?));
    conditions.iter().map(one).collect()
}

fn all_say<T>(conditions: &Conditions<T>, show: &dyn Fn(&T) -> String) -> String {
    let one = |(path, matcher): &(Vec<String>, Matcher<T>)| {
        format!("{} {}", path.join("."), matcher.says(show))
    };
    conditions.iter().map(one).collect::<Vec<_>>().join(", ")
}

impl<T> Matcher<T> {
    /// Whether it also holds where nothing is there (`optional: true`); it has judged nothing then.
    pub const fn allows_nothing(&self) -> bool {
        matches!(self, Self::IfPresent(_))
    }

    /// Whether the condition holds for what was found.
    pub fn holds(&self, found: Option<&Value>, context: &dyn Context<T>) -> bool {
        if let Self::Is(Kind::Absent) = self {
            return found.is_none();
        }
        let Some(found) = found else {
            return matches!(self, Self::IfPresent(_));
        };
        match self {
            Self::Equals(operand) => context
                .resolve(operand)
                .is_some_and(|value| same(&value, found)),
            Self::DiffersFrom(operand) => context
                .resolve(operand)
                .is_some_and(|value| !same(&value, found)),
            Self::UnguessableFrom(operand) => context
                .resolve(operand)
                .is_some_and(|value| far_apart(&value, found)),
            Self::Is(kind) => kind.fits(found),
            Self::Matches(regex) => found.as_str().is_some_and(|text| regex.is_match(text)),
            Self::OneOf(operands) => operands.iter().any(|operand| {
                context
                    .resolve(operand)
                    .is_some_and(|value| same(&value, found))
            }),
            Self::AtLeast(bound) => found
                .as_f64()
                .zip(bound.number(context))
                .is_some_and(|(found, least)| found >= least),
            Self::AtMost(bound) => found
                .as_f64()
                .zip(bound.number(context))
                .is_some_and(|(found, most)| found <= most),
            Self::Length(least, most) => {
                length(found).is_some_and(|length| (*least..=*most).contains(&length))
            }
            Self::Has(members) => members.iter().all(|member| found.get(member).is_some()),
            Self::Each(conditions) => found
                .as_array()
                .is_some_and(|items| items.iter().all(|item| meets(item, conditions, context))),
            Self::Some(conditions) => found
                .as_array()
                .is_some_and(|items| items.iter().any(|item| meets(item, conditions, context))),
            Self::Distinct => found.as_array().is_some_and(|items| {
                items
                    .iter()
                    .enumerate()
                    .all(|(at, item)| !items[..at].contains(item))
            }),
            Self::SameItems(operand) => context
                .resolve(operand)
                .is_some_and(|value| same_items(&value, found)),
            Self::HoldsNoSecrets => !any_text(found, &|text| context.holds_secret(text)),
            Self::IfPresent(matcher) => {
                matcher.has_no_bound(context) || matcher.holds(Some(found), context)
            }
        }
    }

    /// The same for a header, without making a value of its text where that can be avoided. Headers are texts: where a number is asked for, one
    /// that says a number is one.
    pub fn holds_header(&self, found: Option<&str>, context: &dyn Context<T>) -> bool {
        match (self, found) {
            (Self::Matches(regex), Some(text)) => regex.is_match(text),
            (Self::Is(Kind::Present), found) => found.is_some(),
            (Self::Is(Kind::Absent), found) => found.is_none(),
            (Self::IfPresent(_), None) => true,
            (Self::IfPresent(matcher), found) => {
                matcher.has_no_bound(context) || matcher.holds_header(found, context)
            }
            (Self::AtLeast(_) | Self::AtMost(_), Some(text)) => {
                self.holds(number_in(text).map(Value::from).as_ref(), context)
            }
            (_, found) => self.holds(found.map(Value::from).as_ref(), context),
        }
    }

    /// Whether it compares with another place of the reply, and no number is there.
    fn has_no_bound(&self, context: &dyn Context<T>) -> bool {
        match self {
            Self::AtLeast(bound @ Bound::Place(_)) | Self::AtMost(bound @ Bound::Place(_)) => {
                bound.number(context).is_none()
            }
            _ => false,
        }
    }

    /// The same condition with other operands.
    pub fn map<U>(&self, resolve: &mut dyn FnMut(&T) -> Option<U>) -> Option<Matcher<U>> {
        Some(match self {
            Self::Equals(operand) => Matcher::Equals(resolve(operand)?),
            Self::DiffersFrom(operand) => Matcher::DiffersFrom(resolve(operand)?),
            Self::UnguessableFrom(operand) => Matcher::UnguessableFrom(resolve(operand)?),
            Self::Is(kind) => Matcher::Is(*kind),
            Self::Matches(regex) => Matcher::Matches(regex.clone()),
            Self::OneOf(operands) => {
                Matcher::OneOf(operands.iter().map(resolve).collect::<Option<_>>()?)
            }
            Self::AtLeast(bound) => Matcher::AtLeast(bound.map(resolve)?),
            Self::AtMost(bound) => Matcher::AtMost(bound.map(resolve)?),
            Self::Length(least, most) => Matcher::Length(*least, *most),
            Self::Has(members) => Matcher::Has(members.clone()),
            Self::Each(conditions) => Matcher::Each(map_all(conditions, resolve)?),
            Self::Some(conditions) => Matcher::Some(map_all(conditions, resolve)?),
            Self::Distinct => Matcher::Distinct,
            Self::SameItems(operand) => Matcher::SameItems(resolve(operand)?),
            Self::HoldsNoSecrets => Matcher::HoldsNoSecrets,
            Self::IfPresent(matcher) => Matcher::IfPresent(Box::new(matcher.map(resolve)?)),
        })
    }

    /// The condition in words, operands shown by `show`.
    pub fn says(&self, show: &dyn Fn(&T) -> String) -> String {
        match self {
            Self::Equals(operand) => show(operand),
            Self::DiffersFrom(operand) => format!("anything but {}", show(operand)),
            Self::UnguessableFrom(operand) => format!(
                "a text that differs from {} in {APART_MIN} places or more",
                show(operand)
            ),
            Self::Is(kind) => kind.says().to_owned(),
            Self::Matches(regex) => format!("a text with /{regex}/"),
            Self::OneOf(operands) => format!(
                "one of {}",
                operands.iter().map(show).collect::<Vec<_>>().join(", ")
            ),
            Self::AtLeast(bound) => format!("at least {}", bound.says(show)),
            Self::AtMost(bound) => format!("at most {}", bound.says(show)),
            Self::Length(least, most) if least == most => format!("length {least}"),
            Self::Length(least, u64::MAX) => format!("length at least {least}"),
            Self::Length(least, most) => format!("length {least} to {most}"),
            Self::Has(members) => format!("an object with {}", members.join(", ")),
            Self::Each(conditions) => format!("each with {}", all_say(conditions, show)),
            Self::Some(conditions) => format!("one with {}", all_say(conditions, show)),
            Self::Distinct => "elements that all differ".to_owned(),
            Self::SameItems(operand) => format!("the elements of {}, in any order", show(operand)),
            Self::HoldsNoSecrets => "a text without any secret of this case".to_owned(),
            Self::IfPresent(matcher) => format!("nothing, or {}", matcher.says(show)),
        }
    }
}

impl<T> Bound<T> {
    fn number(&self, context: &dyn Context<T>) -> Option<f64> {
        match self {
            Self::Value(operand) => context.resolve(operand)?.as_f64(),
            Self::Place(place) => {
                let value = context.beside(place)?;
                match (&place.root, value.as_str()) {
                    (Root::Header(_), Some(text)) => number_in(text),
                    _ => value.as_f64(),
                }
            }
        }
    }

    fn map<U>(&self, resolve: &mut dyn FnMut(&T) -> Option<U>) -> Option<Bound<U>> {
        Some(match self {
            Self::Value(operand) => Bound::Value(resolve(operand)?),
            Self::Place(place) => Bound::Place(place.clone()),
        })
    }

    fn says(&self, show: &dyn Fn(&T) -> String) -> String {
        match self {
            Self::Value(operand) => show(operand),
            Self::Place(place) => format!("what `{place}` says"),
        }
    }
}

impl Matcher<Expr> {
    /// Takes the one matcher key of a map, and `optional`; no matcher key or a second one is an error.
    pub fn read(reader: &Reader, fields: &mut Fields<'_>) -> Option<Self> {
        let given = fields.which(MATCHER_NAMES);
        let mut read = None;
        for key in MATCHER_NAMES {
            if let Some(node) = fields.take(key) {
                read = one(reader, key, node);
            }
        }
        let optional = fields
            .take("optional")
            .and_then(|node| reader.boolean(node, "`optional`"))
            .unwrap_or(false);
        match given.len() {
            1 if optional => read.map(|matcher| Self::IfPresent(Box::new(matcher))),
            1 => read,
            0 => {
                let help = "write one of `equals`, `is`, `matches`, `one_of`, `at_least`, `at_most`, `length`, `differs_from`, `unguessable_from`, `has`, `each`, `some`, `distinct`, `same_items`, `holds_no`";
                reader.error_with_help("E0120", fields.span(), "check without a condition", help);
                None
            }
            _ => {
                let message = format!("check with several conditions: `{}`", given.join("`, `"));
                reader.error_with_help("E0120", fields.span(), message, "write one check for each");
                None
            }
        }
    }
}

fn one(reader: &Reader, key: &str, node: &Node) -> Option<Matcher<Expr>> {
    let operand = || Expr::read(reader, node);
    Some(match key {
        "equals" => Matcher::Equals(operand()?),
        "differs_from" => Matcher::DiffersFrom(operand()?),
        "unguessable_from" => Matcher::UnguessableFrom(operand()?),
        "is" => Matcher::Is(reader.word(node, "kind", &KINDS_OF_VALUE)?),
        "matches" => Matcher::Matches(Box::new(regex(reader, node)?)),
        "one_of" => {
            let items = reader.some(node, "`one_of`")?.into_iter();
            let items = items.map(|item| Expr::read(reader, item));
            Matcher::OneOf(items.collect::<Option<_>>()?)
        }
        "at_least" => Matcher::AtLeast(bound(reader, node, "`at_least`")?),
        "at_most" => Matcher::AtMost(bound(reader, node, "`at_most`")?),
        "length" => length_bounds(reader, node)?,
        "has" => {
            let items = reader.some(node, "`has`")?.into_iter();
            let names = items.map(|item| Some(reader.text(item, "a member's name")?.value));
            Matcher::Has(names.collect::<Option<_>>()?)
        }
        "each" => Matcher::Each(elements(reader, node, "`each`")?),
        "some" => Matcher::Some(elements(reader, node, "`some`")?),
        "distinct" => {
            if !reader.boolean(node, "`distinct`")? {
                let help = "leave the check out, or write `distinct: true`";
                let message = "`distinct: false` asks for nothing";
                reader.error_with_help("E0122", node.span, message, help);
                return None;
            }
            Matcher::Distinct
        }
        "same_items" => Matcher::SameItems(operand()?),
        _ => {
            reader.word(node, "`holds_no`", &HELD)?;
            Matcher::HoldsNoSecrets
        }
    })
}

fn regex(reader: &Reader, node: &Node) -> Option<TextPattern> {
    let text = reader.text(node, "`matches`")?;
    let regex = TextPattern::new(&text.value);
    if let Err(error) = &regex {
        let message = format!("`matches` is not a regular expression: {error}");
        reader.error("E0121", node.span, message);
    }
    regex.ok()
}

/// A number, a reference that may be one, or another place of the reply.
fn bound(reader: &Reader, node: &Node, what: &str) -> Option<Bound<Expr>> {
    let operand = Expr::read(reader, node)?;
    let Expr::Literal(value) = &operand else {
        return Some(Bound::Value(operand));
    };
    if value.is_number() {
        return Some(Bound::Value(operand));
    }
    let place = value.as_str().and_then(Path::parse);
    if place.is_none() {
        let message = format!("{what} must be a number, this is `{}`", plain(value));
        let help = "`elapsed` is in milliseconds, other numbers as they stand in the reply; another place of the reply is written as in `that`";
        reader.error_with_help("E0122", node.span, message, help);
    }
    place.map(Bound::Place)
}

/// The number that a text says.
fn number_in(text: &str) -> Option<f64> {
    let number = text.trim().parse::<f64>().ok()?;
    number.is_finite().then_some(number)
}

/// Whether two texts differ in so many places that none can be guessed from the other. What one has more than the other differs.
fn far_apart(left: &Value, right: &Value) -> bool {
    let (Some(left), Some(right)) = (left.as_str(), right.as_str()) else {
        return false;
    };
    let apart = left.bytes().zip(right.bytes());
    let apart = apart.filter(|(left, right)| left != right).count();
    apart + left.len().abs_diff(right.len()) >= APART_MIN
}

/// `length: 24` or `length: { at_least: 22 }`.
fn length_bounds(reader: &Reader, node: &Node) -> Option<Matcher<Expr>> {
    if !matches!(node.kind, crate::yaml::Kind::Map(_)) {
        let exact = reader.count(node, "`length`")?.into();
        return Some(Matcher::Length(exact, exact));
    }
    let mut fields = reader.map(node, &LENGTH)?;
    let mut bound = |key| {
        fields
            .take(key)
            .and_then(|node| reader.count(node, "a bound"))
    };
    let (least, most) = (bound("at_least"), bound("at_most"));
    fields.finish();
    if least.is_none() && most.is_none() {
        let help = "write `length: 24`, or `at_least` and `at_most`";
        reader.error_with_help("E0122", node.span, "`length` without a bound", help);
        return None;
    }
    Some(Matcher::Length(
        least.unwrap_or(0).into(),
        most.map_or(u64::MAX, u64::from),
    ))
}

/// The conditions of `each` and `some`: one, or a list of them.
fn elements(reader: &Reader, node: &Node, what: &str) -> Option<Conditions<Expr>> {
    let items = reader.some(node, what)?.into_iter();
    items.map(|item| element(reader, item)).collect()
}

fn element(reader: &Reader, node: &Node) -> Option<(Vec<String>, Matcher<Expr>)> {
    let mut fields = reader.map(node, &ELEMENT)?;
    let that = fields.need_text("that");
    let matcher = Matcher::read(reader, &mut fields);
    fields.finish();
    Some((
        that?.value.split('.').map(str::to_owned).collect(),
        matcher?,
    ))
}

fn below<'a>(item: &'a Value, path: &[String]) -> Option<Cow<'a, Value>> {
    path.iter()
        .try_fold(Cow::Borrowed(item), |value, step| descend(value, step))
}

/// Whether two lists hold the same elements, each as often.
fn same_items(left: &Value, right: &Value) -> bool {
    let (Some(left), Some(right)) = (left.as_array(), right.as_array()) else {
        return false;
    };
    let mut rest: Vec<&Value> = right.iter().collect();
    let all = left.iter().all(|item| {
        let at = rest.iter().position(|other| same(item, other));
        at.map(|at| rest.swap_remove(at)).is_some()
    });
    all && rest.is_empty()
}

/// Equality as people mean it: `5` and `5.0` are equal, a number and its text are not.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        _ => left == right,
    }
}

/// Whether one of the texts in a value, names of members included, is such a one.
fn any_text(value: &Value, is_one: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is_one(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, is_one)),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| is_one(name) || any_text(value, is_one)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn length(value: &Value) -> Option<u64> {
    let length = match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => return None,
    };
    u64::try_from(length).ok()
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Present => true,
            Self::Absent => false,
            Self::String => text.is_some(),
            Self::NonEmpty => text.is_some_and(|text| !text.is_empty()),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
            Self::Jwt => text.is_some_and(is_jwt),
            Self::Url => text.is_some_and(|text| url::Url::parse(text).is_ok()),
            Self::Uuid => text.is_some_and(is_uuid),
            Self::Time => text.is_some_and(is_time),
        }
    }

    /// The same for a member of which only the form is known; `None` where that is not enough.
    pub(crate) fn fits_found(self, found: Option<&Found<'_>>) -> Option<bool> {
        let Some(found) = found else {
            return Some(self == Self::Absent);
        };
        Some(match self {
            Self::Present => true,
            Self::Absent => false,
            Self::String => matches!(found, Found::Text(_)),
            Self::NonEmpty => matches!(found, Found::Text(text) if !text.is_empty()),
            Self::Integer => matches!(found, Found::Whole(_) | Found::Negative),
            Self::Number => {
                matches!(found, Found::Whole(_) | Found::Negative | Found::Fraction)
            }
            Self::Boolean => matches!(found, Found::Boolean),
            Self::List => matches!(found, Found::List),
            Self::Object => matches!(found, Found::Object),
            Self::Jwt | Self::Url | Self::Uuid | Self::Time => return None,
        })
    }

    const fn says(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Absent => "absent",
            Self::String => "a text",
            Self::NonEmpty => "a text that is not empty",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::List => "a list",
            Self::Object => "an object",
            Self::Jwt => "a JWT",
            Self::Url => "an absolute URL",
            Self::Uuid => "a UUID",
            Self::Time => "an RFC 3339 time",
        }
    }
}

/// Three parts, of which the first two are base64url of JSON objects.
fn is_jwt(text: &str) -> bool {
    text.split('.').count() == 3 && below(&text.into(), &["jwt".to_owned()]).is_some()
}

/// RFC 3339 §5.6, with any offset.
fn is_time(text: &str) -> bool {
    let offset = text
        .len()
        .checked_sub(6)
        .and_then(|at| text.split_at_checked(at));
    let utc = match offset {
        Some((time, offset)) if is_offset(offset) => format!("{time}Z"),
        _ => text.to_owned(),
    };
    humantime::parse_rfc3339(&utc).is_ok()
}

fn is_offset(text: &str) -> bool {
    let number = |text: &str, most: u8| text.parse::<u8>().is_ok_and(|number| number <= most);
    match text.as_bytes() {
        [b'+' | b'-', h1, h2, b':', m1, m2]
            if [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit()) =>
        {
            number(&text[1..3], 23) && number(&text[4..6], 59)
        }
        _ => false,
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(kind: Kind, value: &str) -> bool {
        kind.fits(&serde_json::from_str(value).unwrap())
    }

    #[test]
    fn lists_are_the_same_in_any_order_and_not_with_one_more() {
        let list = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let all = list(r#"[{"id":1},{"id":2},{"id":2}]"#);
        assert!(same_items(&all, &list(r#"[{"id":2},{"id":1},{"id":2}]"#)));
        assert!(!same_items(&all, &list(r#"[{"id":2},{"id":1}]"#)));
        assert!(!same_items(&all, &list(r#"[{"id":2},{"id":1},{"id":1}]"#)));
        assert!(!same_items(&list("[]"), &all));
        assert!(!same_items(&list("{}"), &list("{}")));
    }

    #[test]
    fn what_is_counted_up_is_guessed_and_what_is_drawn_is_not() {
        let far = |left: &str, right: &str| far_apart(&left.into(), &right.into());
        assert!(!far(
            "oob-xxxxxxxxxxxxxxxxxxxxxxxx-00000199",
            "oob-xxxxxxxxxxxxxxxxxxxxxxxx-00000200"
        ));
        assert!(!far("1700000000123", "1700000060456"), "the time");
        assert!(!far("abc", "abc"));
        let (one, other) = (
            "9f86d081884c7d659a2feaa0c55ad015",
            "a3bf4f1b2b0b822cd15d6c15b0f00a08",
        );
        assert!(far(one, other), "128 bits in hexadecimal digits");
        assert!(
            far("q0oN5Zr9xYkT1aWm3uJ7hQ", "Zk2bV8sLw4eRfTg6yHn1iA"),
            "and in base64"
        );
        assert!(!far_apart(&5.into(), &"5".into()));
    }

    struct Reply(&'static [(&'static str, &'static str)]);

    impl Context<Value> for Reply {
        fn resolve<'a>(&'a self, operand: &'a Value) -> Option<Cow<'a, Value>> {
            Some(Cow::Borrowed(operand))
        }

        fn holds_secret(&self, _: &str) -> bool {
            false
        }

        fn beside(&self, place: &Path) -> Option<Cow<'_, Value>> {
            let Root::Header(name) = &place.root else {
                return None;
            };
            let found = self.0.iter().find(|(known, _)| known == name)?;
            Some(Cow::Owned(found.1.into()))
        }
    }

    #[test]
    fn a_header_is_a_number_where_one_is_asked_for() {
        let at_most = Matcher::AtMost(Bound::Place(Path::parse("header.limit").unwrap()));
        let optional = Matcher::IfPresent(Box::new(at_most.clone()));
        let twelve = Reply(&[("limit", "12")]);
        let rows = [
            (Some("12"), &twelve),
            (Some("13"), &twelve),
            (Some("many"), &twelve),
            (None, &twelve),
            (Some("13"), &Reply(&[])),
            (Some("13"), &Reply(&[("limit", "12;w=60")])),
        ];
        let rows = rows.map(|(found, reply)| {
            let (firm, lax) = (
                at_most.holds_header(found, reply),
                optional.holds_header(found, reply),
            );
            format!("{found:?} of {:?}: {firm}, {lax}", reply.0)
        });
        insta::assert_snapshot!(rows.join("\n"), @r#"
        Some("12") of [("limit", "12")]: true, true
        Some("13") of [("limit", "12")]: false, false
        Some("many") of [("limit", "12")]: false, false
        None of [("limit", "12")]: false, true
        Some("13") of []: false, true
        Some("13") of [("limit", "12;w=60")]: false, true
        "#);
        assert!(
            !at_most.holds(Some(&"12".into()), &twelve),
            "a text in a body is none"
        );
    }

    #[test]
    fn kinds_are_what_they_say() {
        let jwt = r#""eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhdXRoMHwxIn0.c2ln""#;
        let table = [
            (Kind::Jwt, jwt, true),
            (
                Kind::Jwt,
                r#""eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhdXRoMHwxIn0""#,
                false,
            ),
            (Kind::Jwt, r#"{"jwt":1}"#, false),
            (Kind::Time, r#""2026-09-01T10:00:00.123Z""#, true),
            (Kind::Time, r#""2026-09-01T10:00:00+02:00""#, true),
            (Kind::Time, r#""2026-09-01T10:00:00+24:00""#, false),
            (Kind::Time, r#""2026-09-01""#, false),
            (
                Kind::Uuid,
                r#""123e4567-e89b-12d3-a456-426614174000""#,
                true,
            ),
            (
                Kind::Uuid,
                r#""123e4567-e89b-12d3-a456-42661417400g""#,
                false,
            ),
            (Kind::Url, r#""/relative""#, false),
            (Kind::NonEmpty, r#""""#, false),
            (Kind::Integer, "1.5", false),
            (Kind::Number, "1.5", true),
        ];
        for (kind, value, expected) in table {
            assert_eq!(fits(kind, value), expected, "{kind:?} {value}");
        }
    }

    #[test]
    fn a_member_seen_by_its_form_is_judged_like_its_value() {
        let values = [
            r#""x""#, r#""""#, "1", "-1", "1.5", "true", "null", "[]", "{}",
        ];
        for (_, kind, _) in KINDS_OF_VALUE.0 {
            for value in values {
                let body = format!(r#"{{"a":{value}}}"#);
                let found = crate::dialect::member(body.as_bytes(), "a").expect("an object");
                let judged = kind.fits_found(found.as_ref());
                assert!(
                    judged.is_none_or(|held| held == fits(*kind, value)),
                    "{kind:?} {value}"
                );
            }
            let none = crate::dialect::member(b"{}", "a").expect("an object");
            assert_eq!(kind.fits_found(none.as_ref()), Some(*kind == Kind::Absent));
        }
    }
}
