//! A tenant as this crate sees it: any function from the time and a request to a reply.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderValue, Request, Response, header};

/// The first second of the year 10000, since 1970: HTTP has four digits for the year.
const YEAR_10000: u64 = 253_402_300_800;

/// Answers one request at a given time. Shared by the connections of a server; its work is short, so it is called inline.
pub type Handler = Arc<dyn Fn(SystemTime, Request<Vec<u8>>) -> Response<Vec<u8>> + Send + Sync>;

/// The handler's reply, dated.
pub(crate) fn answer(
    handler: &Handler,
    now: SystemTime,
    request: Request<Vec<u8>>,
) -> Response<Vec<u8>> {
    dated(handler(now, request), now)
}

/// The reply, dated by the tenant's time unless it bears a date already (RFC 9110 section 6.6.1).
pub fn dated(mut response: Response<Vec<u8>>, now: SystemTime) -> Response<Vec<u8>> {
    response
        .headers_mut()
        .entry(header::DATE)
        .or_insert_with(|| HeaderValue::from_str(&date(now)).expect("a date is plain ASCII"));
    response
}

/// The date as HTTP writes it; what lies outside the years that it can write is the nearest that it can.
fn date(now: SystemTime) -> String {
    let latest = UNIX_EPOCH + Duration::from_secs(YEAR_10000 - 1);
    httpdate::fmt_http_date(now.clamp(UNIX_EPOCH, latest))
}
