//! By which address a client reached the server: [`Origin`].

use std::fmt;

use http::HeaderMap;
use http::header::HOST;
use http::request::Parts;
use http::uri::{Authority, Scheme};

/// Scheme and authority, as in `https://localhost:4010`, in lower case. The server puts it among a request's extensions; it is missing where the
/// client named no host that could be one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// A host with or without a port.
    pub authority: Authority,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

impl Origin {
    /// Reads it from a request's target (HTTP/2, and the absolute form of HTTP/1.1), else from its `Host`; where they are trusted, rather from the
    /// first entries of `X-Forwarded-Proto` and `X-Forwarded-Host`.
    pub(super) fn read(head: &Parts, scheme: &Scheme, trust_forwarded: bool) -> Option<Self> {
        let forwarded = |name: &str| {
            let text = trust_forwarded
                .then(|| first(&head.headers, name))
                .flatten();
            text.filter(|text| !text.is_empty())
        };
        let known = |proto: &str| {
            let known = [Scheme::HTTP, Scheme::HTTPS];
            known
                .into_iter()
                .find(|known| proto.eq_ignore_ascii_case(known.as_str()))
        };
        let proto = forwarded("x-forwarded-proto").and_then(known);
        let authority = match forwarded("x-forwarded-host").and_then(plausible) {
            Some(authority) => authority,
            None => match head.uri.authority() {
                Some(authority) => plausible(authority.as_str())?,
                None => plausible(head.headers.get(HOST)?.to_str().ok()?)?,
            },
        };
        Some(Self {
            scheme: proto.unwrap_or_else(|| scheme.clone()),
            authority,
        })
    }
}

/// The first entry of a list header.
fn first<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let text = headers.get(name)?.to_str().ok()?;
    text.split(',').next().map(str::trim)
}

/// A host with or without a port; nobody's name and password.
fn plausible(text: &str) -> Option<Authority> {
    let authority: Authority = match text.bytes().any(|octet| octet.is_ascii_uppercase()) {
        true => text.to_ascii_lowercase().parse().ok()?,
        false => text.parse().ok()?,
    };
    (!authority.host().is_empty() && !text.contains('@')).then_some(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(trust_forwarded: bool, uri: &str, headers: &[(&str, &str)]) -> String {
        let mut request = http::Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        Origin::read(&head, &Scheme::HTTP, trust_forwarded)
            .map_or_else(|| "none".into(), |origin| origin.to_string())
    }

    #[test]
    fn who_is_believed() {
        let forwarded: &[_] = &[
            ("host", "inner:4010"),
            ("x-forwarded-host", "Tenant.example.com, proxy.internal"),
            ("x-forwarded-proto", "HTTPS, http"),
        ];
        let nonsense: &[_] = &[
            ("host", "inner"),
            ("x-forwarded-host", "a b"),
            ("x-forwarded-proto", "gopher"),
        ];
        let lines = [
            read(false, "/", &[("host", "LocalHost:4010")]),
            read(false, "/", &[("host", "[::1]:4010")]),
            read(false, "http://tenant.example.com/x", &[("host", "other")]),
            read(false, "/", &[]),
            read(false, "/", &[("host", "user:pass@host")]),
            read(false, "/", &[("host", "a b")]),
            read(false, "/", forwarded),
            read(true, "/", forwarded),
            read(true, "/", nonsense),
            read(
                true,
                "/",
                &[("host", "inner"), ("x-forwarded-proto", "https")],
            ),
        ];
        insta::assert_snapshot!(lines.join("\n"), @"
        http://localhost:4010
        http://[::1]:4010
        http://tenant.example.com
        none
        none
        none
        http://inner:4010
        https://tenant.example.com
        http://inner
        https://inner
        ");
    }
}
