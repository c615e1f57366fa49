//! Whether what came back is the endpoint's own word. Start at [`Trouble`].
//!
//! A reply that the dialect recognises is the endpoint's, whatever it says. Of those that it does not, some bear the marks of something in front
//! of it: a gateway's status, a page of HTML, a redirect, a coding that nobody asked for. They are not judged at first sight.

use std::time::Duration;

use http::{Response, StatusCode, header};
use pushproof_polling::Meaning;
use pushproof_report::{sanitize, without_secrets};
use pushproof_scenario::{Outcomes, Recognition};
use serde_json::Value;

use crate::transport::{Failure, FailureKind};

/// Characters of a redirect's goal that are shown.
const LOCATION_MAX: usize = 120;

/// Something that came between this program and the endpoint, or looks as if it did.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    /// As a fragment.
    pub(crate) what: String,
    pub(crate) kind: TroubleKind,
    pub(crate) fate: Fate,
    /// How long to wait first, if that was said.
    pub(crate) wait: Option<Duration>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TroubleKind {
    /// There was no whole reply.
    NoReply,
    /// Something answered for the endpoint.
    Front,
    /// The endpoint, or something before it, wants fewer requests.
    Throttled,
    /// The endpoint says in the dialect's own words that the client shall go slower.
    ToldToWait,
}

impl TroubleKind {
    /// Whether it is about how often one may ask.
    pub(crate) const fn is_throttling(self) -> bool {
        matches!(self, Self::Throttled | Self::ToldToWait)
    }
}

/// What became of the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// It was not done: it never left, or it was turned away at the door.
    NotDone,
    /// Nobody knows.
    Unknown,
}

impl Trouble {
    /// Of an exchange without a reply.
    pub(crate) fn of_failure(failure: &Failure) -> Self {
        let fate = match failure.kind() {
            FailureKind::Refused | FailureKind::Dns | FailureKind::Tls => Fate::NotDone,
            FailureKind::Reset
            | FailureKind::TimedOut
            | FailureKind::BodyTooLarge
            | FailureKind::Truncated
            | FailureKind::Unreadable
            | FailureKind::Other => Fate::Unknown,
        };
        Self {
            what: failure.to_string(),
            kind: TroubleKind::NoReply,
            fate,
            wait: None,
        }
    }

    /// Of a reply that may not be the endpoint's own, or is no answer to what was asked. Who `wants_throttled` takes either for an answer; who
    /// `asks` how often one may ask takes what the endpoint itself says about that.
    pub(crate) fn of_reply(
        response: &Response<Vec<u8>>,
        is: Recognition,
        wants_throttled: bool,
        asks: bool,
    ) -> Option<Self> {
        let throttling = match is.meaning {
            Meaning::SlowDown => Some((TroubleKind::ToldToWait, asks)),
            Meaning::Throttled => Some((TroubleKind::Throttled, wants_throttled)),
            _ => None,
        };
        if let Some((kind, is_answer)) =
            throttling.filter(|_| is.outcomes.meets(Outcomes::THROTTLED))
        {
            return (!is_answer).then(|| Self {
                what: format!("throttled: {}", response.status().as_u16()),
                kind,
                fate: Fate::NotDone,
                wait: is.wait,
            });
        }
        if !is.outcomes.meets(Outcomes::BROKEN) || !is.near.is_empty() {
            return None;
        }
        Some(Self {
            what: front(response)?,
            kind: TroubleKind::Front,
            fate: Fate::Unknown,
            wait: None,
        })
    }
}

/// Whether a status is one by which a gateway says that it did not reach what it stands before.
pub(crate) fn is_gateway(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
    )
}

/// The marks of something in front of the endpoint.
fn front(response: &Response<Vec<u8>>) -> Option<String> {
    let (status, body) = (response.status(), response.body());
    let number = status.as_u16();
    if let Some(coding) = coding(response) {
        return Some(format!(
            "{number} in content coding `{coding}`, which was not asked for"
        ));
    }
    if status.is_redirection() {
        let to = response.headers().get(header::LOCATION);
        let to = to.map_or_else(
            || "nowhere".to_owned(),
            |to| {
                format!(
                    "`{}`",
                    sanitize(
                        &without_secrets(&String::from_utf8_lossy(to.as_bytes())),
                        LOCATION_MAX
                    )
                )
            },
        );
        return Some(format!(
            "{number}, a redirect to {to}, which is not followed"
        ));
    }
    let gateway = is_gateway(status);
    let form = form(body);
    match (gateway, form) {
        (true, Some(form)) => Some(format!("{number} from the endpoint's front, {form}")),
        (true, None) => Some(format!("{number} from the endpoint's front")),
        (false, Some(form)) => Some(format!("{number}, {form}")),
        (false, None) if status.is_server_error() && body.is_empty() => {
            Some(format!("{number} without a body"))
        }
        (false, None) => None,
    }
}

fn coding(response: &Response<Vec<u8>>) -> Option<String> {
    let coding = response.headers().get(header::CONTENT_ENCODING)?;
    let coding = String::from_utf8_lossy(coding.as_bytes())
        .trim()
        .to_ascii_lowercase();
    (!coding.is_empty() && coding != "identity").then(|| sanitize(&coding, LOCATION_MAX))
}

/// What a body is that is no JSON.
fn form(body: &[u8]) -> Option<&'static str> {
    if body.is_empty() || serde_json::from_slice::<Value>(body).is_ok() {
        return None;
    }
    let Ok(text) = std::str::from_utf8(body) else {
        return Some("which is not valid UTF-8");
    };
    let start = text.trim_start().as_bytes();
    let is_html = start.starts_with(b"<");
    Some(if is_html {
        "HTML instead of JSON"
    } else {
        "no JSON"
    })
}
