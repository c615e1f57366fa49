//! `pushproof serve`: the sandbox as a process of its own.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{Method, Request, Response};
use pushproof_report::exit;
use pushproof_runner::clock::{self, Clock};
use pushproof_runner::handler::{Handler, dated};
use pushproof_runner::serve::{ServeLimits, Server};
use pushproof_tenant::{Keys, Profile, Settings, Tenant};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::Problem;
use crate::args::{Serve, ServeClock, ServeProfile};
use crate::{output, sandbox};

/// Serves until it is told to stop.
pub(crate) async fn run(command: &Serve) -> Result<u8, Problem> {
    let faults = sandbox::faults(&command.fault)?;
    let profile = match command.profile {
        ServeProfile::Documented => Profile::Documented,
        ServeProfile::Observed => Profile::Observed,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, command.port)).await.map_err(|error| {
        Problem::usage(format!("listening on port {}: {error}", command.port)).hint("choose another with --port, or 0 for a free one")
    })?;
    let (clock, kind) = match command.clock {
        ServeClock::Real => (Clock::real(), "real"),
        ServeClock::Virtual => (Clock::jumping(clock::wall()), "virtual"),
    };
    let settings = Settings { profile, seed: command.seed, faults, ..Settings::default() };
    let tenant = sandbox::handler(Tenant::new(settings, Keys::generate()));
    let server = Server::start(listener, with_clock(tenant), clock, ServeLimits::default())
        .map_err(|error| Problem::usage(format!("serving: {error}")))?;
    output::say(&format!(
        "sandbox at {}\nprofile {}, clock {kind}, client id `{}`\nstop it with Ctrl-C\n",
        server.base_url(),
        match command.profile {
            ServeProfile::Documented => "documented",
            ServeProfile::Observed => "observed",
        },
        pushproof_tenant::SANDBOX_CLIENT_ID,
    ));
    let mut terminate =
        signal(SignalKind::terminate()).map_err(|error| Problem::usage(format!("watching for SIGTERM: {error}")))?;
    let code = tokio::select! {
        _ = tokio::signal::ctrl_c() => exit::INTERRUPTED,
        _ = terminate.recv() => exit::TERMINATED,
    };
    server.stop().await;
    Ok(code)
}

/// Adds the clock control, `POST /__control/clock`: a tenant has no clock of its own, so its time is shifted around it.
fn with_clock(tenant: Handler) -> Handler {
    let shift_ms = Arc::new(AtomicU64::new(0));
    Arc::new(move |now: SystemTime, request: Request<Vec<u8>>| {
        let shifted = |ms: u64| now.checked_add(Duration::from_millis(ms)).unwrap_or(now);
        if request.uri().path() == "/__control/clock" {
            let advanced = advance(&request, &shift_ms);
            return advanced.map_or_else(|refusal| refusal, |ms| dated(told(shifted(ms)), shifted(ms)));
        }
        let now = shifted(shift_ms.load(Ordering::SeqCst));
        dated(tenant(now, request), now)
    })
}

/// The shift after an advance, or the refusal of one that cannot be understood.
fn advance(request: &Request<Vec<u8>>, shift_ms: &AtomicU64) -> Result<u64, Response<Vec<u8>>> {
    if request.method() != Method::POST {
        return Err(reply(405, r#"{"error":"method_not_allowed","error_description":"POST an advance"}"#));
    }
    let body: Option<serde_json::Value> = serde_json::from_slice(request.body()).ok();
    let by_ms = body.and_then(|body| body.get("advance_ms")?.as_u64()).filter(|by_ms| *by_ms <= ADVANCE_MAX_MS);
    let Some(by_ms) = by_ms else {
        let text = r#"{"error":"invalid_request","error_description":"a body is {\"advance_ms\": N} with N from 0, at most ten years"}"#;
        return Err(reply(400, text));
    };
    Ok(shift_ms.fetch_add(by_ms, Ordering::SeqCst) + by_ms)
}

/// Ten years; more is a mistake.
const ADVANCE_MAX_MS: u64 = 10 * 365 * 24 * 3_600_000;

fn told(now: SystemTime) -> Response<Vec<u8>> {
    let now_ms = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    reply(200, &format!(r#"{{"now_ms":{now_ms}}}"#))
}

fn reply(status: u16, body: &str) -> Response<Vec<u8>> {
    let builder = Response::builder().status(status).header(http::header::CONTENT_TYPE, "application/json");
    builder.body(body.as_bytes().to_vec()).expect("the parts are well-formed")
}
