//! The `clock.advance` hook: `POST {"advance_ms": N}`, answered with `{"now_ms": …}` or at least with a `Date`.

use std::pin::Pin;
use std::time::{Duration, UNIX_EPOCH};

use http::{Response, header};
use serde_json::{Value, json};

use super::hook::Hook;
use crate::again::{self, AGAIN_MAX};
use crate::clock::{Advance, Reading};
use crate::transport::Transport;

/// Moves a tenant's clock by its hook; for [`Clock::hooked`](crate::clock::Clock::hooked).
pub struct ClockHook(Hook);

impl ClockHook {
    /// The hook at `url`.
    pub fn new(hooks: &Transport, url: &str) -> Self {
        Self(Hook::new("clock", hooks, url))
    }
}

impl Advance for ClockHook {
    fn advance(
        &self,
        by_ms: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Reading, String>> + Send + '_>> {
        Box::pin(async move {
            let mut times = 0;
            loop {
                let answer = self.0.post(&json!({ "advance_ms": by_ms })).await;
                match answer {
                    Ok(response) => return Ok(reading(&response)),
                    // To move by nothing may be asked twice, and what was not done may be asked for again.
                    Err(error)
                        if error.may_pass()
                            && (by_ms == 0 || !error.may_be_done())
                            && times < AGAIN_MAX =>
                    {
                        tokio::time::sleep(again::rest(times)).await;
                        times += 1;
                    }
                    Err(error) => return Err(error.to_string()),
                }
            }
        })
    }
}

/// What an answer tells of the time: by its body, or else by its date.
fn reading(response: &Response<Vec<u8>>) -> Reading {
    let body: Option<Value> = serde_json::from_slice(response.body()).ok();
    if let Some(now_ms) = body.and_then(|body| body.get("now_ms")?.as_u64()) {
        return UNIX_EPOCH
            .checked_add(Duration::from_millis(now_ms))
            .map_or(Reading::Silent, Reading::Millis);
    }
    let date = response
        .headers()
        .get(header::DATE)
        .and_then(|date| date.to_str().ok());
    date.and_then(|date| httpdate::parse_http_date(date).ok())
        .map_or(Reading::Silent, Reading::Seconds)
}
