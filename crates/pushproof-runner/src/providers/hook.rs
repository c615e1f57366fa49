//! One call of a hook: its time limit, its errors.

use http::{Method, Request, Response, StatusCode, header};
use pushproof_report::{sanitize, without_secrets};
use serde_json::Value;
use std::time::Duration;

use super::template;
use crate::again::{self, AGAIN_MAX};
use crate::clock::HOOK_LIMIT;
use crate::transport::{Failure, FailureKind, Transport};

/// How often one is that is throttled.
const THROTTLED_MAX: u32 = 10;
/// The shortest and the longest wait that a hook may ask for.
const WAIT_MIN: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Characters of an unexpected answer that are shown.
const ANSWER_SHOWN_MAX: usize = 160;

/// A place to call, and how it is named to people.
#[derive(Clone)]
pub(super) struct Hook {
    name: &'static str,
    transport: Transport,
    template: String,
}

/// A hook that could not be used. Its text names the hook and its URL, with neither query nor values filled in.
#[derive(Debug, thiserror::Error)]
#[error("{} `{call}` {problem}", named(.hook))]
pub struct HookError {
    hook: &'static str,
    call: String,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("failed: {0}")]
    Failed(Failure),
    #[error("did not answer within {} s", HOOK_LIMIT.as_secs())]
    Late,
    #[error("answered {status}{}", shown_body(.body))]
    Status {
        status: StatusCode,
        body: Vec<u8>,
        /// What it asks to wait for.
        wait: Option<Duration>,
    },
    #[error("{0}")]
    Nonsense(String),
    #[error("has a URL that cannot be called")]
    Url,
}

/// The vendor's own API is nobody's hook.
fn named(hook: &str) -> String {
    if hook.ends_with("API") {
        format!("the {hook}")
    } else {
        format!("{hook} hook")
    }
}

fn shown_body(body: &[u8]) -> String {
    match String::from_utf8_lossy(body).trim() {
        "" => String::new(),
        text => format!(": {}", sanitize(&without_secrets(text), ANSWER_SHOWN_MAX)),
    }
}

impl HookError {
    /// Whether this hook is the one that failed.
    pub(super) fn is_of(&self, name: &str) -> bool {
        self.hook == name
    }

    /// The status that it answered with, if it answered and the status was the problem.
    pub fn status(&self) -> Option<StatusCode> {
        match self.problem {
            Problem::Status { status, .. } => Some(status),
            Problem::Failed(_) | Problem::Late | Problem::Nonsense(_) | Problem::Url => None,
        }
    }
}

impl HookError {
    /// Whether the same call may do better a moment later: what came between may be gone.
    pub(super) fn may_pass(&self) -> bool {
        match &self.problem {
            // Whoever keeps silent for so long once is not asked for as long again.
            Problem::Failed(failure) => failure.kind() != FailureKind::TimedOut,
            Problem::Nonsense(_) => true,
            Problem::Status { status, .. } => {
                status.is_server_error()
                    || matches!(
                        *status,
                        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
                    )
            }
            Problem::Late | Problem::Url => false,
        }
    }

    /// How often such a call is tried again. Who asks for patience gets more of it.
    pub(super) fn again_max(&self) -> u32 {
        match self.status() {
            Some(StatusCode::TOO_MANY_REQUESTS) => THROTTLED_MAX,
            _ => AGAIN_MAX,
        }
    }

    /// The rest before the next try: what was asked for within reason, or else longer from try to try.
    pub(super) fn rest(&self, again: u32) -> Duration {
        let told = match self.problem {
            Problem::Status { wait, .. } => wait,
            _ => None,
        };
        told.map_or_else(|| again::rest(again), |told| told.clamp(WAIT_MIN, WAIT_MAX))
    }

    /// Whether it kept silent until its time was up.
    pub(crate) fn is_silence(&self) -> bool {
        match &self.problem {
            Problem::Late => true,
            Problem::Failed(failure) => failure.kind() == FailureKind::TimedOut,
            Problem::Status { .. } | Problem::Nonsense(_) | Problem::Url => false,
        }
    }

    /// Whether the call may have done what it was to do.
    pub(super) fn may_be_done(&self) -> bool {
        match &self.problem {
            Problem::Failed(failure) => !matches!(
                failure.kind(),
                FailureKind::Refused | FailureKind::Dns | FailureKind::Tls
            ),
            Problem::Late | Problem::Nonsense(_) => true,
            Problem::Status { status, .. } => status.is_server_error() || status.is_success(),
            Problem::Url => false,
        }
    }
}

impl Hook {
    pub(super) fn new(name: &'static str, transport: &Transport, template: &str) -> Self {
        Self {
            name,
            transport: transport.clone(),
            template: template.to_owned(),
        }
    }

    /// An error about what came back.
    pub(super) fn nonsense(&self, method: &Method, problem: impl Into<String>) -> HookError {
        self.error(method, Problem::Nonsense(problem.into()))
    }

    fn error(&self, method: &Method, problem: Problem) -> HookError {
        HookError {
            hook: self.name,
            call: format!("{method} {}", template::shown(&self.template)),
            problem,
        }
    }

    /// Posts JSON to the plain URL; any answer but 2xx is an error.
    pub(super) async fn post(&self, body: &Value) -> Result<Response<Vec<u8>>, HookError> {
        let request = Request::post(&self.template)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.to_string().into_bytes());
        self.succeed(request).await
    }

    /// Gets the URL with its holes filled; any answer but 2xx is an error.
    pub(super) async fn get(&self, url: &str) -> Result<Response<Vec<u8>>, HookError> {
        self.succeed(Request::get(url).body(Vec::new())).await
    }

    /// Sends a request; any answer but 2xx is an error.
    pub(super) async fn succeed(
        &self,
        request: http::Result<Request<Vec<u8>>>,
    ) -> Result<Response<Vec<u8>>, HookError> {
        let (method, response) = self.send(request).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let wait = response.headers().get(header::RETRY_AFTER);
        let wait = wait.and_then(|wait| wait.to_str().ok()?.trim().parse().ok());
        let problem = Problem::Status {
            status,
            wait: wait.map(Duration::from_secs),
            body: response.into_body(),
        };
        Err(self.error(&method, problem))
    }

    /// Sends a request; any answer is good.
    pub(super) async fn send(
        &self,
        request: http::Result<Request<Vec<u8>>>,
    ) -> Result<(Method, Response<Vec<u8>>), HookError> {
        let request = request.map_err(|_| self.error(&Method::POST, Problem::Url))?;
        let method = request.method().clone();
        self.transport.turn().await;
        match tokio::time::timeout(HOOK_LIMIT, self.transport.exchange_now(request)).await {
            Ok(Ok(exchanged)) => Ok((method, exchanged.response)),
            Ok(Err(failure)) => Err(self.error(&method, Problem::Failed(failure))),
            Err(_) => Err(self.error(&method, Problem::Late)),
        }
    }

    /// Reads an answer's JSON.
    pub(super) fn json(
        &self,
        method: &Method,
        response: &Response<Vec<u8>>,
    ) -> Result<Value, HookError> {
        serde_json::from_slice(response.body())
            .map_err(|_| self.nonsense(method, "answered something that is not JSON"))
    }
}
