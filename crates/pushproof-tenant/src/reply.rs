//! What goes back: [`Reply`] when a request is served, [`Refusal`] when it is not, and how both become HTTP.

use std::borrow::Cow;
use std::time::Duration;

use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::bucket::Level;

const RATE_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const RATE_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RATE_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Headers of the reply that has most of them, with those that a server adds.
const HEADERS_MOST: usize = 12;

/// What a handler gives.
pub(crate) type Answer = Result<Reply, Refusal>;

/// A served request.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// `None` is an empty body, as 204 demands (RFC 9110 §15.3.5).
    pub(crate) body: Option<Value>,
    pub(crate) level: Option<Level>,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<Value>) -> Self {
        Self {
            status: 200,
            body: Some(body.into()),
            level: None,
        }
    }

    pub(crate) fn created(body: impl Into<Value>) -> Self {
        Self {
            status: 201,
            ..Self::ok(body)
        }
    }

    pub(crate) fn no_content() -> Self {
        Self {
            status: 204,
            body: None,
            level: None,
        }
    }

    pub(crate) fn with_level(self, level: Level) -> Self {
        Self {
            level: Some(level),
            ..self
        }
    }
}

/// A refused request. The texts never hold anything that the client sent.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    pub(crate) description: Cow<'static, str>,
    pub(crate) more: Box<More>,
}

/// What some refusals carry besides.
#[derive(Clone, Default, Debug)]
pub(crate) struct More {
    /// Further members of the body.
    pub(crate) members: Map<String, Value>,
    /// The `WWW-Authenticate` header.
    pub(crate) challenge: Option<String>,
    /// The `Allow` header.
    pub(crate) allow: Option<&'static str>,
    pub(crate) level: Option<Level>,
    /// Whether the client must wait for [`Level::wait`].
    pub(crate) throttled: bool,
}

impl Refusal {
    pub(crate) fn new(
        status: u16,
        error: &'static str,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            error,
            description: description.into(),
            more: Box::default(),
        }
    }

    pub(crate) fn with_member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.members.insert(name.into(), value.into());
        self
    }

    pub(crate) fn with_challenge(mut self, challenge: impl Into<String>) -> Self {
        self.more.challenge = Some(challenge.into());
        self
    }

    pub(crate) fn with_level(mut self, level: Level) -> Self {
        self.more.level = Some(level);
        self
    }

    /// Marks a refusal that ends by waiting.
    pub(crate) fn throttled(mut self, level: Level) -> Self {
        self.more.throttled = true;
        self.with_level(level)
    }
}

/// Who speaks: each part of the tenant has its own form of error and its own headers (`protocol.md` §8.3, §9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Voice {
    /// The token endpoint: `application/json`, never cached.
    Token,
    /// `/mfa/*`: `application/json; charset=utf-8`, never cached.
    Mfa,
    /// The device and Management APIs: errors carry `statusCode` and `errorCode`.
    Platform,
    /// Documents anyone may read, and the control surface.
    Plain,
}

/// A reply before the last touches, which [`finish`] gives.
pub(crate) struct Drafted {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    pub(crate) more: More,
}

/// Brings an answer into the form of its part of the tenant.
pub(crate) fn draft(voice: Voice, answer: Answer) -> Drafted {
    let refusal = match answer {
        Ok(Reply {
            status,
            body,
            level,
        }) => {
            return Drafted {
                status,
                body,
                more: More {
                    level,
                    ..More::default()
                },
            };
        }
        Err(refusal) => refusal,
    };
    let Refusal {
        status,
        error,
        description,
        mut more,
    } = refusal;
    let mut body = Map::new();
    if voice == Voice::Platform {
        let reason = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason());
        body.insert("statusCode".into(), json!(status));
        body.insert("errorCode".into(), json!(error));
        body.insert("error".into(), json!(reason.unwrap_or("Error")));
        body.insert("message".into(), json!(description));
    } else {
        body.insert("error".into(), json!(error));
        body.insert("error_description".into(), json!(description));
    }
    body.append(&mut more.members);
    Drafted {
        status,
        body: Some(Value::Object(body)),
        more: *more,
    }
}

/// Makes HTTP of a draft.
pub(crate) fn finish(voice: Voice, now: Duration, draft: Drafted) -> Response<Vec<u8>> {
    let Drafted { status, body, more } = draft;
    let body = body.map_or_else(Vec::new, |body| {
        serde_json::to_vec(&body).expect("a JSON value can be written")
    });
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).expect("every status of the tenant is a valid one");
    let headers = response.headers_mut();
    headers.reserve(HEADERS_MOST);
    headers.insert(header::DATE, text(crate::dates::http_date(now)));
    if status != 204 {
        let media_type = if voice == Voice::Mfa {
            "application/json; charset=utf-8"
        } else {
            "application/json"
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    if matches!(voice, Voice::Token | Voice::Mfa) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    }
    if let Some(challenge) = more.challenge {
        headers.insert(header::WWW_AUTHENTICATE, text(challenge));
    }
    if let Some(allow) = more.allow {
        headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    if let Some(level) = more.level {
        for (name, value) in limits(now, level) {
            headers.insert(name, HeaderValue::from(value));
        }
        if more.throttled {
            headers.insert(
                header::RETRY_AFTER,
                HeaderValue::from(whole_seconds(level.wait)),
            );
        }
    }
    response
}

/// The `x-ratelimit-*` headers (`protocol.md` §7.2); the reset is when the next token comes back, in Unix seconds.
fn limits(now: Duration, level: Level) -> [(HeaderName, u64); 3] {
    [
        (RATE_LIMIT, level.limit.into()),
        (RATE_REMAINING, level.remaining.into()),
        (RATE_RESET, whole_seconds(now + level.wait)),
    ]
}

/// Seconds, rounded up, so that who waits them has waited long enough (RATE-005).
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

fn text(value: String) -> HeaderValue {
    HeaderValue::try_from(value).expect("header texts of the tenant are made of visible ASCII")
}
