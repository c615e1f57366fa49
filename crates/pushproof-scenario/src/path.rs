//! Dotted paths into a reply: `body.recovery_codes.0`, `header.retry-after`, `body.barcode_uri.url.query.enrollment_tx_id`.
//!
//! After a text, `.url`, `.jwt` and `.base64` look into it: a URL's parts, a JWT's claims (`.jwt.header.alg` for its header), the bytes of a
//! base64 text. No signature is checked here; a path only looks.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

/// Where a path starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// The JSON body.
    Body,
    /// The body as text.
    Text,
    /// A header by its lower-case name; of several names, `|` between them, the first that is there.
    Header(String),
    /// The HTTP status.
    Status,
    /// Milliseconds from sending to the whole reply.
    Elapsed,
}

/// A path, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Where it starts.
    pub root: Root,
    /// Member names, element numbers and views, outermost first.
    pub steps: Vec<String>,
}

/// A reply as a path sees it.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// HTTP status.
    pub status: u16,
    /// Headers by lower-case name.
    pub headers: &'a dyn Headers,
    /// The body as it came.
    pub body: &'a [u8],
    /// The body as JSON, where it is JSON.
    pub json: Option<&'a Value>,
    /// From sending to the whole reply.
    pub elapsed: Duration,
}

/// Looks up a header; the first of several.
pub trait Headers {
    /// The value of the header with this lower-case name, where it is text.
    fn header(&self, name: &str) -> Option<&str>;
}

/// The value of the first header that is there, of the names with `|` between them.
pub(crate) fn header<'a>(headers: &'a dyn Headers, names: &str) -> Option<&'a str> {
    names.split('|').find_map(|name| headers.header(name))
}

impl Headers for http::HeaderMap {
    fn header(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str().ok()
    }
}

impl Headers for &[(&str, &str)] {
    fn header(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    }
}

impl Path {
    /// Parses a path. `None` if it does not start with `body`, `text`, `status`, `elapsed` or `header.NAME`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let root = match parts.next()? {
            "body" => Root::Body,
            "text" => Root::Text,
            "status" => Root::Status,
            "elapsed" => Root::Elapsed,
            "header" => Root::Header(parts.next()?.to_ascii_lowercase()),
            _ => return None,
        };
        let steps: Vec<String> = parts.map(str::to_owned).collect();
        let bare = matches!(root, Root::Text | Root::Status | Root::Elapsed);
        (!(steps.iter().any(String::is_empty) || bare && !steps.is_empty()))
            .then_some(Self { root, steps })
    }

    /// The value found there, or `None` if there is nothing.
    #[must_use]
    pub fn get<'a>(&self, seen: Seen<'a>) -> Option<Cow<'a, Value>> {
        let start = match &self.root {
            Root::Body => Cow::Borrowed(seen.json?),
            Root::Text => Cow::Owned(String::from_utf8_lossy(seen.body).into()),
            Root::Header(name) => Cow::Owned(header(seen.headers, name)?.into()),
            Root::Status => Cow::Owned(seen.status.into()),
            Root::Elapsed => Cow::Owned(
                u64::try_from(seen.elapsed.as_millis())
                    .unwrap_or(u64::MAX)
                    .into(),
            ),
        };
        self.steps
            .iter()
            .try_fold(start, |value, step| descend(value, step))
    }

    /// Whether `self` is `other` or lies below it: what is below a secret is secret.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.root == other.root && self.steps.starts_with(&other.steps)
    }
}

/// Every value that steps lead to below a value; `*` stands for any element or member.
pub fn each_below(value: &mut Value, steps: &[String], take: &mut dyn FnMut(&mut Value)) {
    let Some((step, rest)) = steps.split_first() else {
        return take(value);
    };
    match value {
        Value::Object(members) if step == "*" => members
            .iter_mut()
            .for_each(|(_, member)| each_below(member, rest, take)),
        Value::Array(items) if step == "*" => items
            .iter_mut()
            .for_each(|item| each_below(item, rest, take)),
        Value::Object(members) => {
            if let Some(member) = members.get_mut(step) {
                each_below(member, rest, take);
            }
        }
        Value::Array(items) => {
            if let Some(item) = step.parse::<usize>().ok().and_then(|at| items.get_mut(at)) {
                each_below(item, rest, take);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.root {
            Root::Body => f.write_str("body")?,
            Root::Text => f.write_str("text")?,
            Root::Header(name) => write!(f, "header.{name}")?,
            Root::Status => f.write_str("status")?,
            Root::Elapsed => f.write_str("elapsed")?,
        }
        self.steps.iter().try_for_each(|step| write!(f, ".{step}"))
    }
}

/// One step down. A member wins over a view of the same name.
pub(crate) fn descend<'a>(value: Cow<'a, Value>, step: &str) -> Option<Cow<'a, Value>> {
    match value {
        Cow::Borrowed(Value::String(text)) => view(text, step).map(Cow::Owned),
        Cow::Owned(Value::String(text)) => view(&text, step).map(Cow::Owned),
        Cow::Borrowed(value) => child(value, step).map(Cow::Borrowed),
        Cow::Owned(value) => child(&value, step).cloned().map(Cow::Owned),
    }
}

fn child<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) => members.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    }
}

fn view(text: &str, view: &str) -> Option<Value> {
    match view {
        "url" => url_view(text),
        "jwt" => jwt_view(text),
        "base64" => {
            let bytes =
                data_encoding::BASE64URL_NOPAD.decode(text.trim_end_matches('=').as_bytes());
            let bytes = bytes
                .or_else(|_| data_encoding::BASE64.decode(text.as_bytes()))
                .ok()?;
            let text = String::from_utf8(bytes).ok()?;
            Some(serde_json::from_str(&text).unwrap_or(Value::String(text)))
        }
        _ => None,
    }
}

fn url_view(text: &str) -> Option<Value> {
    let url = url::Url::parse(text).ok()?;
    let query: serde_json::Map<String, Value> = url
        .query_pairs()
        .map(|(key, value)| (key.into_owned(), value.into_owned().into()))
        .collect();
    Some(serde_json::json!({
        "scheme": url.scheme(), "host": url.host_str(), "port": url.port(), "path": url.path(), "query": query,
    }))
}

/// The claims, with the header under `header` (a claim of that name gives way).
fn jwt_view(text: &str) -> Option<Value> {
    let mut parts = text.split('.');
    let (header, claims) = (parts.next()?, parts.next()?);
    let decode = |part: &str| -> Option<Value> {
        serde_json::from_slice(
            &data_encoding::BASE64URL_NOPAD
                .decode(part.as_bytes())
                .ok()?,
        )
        .ok()
    };
    let Value::Object(mut claims) = decode(claims)? else {
        return None;
    };
    claims.insert("header".to_owned(), decode(header)?);
    Some(Value::Object(claims))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str, body: &Value) -> Option<Value> {
        let headers: &[(&str, &str)] = &[("retry-after", "5")];
        let seen = Seen {
            status: 429,
            headers: &headers,
            body: b"{}",
            json: Some(body),
            elapsed: Duration::ZERO,
        };
        Path::parse(path)
            .expect("a path")
            .get(seen)
            .map(Cow::into_owned)
    }

    #[test]
    fn paths_reach_members_elements_headers_and_views() {
        let body = serde_json::json!({
            "codes": ["A", "B"],
            "uri": "otpauth://totp/Acme%20Test:ada?enrollment_tx_id=Zt3k&base_url=https%3A%2F%2Facme.example",
            "id_token": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhdXRoMHwxIn0.c2ln",
        });
        assert_eq!(get("body.codes.1", &body), Some("B".into()));
        assert_eq!(get("body.codes.2", &body), None);
        assert_eq!(get("header.Retry-After", &body), Some("5".into()));
        assert_eq!(get("header.x-reset|retry-after", &body), Some("5".into()));
        assert_eq!(get("header.x-reset|x-wait", &body), None);
        assert_eq!(get("status", &body), Some(429.into()));
        assert_eq!(
            get("body.uri.url.query.base_url", &body),
            Some("https://acme.example".into())
        );
        assert_eq!(get("body.id_token.jwt.sub", &body), Some("auth0|1".into()));
        assert_eq!(
            get("body.id_token.jwt.header.alg", &body),
            Some("RS256".into())
        );
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", "boddy.x", "body..x", "status.code", "header"] {
            assert_eq!(Path::parse(text), None, "{text}");
        }
    }
}
