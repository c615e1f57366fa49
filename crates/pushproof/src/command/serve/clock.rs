//! The clock control, `POST /__control/clock`: a tenant has no clock of its own, so its time is shifted around it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{Method, Request, Response, header};
use pushproof_runner::handler::{Handler, dated};

/// Ten years; more is a mistake.
const ADVANCE_MAX_MS: u64 = 10 * 365 * 24 * 3_600_000;

/// A tenant whose time can be advanced.
pub(super) fn controlled(tenant: Handler) -> Handler {
    let shift_ms = AtomicU64::new(0);
    Arc::new(move |now: SystemTime, request: Request<Vec<u8>>| {
        let shifted = |ms: u64| now.checked_add(Duration::from_millis(ms)).unwrap_or(now);
        if request.uri().path() == "/__control/clock" {
            let advanced = advance(&request, &shift_ms);
            return advanced.map_or_else(
                |refusal| refusal,
                |ms| dated(told(shifted(ms)), shifted(ms)),
            );
        }
        tenant(shifted(shift_ms.load(Ordering::SeqCst)), request)
    })
}

/// The shift after an advance, or the refusal of one that cannot be understood.
fn advance(request: &Request<Vec<u8>>, shift_ms: &AtomicU64) -> Result<u64, Response<Vec<u8>>> {
    if request.method() != Method::POST {
        let mut refusal = reply(
            405,
            r#"{"error":"method_not_allowed","error_description":"POST an advance"}"#,
        );
        let post = http::HeaderValue::from_static("POST");
        refusal.headers_mut().insert(header::ALLOW, post);
        return Err(refusal);
    }
    let body: Option<serde_json::Value> = serde_json::from_slice(request.body()).ok();
    let by_ms = body
        .and_then(|body| body.get("advance_ms")?.as_u64())
        .filter(|by_ms| *by_ms <= ADVANCE_MAX_MS);
    let Some(by_ms) = by_ms else {
        let text = r#"{"error":"invalid_request","error_description":"a body is {\"advance_ms\": N} with N from 0, at most ten years"}"#;
        return Err(reply(400, text));
    };
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
