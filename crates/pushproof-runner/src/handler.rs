//! A tenant as this crate sees it: any function from the time and a request to a reply.

use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderValue, Request, Response, header};

use crate::http_date;

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
        .or_insert_with(|| {
            HeaderValue::from_str(&http_date::format(now)).expect("a date is plain ASCII")
        });
    response
}
