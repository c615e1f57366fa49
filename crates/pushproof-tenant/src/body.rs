//! What a request says: [`Fields`], read from a form, from JSON, or from a body whose label is missing or wrong.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::percent::{form_decode, form_pairs};
use crate::refusals;
use crate::reply::Refusal;

/// Bodies above this are refused unread: a token of 64 kB still gets its own, cleaner refusal (HTTP-008).
const BODY_LEN_MAX: usize = 256 * 1024;

/// The parameters that the tenant's endpoints read, the control surface apart.
const KNOWN: &str = "audience authenticator_id authenticator_types binding_code blocked challenge_type client_assertion client_assertion_type \
    client_id client_secret connection email email_verified grant_type mfa_token oob_channels \
    oob_code otp password phone_number realm recovery_code refresh_token scope \
    username";

/// What becomes of a parameter that is given twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Repeated {
    /// The request is refused (RFC 6749 §3.2).
    Refused,
    /// [`crate::Fault::FirstOfTwoCounts`].
    FirstCounts,
}

/// The members of a body. A name that came twice is refused as a whole (RFC 6749 §3.2).
#[derive(Debug)]
pub(crate) struct Fields {
    members: Map<String, Value>,
}

impl Fields {
    /// Reads a body by its media type; where that is missing or strange, or says form over a JSON object, by how the
    /// body begins (`protocol.md` §0.4, item 2: half of the tools mislabel the challenge request).
    pub(crate) fn read(
        headers: &HeaderMap,
        body: &[u8],
        repeated: Repeated,
    ) -> Result<Self, Refusal> {
        if body.len() > BODY_LEN_MAX {
            return Err(Refusal::new(
                413,
                "invalid_request",
                "The request is too large.",
            ));
        }
        let begins_as_object =
            body.iter().find(|octet| !octet.is_ascii_whitespace()) == Some(&b'{');
        if media_type(headers) == Some("application/json") || begins_as_object {
            Self::from_json(body, repeated)
        } else {
            Self::from_form(body, repeated)
        }
    }

    /// Whether the label says that the body is a form.
    pub(crate) fn is_form(headers: &HeaderMap) -> bool {
        media_type(headers) == Some("application/x-www-form-urlencoded")
    }

    pub(crate) fn empty() -> Self {
        Self {
            members: Map::new(),
        }
    }

    fn from_json(body: &[u8], repeated: Repeated) -> Result<Self, Refusal> {
        let pairs: Pairs = serde_json::from_slice(body)
            .map_err(|_| refusals::invalid_request("The body is not a well-formed JSON object."))?;
        Self::from_pairs(pairs.0, repeated)
    }

    fn from_form(body: &[u8], repeated: Repeated) -> Result<Self, Refusal> {
        let refusal = || refusals::invalid_request("The body is not a well-formed form.");
        let pairs: Option<_> = form_pairs(body)
            .map(|(name, value)| Some((form_decode(name)?, Value::String(form_decode(value)?))))
            .collect();
        Self::from_pairs(pairs.ok_or_else(refusal)?, repeated)
    }

    fn from_pairs(pairs: Vec<(String, Value)>, repeated: Repeated) -> Result<Self, Refusal> {
        let mut members = Map::with_capacity(pairs.len());
        for (name, value) in pairs {
            match (members.contains_key(&name), repeated) {
                (true, Repeated::Refused) => {
                    return Err(refusals::invalid_request("A parameter is repeated."));
                }
                (true, Repeated::FirstCounts) => {}
                (false, _) => {
                    members.insert(name, value);
                }
            }
        }
        Ok(Self { members })
    }

    /// The same fields, or a refusal when one of them has a name that no endpoint knows:
    /// [`crate::Fault::UnknownMemberRefused`].
    pub(crate) fn all_known(self) -> Result<Self, Refusal> {
        let is_known = |name: &String| KNOWN.split(' ').any(|known| known == name);
        if self.members.keys().all(is_known) {
            Ok(self)
        } else {
            Err(refusals::invalid_request("There is an unknown parameter."))
        }
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// A text; an empty one counts as omitted (RFC 6749 §3.2).
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        match self.member(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(refusals::must_be(name, "a string")),
        }
    }

    pub(crate) fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.text(name)?.ok_or_else(|| refusals::missing(name))
    }

    /// A list of texts; a bare text is a list of one (the old reference shows `oob_channels` so).
    pub(crate) fn texts(&self, name: &'static str) -> Result<Option<Vec<&str>>, Refusal> {
        let refusal = || refusals::must_be(name, "an array of strings");
        match self.member(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(vec![text])),
            Some(Value::Array(texts)) => texts
                .iter()
                .map(Value::as_str)
                .collect::<Option<_>>()
                .map(Some)
                .ok_or_else(refusal),
            Some(_) => Err(refusal()),
        }
    }
}

fn media_type(headers: &HeaderMap) -> Option<&str> {
    let label = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = label.split(';').next()?.trim();
    ["application/json", "application/x-www-form-urlencoded"]
        .into_iter()
        .find(|known| essence.eq_ignore_ascii_case(known))
}

/// A JSON object with repeated names kept, which `serde_json::Map` would drop.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Pairs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(label: Option<&str>, body: &str) -> String {
        let mut headers = HeaderMap::new();
        if let Some(label) = label {
            headers.insert(CONTENT_TYPE, label.parse().expect("a label of the test"));
        }
        match Fields::read(&headers, body.as_bytes(), Repeated::Refused) {
            Ok(fields) => Value::Object(fields.members).to_string(),
            Err(refusal) => format!("{} {}", refusal.status, refusal.description),
        }
    }

    #[test]
    fn labels_right_wrong_and_missing() {
        let form = Some("application/x-www-form-urlencoded");
        let json = Some("Application/JSON; charset=utf-8");
        let cases = [
            read(form, "a=1&b=x+y%7Cz&c="),
            read(form, r#" {"a":"1"}"#),
            read(None, r#"{"a":"1"}"#),
            read(None, "a=1"),
            read(Some("text/plain"), r#"{"a":["1"]}"#),
            read(Some("undefined"), r#"{"a":1}"#),
            read(json, "a=1"),
            read(json, "{"),
            read(json, "[]"),
            read(json, r#"{"a":"1","a":"2"}"#),
            read(form, "a=1&a=2"),
            read(form, "a=%7"),
            read(form, "a=%zz"),
            read(form, "a=%ff"),
            read(None, ""),
        ];
        insta::assert_snapshot!(cases.join("\n"), @r#"
        {"a":"1","b":"x y|z","c":""}
        {"a":"1"}
        {"a":"1"}
        {"a":"1"}
        {"a":["1"]}
        {"a":1}
        400 The body is not a well-formed JSON object.
        400 The body is not a well-formed JSON object.
        400 The body is not a well-formed JSON object.
        400 A parameter is repeated.
        400 A parameter is repeated.
        400 The body is not a well-formed form.
        400 The body is not a well-formed form.
        400 The body is not a well-formed form.
        {}
        "#);
    }

    proptest! {
        #[test]
        fn reading_never_panics(label in proptest::option::of("[ -~]{0,40}"), body in ".{0,200}") {
            read(label.as_deref(), &body);
        }
    }
}
