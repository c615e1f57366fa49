//! The `clock.advance` hook: `POST {"advance_ms": N}`, answered with `{"now_ms": …}` or at least with a `Date`.

use std::pin::Pin;
use std::time::{Duration, UNIX_EPOCH};

use http::{Method, Response, header};
use serde_json::{Value, json};

use super::hook::Hook;
use crate::again::{self, AGAIN_MAX};
use crate::clock::{Advance, Reading};
use crate::transport::Transport;

const NO_JSON: &str = "answered something that is not JSON";
const NO_TIME: &str = "answered with a `now_ms` that is no whole number of milliseconds since 1970";

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
                let read = answer.and_then(|response| {
                    reading(&response).map_err(|problem| self.0.nonsense(&Method::POST, problem))
                });
                match read {
                    Ok(reading) => return Ok(reading),
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

/// What an answer tells of the time: by its body, or else by its date. A hook that says something else is broken, and not just silent: whoever
/// put a page of HTML there did not move a clock.
fn reading(response: &Response<Vec<u8>>) -> Result<Reading, &'static str> {
    let body = response.body().trim_ascii();
    let body: Value = match body {
        [] => Value::Null,
        body => serde_json::from_slice(body).map_err(|_| NO_JSON)?,
    };
    if let Some(now_ms) = body.get("now_ms") {
        let time = now_ms
            .as_u64()
            .and_then(|now_ms| UNIX_EPOCH.checked_add(Duration::from_millis(now_ms)));
        return time.map(Reading::Millis).ok_or(NO_TIME);
    }
    let date = response
        .headers()
        .get(header::DATE)
        .and_then(|date| date.to_str().ok());
    let time = date.and_then(|date| httpdate::parse_http_date(date).ok());
    Ok(time.map_or(Reading::Silent, Reading::Seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str, date: Option<&str>) -> String {
        let mut response = Response::new(body.as_bytes().to_vec());
        if let Some(date) = date {
            let date = date.parse().expect("it is a header's value");
            response.headers_mut().insert(header::DATE, date);
        }
        match reading(&response) {
            Ok(Reading::Millis(time)) => format!("{:?}", time.duration_since(UNIX_EPOCH).ok()),
            Ok(Reading::Seconds(_)) => "by its date".to_owned(),
            Ok(Reading::Silent) => "silent".to_owned(),
            Err(problem) => problem.to_owned(),
        }
    }

    #[test]
    fn what_tells_the_time_and_what_is_broken() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        for (body, date, expected) in [
            (r#"{"now_ms":1500}"#, None, "Some(1.5s)"),
            (r#"{"now_ms":1500}"#, date, "Some(1.5s)"),
            ("{}", date, "by its date"),
            ("", date, "by its date"),
            ("{}", None, "silent"),
            (" \n", None, "silent"),
            ("\"ok\"", None, "silent"),
            ("<html>moved</html>", date, NO_JSON),
            ("ok", None, NO_JSON),
            (r#"{"now_ms":"abc"}"#, date, NO_TIME),
            (r#"{"now_ms":-5}"#, None, NO_TIME),
            (r#"{"now_ms":1.5}"#, None, NO_TIME),
            (r#"{"now_ms":null}"#, None, NO_TIME),
            (r#"{"now_ms":1e300}"#, None, NO_TIME),
        ] {
            assert_eq!(read(body, date), expected, "{body}");
        }
    }
}
