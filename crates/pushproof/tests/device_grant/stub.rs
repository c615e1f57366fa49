//! A server of the device authorization grant (RFC 8628) in a few lines, with a clock of its own, an approver, and at most one defect.

use std::collections::BTreeMap;

use http::{Request, Response};
use serde_json::{Value, json};

use crate::defect::Defect;

/// The stub's time when it starts.
pub(crate) const ORIGIN_MS: u64 = 1_767_225_600_000;
const LIFETIME_MS: u64 = 600_000;
const INTERVAL_MS: u64 = 5_000;
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Id, secret, and both as RFC 6749 §2.3.1 puts them into a header, worked out by hand.
const CLIENTS: [(&str, &str, &str); 2] = [
    (
        "tv",
        "the secret of the tv, with: all/kinds+of &signs",
        "Basic dHY6dGhlK3NlY3JldCtvZit0aGUrdHYlMkMrd2l0aCUzQSthbGwlMkZraW5kcyUyQm9mKyUyNnNpZ25z",
    ),
    (
        "other",
        "the secret of the other client",
        "Basic b3RoZXI6dGhlK3NlY3JldCtvZit0aGUrb3RoZXIrY2xpZW50",
    ),
];

/// The server as a value.
pub(crate) struct Stub {
    /// What its paths begin with.
    pub(crate) prefix: &'static str,
    /// Clients prove themselves in a header, and else in the body; not in both.
    pub(crate) basic: bool,
    /// It has no scope of its own to fall back to.
    pub(crate) scope_needed: bool,
    /// It has a metadata document.
    pub(crate) described: bool,
    /// Something before it answers who polls too fast, with a page.
    pub(crate) guarded: bool,
    defect: Option<Defect>,
    now_ms: u64,
    issued: u32,
    waiting: Vec<Waiting>,
}

/// A device that waits.
struct Waiting {
    device_code: String,
    user_code: String,
    client: String,
    expires_ms: u64,
    polled_ms: u64,
    interval_ms: u64,
    polls: u32,
    state: State,
    /// By a defect, it was told to slow down and its approval does not count any more.
    forgotten: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Undecided,
    Approved,
    Denied,
    Used,
}

type Reply = Response<Vec<u8>>;
type Form = BTreeMap<String, String>;

impl Stub {
    /// Without a defect.
    pub(crate) fn clean() -> Self {
        Self {
            prefix: "",
            basic: true,
            scope_needed: false,
            described: true,
            guarded: false,
            defect: None,
            now_ms: ORIGIN_MS,
            issued: 0,
            waiting: Vec::new(),
        }
    }

    /// With one.
    pub(crate) fn with(defect: &Defect) -> Self {
        Self {
            defect: Some(*defect),
            ..Self::clean()
        }
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    /// Answers one request.
    pub(crate) fn handle(&mut self, request: &Request<Vec<u8>>) -> Reply {
        let path = request.uri().path();
        match path.strip_prefix(self.prefix).unwrap_or(path) {
            "/device_authorization" => self.authorize(request),
            "/token" => self.token(request),
            "/approver" => self.approver(request.body()),
            "/clock" => self.clock(request.body()),
            "/.well-known/oauth-authorization-server" if self.described => reply(
                200,
                "application/json",
                &json!({
                    "issuer": "https://stub.example",
                    "device_authorization_endpoint": match self.defect {
                        Some(Defect::MetadataIsRelative) => "/device_authorization",
                        _ => "https://stub.example/device_authorization",
                    },
                }),
            ),
            _ if !self.described => page(404, "not found"),
            _ => reply(404, "application/json", &json!({ "error": "not_found" })),
        }
    }

    fn clock(&mut self, body: &[u8]) -> Reply {
        let asked: Value = serde_json::from_slice(body).unwrap();
        self.now_ms += asked["advance_ms"].as_u64().unwrap();
        reply(200, "application/json", &json!({ "now_ms": self.now_ms }))
    }

    /// The person, who types the user code and decides.
    fn approver(&mut self, body: &[u8]) -> Reply {
        let act: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(act["user"], Value::Null, "nobody in particular is asked");
        let (now, typed) = (self.now_ms, &act["with"]["user_code"]);
        let one = |one: &&mut Waiting| *typed == *one.user_code && one.expires_ms > now;
        let for_all = self.has(Defect::ApprovalCountsForAll);
        let for_latest = self.has(Defect::ApprovalCountsForLatest);
        let state = match act["action"].as_str().unwrap() {
            "approve" => State::Approved,
            _ => State::Denied,
        };
        let Some(found) = self.waiting.iter_mut().rev().find(one) else {
            return reply(404, "application/json", &json!({}));
        };
        found.state = state;
        if for_latest {
            found.state = State::Undecided;
            self.waiting.last_mut().unwrap().state = state;
            return reply(200, "application/json", &json!({}));
        }
        if for_all {
            let open = |one: &&mut Waiting| one.state == State::Undecided;
            let open = self.waiting.iter_mut().filter(open);
            open.for_each(|one| one.state = state);
        }
        reply(200, "application/json", &json!({}))
    }

    /// Who asks, if it is a client; else the error.
    #[expect(
        clippy::result_large_err,
        reason = "the error is the reply that is sent"
    )]
    fn client(&self, request: &Request<Vec<u8>>, form: &Form, lax: bool) -> Result<String, Reply> {
        let header = request.headers().get("authorization");
        let header = header
            .filter(|_| self.basic)
            .map(|value| value.to_str().unwrap());
        let named = form.get("client_id").map(String::as_str);
        let by_header = |(_, _, whole): &&(&str, &str, &str)| header == Some(*whole);
        let by_body = |(id, secret, _): &&(&str, &str, &str)| {
            let proven =
                !self.basic && form.get("client_secret").is_some_and(|sent| sent == secret);
            named == Some(*id) && (lax || proven)
        };
        let known = CLIENTS
            .iter()
            .find(by_header)
            .or(CLIENTS.iter().find(by_body));
        let registered = CLIENTS.iter().any(|(id, ..)| named == Some(*id));
        match (known, named) {
            (Some((id, ..)), _) => Ok((*id).to_owned()),
            (None, Some(id)) if !registered && self.has(Defect::StrangersGetCodes) => {
                Ok(id.to_owned())
            }
            (None, None) if self.has(Defect::NobodyGetsCodes) => Ok("nobody".to_owned()),
            _ if self.has(Defect::RefusalIs403) => Err(self.error(403, "invalid_client", "")),
            _ => Err(self.error(401, "invalid_client", "")),
        }
    }

    fn authorize(&mut self, request: &Request<Vec<u8>>) -> Reply {
        let form = form(request.body());
        let client = match self.client(request, &form, self.has(Defect::CodesWithoutSecret)) {
            Ok(client) => client,
            Err(refused) => return refused,
        };
        let scope = form.get("scope").map(String::as_str);
        let scopeless = self.scope_needed && scope.is_none_or(str::is_empty);
        if scopeless {
            return self.error(400, "invalid_scope", "");
        }
        let unheard_of =
            self.has(Defect::UnknownParameterRefused) && form.contains_key("unheard_of");
        if unheard_of || self.has(Defect::EmptyScopeRefused) && scope == Some("") {
            return self.error(400, "invalid_request", "");
        }
        self.issued += 1;
        let (device_code, user_code) = (self.device_code(), self.user_code());
        let uri = match self.defect {
            Some(Defect::RelativeUri) => "/device".to_owned(),
            Some(Defect::UserCodeInTheUri) => {
                format!("https://stub.example/d?user_code={user_code}")
            }
            Some(Defect::UserCodeInTheUriByAnotherName) => {
                format!("https://stub.example/d?code={user_code}")
            }
            _ => "https://stub.example/device".to_owned(),
        };
        let mut codes = json!({
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": uri,
            "verification_uri_complete": format!("https://stub.example/device?user_code={user_code}"),
            "expires_in": LIFETIME_MS / 1000,
            "interval": INTERVAL_MS / 1000,
        });
        let left_out = match self.defect {
            Some(Defect::NoUri) => "verification_uri",
            Some(Defect::NoLifetime) => "expires_in",
            _ => "",
        };
        codes.as_object_mut().unwrap().remove(left_out);
        match self.defect {
            Some(Defect::LifetimeAsText) => codes["expires_in"] = "600".into(),
            Some(Defect::IntervalOfNothing) => codes["interval"] = 0.into(),
            Some(Defect::CompleteUriIsRelative) => {
                codes["verification_uri_complete"] = "/d?x".into()
            }
            _ => {}
        }
        self.waiting.push(Waiting {
            device_code,
            user_code,
            client,
            expires_ms: self.now_ms + LIFETIME_MS,
            polled_ms: self.now_ms,
            interval_ms: match self.defect {
                Some(Defect::IntervalCountsDouble) => 2 * INTERVAL_MS,
                Some(Defect::IntervalOfNothing) => 0,
                _ => INTERVAL_MS,
            },
            polls: 0,
            state: State::Undecided,
            forgotten: false,
        });
        let status = if self.has(Defect::CodesWith201) {
            201
        } else {
            200
        };
        let kind = if self.has(Defect::CodesAsText) {
            "text/plain"
        } else {
            "application/json"
        };
        let mut answer = reply(status, kind, &codes);
        if self.has(Defect::CodesInCaches) {
            answer.headers_mut().remove("cache-control");
        }
        answer
    }

    fn device_code(&self) -> String {
        match self.defect {
            Some(Defect::ShortDeviceCode) => format!("dc{:06}", self.issued),
            _ => format!("d3v1c3-c0d3-{:08}-0123456789abcdefghij", self.issued),
        }
    }

    /// Eight of the twenty consonants of RFC 8628 §6.1, counted up.
    fn user_code(&self) -> String {
        const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
        let letter = |at: u32| LETTERS[(self.issued / 20_u32.pow(at) % 20) as usize];
        let code: String = (0..4).rev().map(|at| char::from(letter(at))).collect();
        match self.defect {
            Some(Defect::OneUserCodeForAll) => "WDJB-MJHT".to_owned(),
            Some(Defect::ShortUserCode) => code,
            Some(Defect::UserCodeInTwoCases) => format!("wdjb-{code}"),
            _ => format!("WDJB-{code}"),
        }
    }

    fn token(&mut self, request: &Request<Vec<u8>>) -> Reply {
        let form = form(request.body());
        let client = match self.client(request, &form, self.has(Defect::TokensWithoutSecret)) {
            Ok(client) => client,
            Err(refused) => return refused,
        };
        let grant_type = form.get("grant_type").map(String::as_str);
        if grant_type != Some(GRANT_TYPE) && !self.has(Defect::AnyGrantType) {
            return self.error(400, "unsupported_grant_type", "");
        }
        let Some(code) = form.get("device_code") else {
            if self.has(Defect::NoCodeIsServerPage) {
                return page(500, "KeyError");
            }
            let status = if self.has(Defect::NoCodeIsServerError) {
                500
            } else {
                400
            };
            return self.error(status, "invalid_request", "device_code is missing");
        };
        match self
            .waiting
            .iter()
            .position(|one| self.opens(one, code, &client))
        {
            Some(at) => self.poll(at),
            None if self.has(Defect::AnotherWordForUnknown) => {
                self.error(400, "invalid_device_code", "")
            }
            None if self.has(Defect::UnknownIs404) => self.error(404, "device_not_found", ""),
            None => self.error(400, "invalid_grant", code),
        }
    }

    fn opens(&self, one: &Waiting, code: &str, client: &str) -> bool {
        let by_code = one.device_code == code
            || self.has(Defect::UserCodeBuys) && one.user_code == code
            || self.has(Defect::AnyCodeBuys)
                && one.state == State::Approved
                && one.expires_ms > self.now_ms;
        by_code && (one.client == client || self.has(Defect::ForeignClientBuys))
    }

    fn poll(&mut self, at: usize) -> Reply {
        let now = self.now_ms;
        let defect = self.defect;
        let one = &mut self.waiting[at];
        let hasty = now < one.polled_ms + one.interval_ms;
        one.polled_ms = now;
        let expired = now >= one.expires_ms;
        if hasty && self.guarded {
            return page(429, "too many requests");
        }
        one.polls += 1;
        if one.polls > 3 && one.state == State::Undecided && defect == Some(Defect::TokensUnasked) {
            one.state = State::Approved;
        }
        if hasty && !expired && one.state != State::Used {
            one.interval_ms += INTERVAL_MS;
            one.forgotten = defect == Some(Defect::SlowDownForgetsApproval);
            if defect == Some(Defect::HasteIsFatal) {
                one.state = State::Denied;
                return self.error(400, "access_denied", "");
            }
            return self.error(400, "slow_down", "");
        }
        let (state, forgotten) = (one.state, one.forgotten);
        match state {
            State::Approved if forgotten => self.error(400, "authorization_pending", ""),
            State::Approved if expired && !self.has(Defect::LateTokens) => {
                self.error(400, "expired_token", "")
            }
            State::Undecided | State::Denied if expired => match self.defect {
                Some(Defect::ExpiredIsUnknown) => self.error(400, "invalid_grant", ""),
                Some(Defect::ExpiredIs410) => self.error(410, "expired_token", ""),
                _ => self.error(400, "expired_token", ""),
            },
            State::Denied if self.has(Defect::DenialIsPending) => {
                self.error(400, "authorization_pending", "")
            }
            State::Denied => {
                if self.has(Defect::DenialFades) {
                    self.waiting[at].state = State::Approved;
                }
                let status = match self.defect {
                    Some(Defect::DenialIs403) => 403,
                    _ => 400,
                };
                self.error(status, "access_denied", "")
            }
            State::Undecided => {
                let status = if self.has(Defect::PendingIs403) {
                    403
                } else {
                    400
                };
                self.error(status, "authorization_pending", "")
            }
            State::Approved if self.has(Defect::NeverApproved) => {
                self.error(400, "authorization_pending", "")
            }
            State::Used if !self.has(Defect::CodeBuysTwice) => self.error(400, "invalid_grant", ""),
            State::Approved | State::Used => {
                self.waiting[at].state = State::Used;
                self.tokens(at)
            }
        }
    }

    fn tokens(&self, at: usize) -> Reply {
        let mut tokens = json!({
            "access_token": format!("4cc355-t0k3n-{at:08}-0123456789abcdefghij"),
            "token_type": "Bearer",
            "expires_in": 3600,
        });
        match self.defect {
            Some(Defect::EmptyAccessToken) => tokens["access_token"] = "".into(),
            Some(Defect::TokensWithoutType) => {
                tokens.as_object_mut().unwrap().remove("token_type");
            }
            Some(Defect::TokenLifetimeAsText) => tokens["expires_in"] = "3600".into(),
            _ => {}
        }
        let kind = if self.has(Defect::TokensAsText) {
            "text/plain"
        } else {
            "application/json"
        };
        let status = match self.defect {
            Some(Defect::TokensWith201) => 201,
            _ => 200,
        };
        let mut answer = reply(status, kind, &tokens);
        if self.has(Defect::TokensInCaches) {
            answer.headers_mut().remove("cache-control");
        }
        answer
    }

    /// An error; `detail` is what a careless server would put into its description.
    fn error(&self, status: u16, error: &str, detail: &str) -> Reply {
        let description = match self.defect {
            Some(Defect::QuotesInDescription) => "the \"code\"".to_owned(),
            Some(Defect::CodeInDescription) => format!("what is wrong: {detail}"),
            _ => "see RFC 8628".to_owned(),
        };
        if self.has(Defect::ErrorsAsPage) {
            return page(status, error);
        }
        reply(
            status,
            "application/json",
            &json!({ "error": error, "error_description": description }),
        )
    }
}

fn reply(status: u16, kind: &str, body: &Value) -> Reply {
    Response::builder()
        .status(status)
        .header("content-type", kind)
        .header("cache-control", "no-store")
        .header("pragma", "no-cache")
        .body(body.to_string().into_bytes())
        .unwrap()
}

/// What is no JSON.
fn page(status: u16, says: &str) -> Reply {
    let mut answer = reply(status, "text/html", &Value::Null);
    *answer.body_mut() = format!("<html><h1>{says}</h1></html>").into_bytes();
    answer
}

fn form(body: &[u8]) -> Form {
    let text = std::str::from_utf8(body).unwrap();
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}

/// A form-encoded text, decoded.
fn plain(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}
