//! One request with its instant: [`Call`].

use std::time::{Duration, SystemTime};

use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::dates::since_epoch;

pub(crate) struct Call<'r> {
    /// Since the Unix epoch.
    pub(crate) now: Duration,
    pub(crate) method: &'r Method,
    pub(crate) path: &'r str,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) body: &'r [u8],
    /// Scheme and authority, as in `http://localhost:4010`.
    pub(crate) origin: String,
}

impl<'r> Call<'r> {
    pub(crate) fn new(
        issuer: Option<&str>,
        now: SystemTime,
        parts: &'r Parts,
        body: &'r [u8],
    ) -> Self {
        Self {
            now: since_epoch(now),
            method: &parts.method,
            path: parts.uri.path(),
            headers: &parts.headers,
            body,
            origin: issuer.map_or_else(
                || origin(parts),
                |issuer| issuer.trim_end_matches('/').into(),
            ),
        }
    }

    /// The issuer, with its trailing slash.
    pub(crate) fn issuer(&self) -> String {
        self.url("")
    }

    /// An address at this tenant; the path without its leading slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.origin)
    }

    /// The host as phones see it, without scheme.
    pub(crate) fn host(&self) -> &str {
        self.origin
            .split_once("://")
            .map_or(&*self.origin, |(_, host)| host)
    }

    /// The credentials of an `Authorization` header of a scheme; the scheme's case does not matter (RFC 9110 §11.1).
    pub(crate) fn credentials(&self, scheme: &str) -> Option<&'r str> {
        let (given, credentials) = self
            .headers
            .get(AUTHORIZATION)?
            .to_str()
            .ok()?
            .split_once(' ')?;
        given
            .eq_ignore_ascii_case(scheme)
            .then_some(credentials.trim())
    }

    /// The discovery document (OpenID Connect Discovery §3), as far as the tenant goes.
    pub(crate) fn configuration(&self) -> Value {
        json!({
            "issuer": self.issuer(),
            "token_endpoint": self.url("oauth/token"),
            "userinfo_endpoint": self.url("userinfo"),
            "mfa_challenge_endpoint": self.url("mfa/challenge"),
            "jwks_uri": self.url(".well-known/jwks.json"),
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        })
    }
}

/// Scheme and authority of an absolute request target, as a server that knows both writes it; else plain HTTP at the
/// `Host` header.
fn origin(parts: &Parts) -> String {
    if let (Some(scheme), Some(authority)) = (parts.uri.scheme_str(), parts.uri.authority()) {
        return format!("{scheme}://{authority}");
    }
    let host = parts
        .headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| !host.is_empty());
    format!("http://{}", host.unwrap_or("localhost"))
}
