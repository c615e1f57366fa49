//! The clock control, `POST /__control/clock`: a tenant has no clock of its own, so its time is shifted around it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderValue, Method, Request, Response, header};
use pushproof_runner::handler::{Handler, dated};

/// Ten years; more is a mistake.
const ADVANCE_MAX_MS: u64 = 10 * 365 * 24 * 3_600_000;

/// A tenant whose time can be advanced.
pub(super) fn controlled(tenant: Handler) -> Handler {
    let shift_ms = AtomicU64::new(0);
    Arc::new(move |now: SystemTime, request: Request<Vec<u8>>| {
        let shifted = |ms: u64| now.checked_add(Duration::from_millis(ms)).unwrap_or(now);
        if request.uri().path() == "/__control/clock" {
            return match advance(&request, &shift_ms) {
                Ok(ms) => dated(told(shifted(ms)), shifted(ms)),
                Err(refusal) => refusal.reply(),
            };
        }
        tenant(shifted(shift_ms.load(Ordering::SeqCst)), request)
    })
}

/// Why an advance cannot be understood.
enum Refusal {
    Method,
    Body,
}

impl Refusal {
    fn reply(self) -> Response<Vec<u8>> {
        match self {
            Self::Method => {
                let text =
                    r#"{"error":"method_not_allowed","error_description":"POST an advance"}"#;
                let mut refusal = reply(405, text);
                let post = HeaderValue::from_static("POST");
                refusal.headers_mut().insert(header::ALLOW, post);
                refusal
            }
            Self::Body => reply(
                400,
                r#"{"error":"invalid_request","error_description":"a body is {\"advance_ms\": N} with N from 0, at most ten years"}"#,
            ),
        }
    }
}

/// The shift after an advance.
fn advance(request: &Request<Vec<u8>>, shift_ms: &AtomicU64) -> Result<u64, Refusal> {
    if request.method() != Method::POST {
        return Err(Refusal::Method);
    }
    let body: Option<serde_json::Value> = serde_json::from_slice(request.body()).ok();
    let by_ms = body
        .and_then(|body| body.get("advance_ms")?.as_u64())
        .filter(|by_ms| *by_ms <= ADVANCE_MAX_MS)
        .ok_or(Refusal::Body)?;
    Ok(shift_ms.fetch_add(by_ms, Ordering::SeqCst) + by_ms)
}

fn told(now: SystemTime) -> Response<Vec<u8>> {
    let now_ms = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    reply(200, &format!(r#"{{"now_ms":{now_ms}}}"#))
}

fn reply(status: u16, body: &str) -> Response<Vec<u8>> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.as_bytes().to_vec())
        .expect("the parts are well-formed")
}
