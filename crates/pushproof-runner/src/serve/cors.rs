//! Whose pages may read replies: [`Cors`], cross-origin resource sharing as the Fetch standard has it.
//!
//! An origin that is not listed is refused before the handler sees the request, so that a page that a developer happens to visit can neither read
//! from a sandbox on the same machine nor send to it.

use std::collections::BTreeSet;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};

use super::Origin;

/// Methods that a page of a listed origin may use.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PATCH, DELETE");
/// Headers of replies that such a page may read, beside those that every page may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "date, retry-after, www-authenticate, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset",
);
/// Seconds for which a browser may remember a preflight.
const MAX_AGE_S: HeaderValue = HeaderValue::from_static("600");

/// The origins whose pages may read replies. A server's own pages always may.
#[derive(Clone, Default, Debug)]
pub struct Cors {
    origins: BTreeSet<String>,
}

/// A text that no browser would send as an origin.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not an origin")]
pub struct NotAnOrigin(pub String);

impl Cors {
    /// Of such origins: scheme, host and, if it is not the scheme's own, port.
    ///
    /// # Errors
    /// [`NotAnOrigin`] for the first that is none: one with a path, for example.
    pub fn new<'o>(origins: impl IntoIterator<Item = &'o str>) -> Result<Self, NotAnOrigin> {
        let read = |text: &str| normal(text).ok_or_else(|| NotAnOrigin(text.to_owned()));
        let origins = origins.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { origins })
    }

    /// What becomes of a request.
    pub(super) fn judge(&self, head: &Parts, reached: Option<&Origin>) -> Judgement {
        let Some(origin) = head.headers.get(ORIGIN) else {
            return Judgement::SameOrigin;
        };
        let normal = origin.to_str().ok().and_then(normal);
        if normal.is_some()
            && normal == reached.and_then(|reached| self::normal(&reached.to_string()))
        {
            return Judgement::SameOrigin;
        }
        if !normal.is_some_and(|normal| self.origins.contains(&normal)) {
            return Judgement::Refused(origin.clone());
        }
        let is_preflight = head.method == Method::OPTIONS
            && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if is_preflight {
            let headers = head.headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
            Judgement::Preflight {
                origin: origin.clone(),
                headers,
            }
        } else {
            Judgement::Shared(origin.clone())
        }
    }
}

/// What becomes of a request, by the page that it comes from.
pub(super) enum Judgement {
    /// It comes from no page, or from one of this server.
    SameOrigin,
    /// It comes from a page that may read the reply.
    Shared(HeaderValue),
    /// A browser asks whether such a page may send it.
    Preflight {
        origin: HeaderValue,
        headers: Option<HeaderValue>,
    },
    /// It comes from any other page.
    Refused(HeaderValue),
}

impl Judgement {
    /// The reply that the handler is not asked for.
    pub(super) fn own_reply(&self) -> Option<Response<Vec<u8>>> {
        match self {
            Self::SameOrigin | Self::Shared(_) => None,
            Self::Preflight { headers, .. } => Some(preflight(headers.as_ref())),
            Self::Refused(origin) => Some(refusal(origin)),
        }
    }

    /// Lets the page read the reply, if it may.
    pub(super) fn mark(&self, response: &mut Response<Vec<u8>>) {
        let reply = response.headers_mut();
        reply.append(VARY, HeaderValue::from_static("origin"));
        match self {
            Self::SameOrigin | Self::Refused(_) => {}
            Self::Preflight { origin, .. } => {
                reply.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            }
            Self::Shared(origin) => {
                reply.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                reply.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            }
        }
    }
}

/// Every header that is asked for is allowed: which of them are of use is for the handler to say.
fn preflight(headers: Option<&HeaderValue>) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let reply = response.headers_mut();
    reply.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    reply.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_S);
    if let Some(headers) = headers {
        reply.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
        reply.append(
            VARY,
            HeaderValue::from_static("access-control-request-headers"),
        );
    }
    response
}

fn refusal(origin: &HeaderValue) -> Response<Vec<u8>> {
    let origin = origin.to_str().ok().and_then(normal);
    let text = format!(
        "Origin {} is not allowed.",
        origin.as_deref().unwrap_or("null")
    );
    let mut response = Response::new(text.into_bytes());
    *response.status_mut() = StatusCode::FORBIDDEN;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}

/// An origin as browsers write it: in lower case and without the scheme's own port.
fn normal(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let (scheme, host) = text.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet));
    let is_host = !host.is_empty()
        && host
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b"-._~:[]".contains(&octet));
    let own_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => "",
    };
    let host = host.strip_suffix(own_port).unwrap_or(host);
    (is_scheme && is_host).then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_origin() {
        let lines = [
            "http://localhost:3000",
            "HTTPS://App.Example.com",
            "https://app.example.com:443",
            "http://app.example.com:443",
            "http://[::1]:80",
            "capacitor://localhost",
            "https://app.example.com/",
            "https://app.example.com/login",
            "app.example.com",
            "null",
            "*",
            "https://",
            "://x",
            "https://user@host",
            "https://a b",
            "https://*.example.com",
        ]
        .map(|text| match Cors::new([text]) {
            Ok(cors) => format!("{text} -> {}", cors.origins.first().unwrap()),
            Err(error) => error.to_string(),
        });
        insta::assert_snapshot!(lines.join("\n"), @"
        http://localhost:3000 -> http://localhost:3000
        HTTPS://App.Example.com -> https://app.example.com
        https://app.example.com:443 -> https://app.example.com
        http://app.example.com:443 -> http://app.example.com:443
        http://[::1]:80 -> http://[::1]
        capacitor://localhost -> capacitor://localhost
        `https://app.example.com/` is not an origin
        `https://app.example.com/login` is not an origin
        `app.example.com` is not an origin
        `null` is not an origin
        `*` is not an origin
        `https://` is not an origin
        `://x` is not an origin
        `https://user@host` is not an origin
        `https://a b` is not an origin
        `https://*.example.com` is not an origin
        ");
    }
}
