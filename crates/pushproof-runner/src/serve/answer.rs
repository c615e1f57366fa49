//! The way of one request from its head to its reply: [`answer`].

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;

use super::cors::Judgement;
use super::{Origin, ServeLimits, Site, gzip};
use crate::clock::Stopwatch;
use crate::handler;

/// Bytes of a body that is still to come for which there is memory at once; a longer one gets it as it comes.
const AT_ONCE_MAX: usize = 16 << 10;

/// A request that was answered, for a log. It holds what the client sent: the path may name ids and secrets.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// The request's path, without the query.
    pub path: &'a str,
    /// The reply's status.
    pub status: StatusCode,
    /// Real time from the request's head to the reply, its body included.
    pub took: Duration,
}

/// Is told of requests that were answered, by the task that answers, so it had better be quick.
pub type OnAccess = Arc<dyn Fn(Access<'_>) + Send + Sync>;

/// Why there is no body to hand on.
enum Unread {
    /// The status to refuse with.
    Refused(StatusCode),
    /// The client is gone.
    Gone(hyper::Error),
}

pub(super) async fn answer(
    site: Arc<Site>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let stopwatch = Stopwatch::start();
    let (head, body) = request.into_parts();
    let on_access = site.options.on_access.as_ref();
    let logged = on_access.map(|on_access| (on_access, head.method.clone(), head.uri.clone()));
    let body = read(body, &site.options.limits).await;
    let mut response = match body {
        Ok(body) => site.reply(Request::from_parts(head, body)),
        Err(Unread::Refused(status)) => refuse(status),
        Err(Unread::Gone(error)) => return Err(error),
    };
    response = handler::dated(response, site.clock.now());
    if let Some((on_access, method, uri)) = &logged {
        on_access(Access {
            method,
            path: uri.path(),
            status: response.status(),
            took: stopwatch.elapsed(),
        });
    }
    Ok(response.map(|body| Full::new(Bytes::from(body))))
}

async fn read(body: Incoming, limits: &ServeLimits) -> Result<Vec<u8>, Unread> {
    let whole = timeout(limits.body_wait, whole(body, limits.body_max)).await;
    whole.unwrap_or(Err(Unread::Refused(StatusCode::REQUEST_TIMEOUT)))
}

/// Reads a body to its end, and not beyond: a body that came together with its head is read without a wait.
async fn whole(mut body: Incoming, len_max: usize) -> Result<Vec<u8>, Unread> {
    let too_long = Unread::Refused(StatusCode::PAYLOAD_TOO_LARGE);
    // A body that says that it is too long need not be waited for.
    let len_least = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if len_least > len_max {
        return Err(too_long);
    }
    let mut whole = Vec::with_capacity(len_least.min(AT_ONCE_MAX));
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else {
            break;
        };
        // What is no data is trailers, which nobody asks for.
        let Ok(data) = frame.map_err(Unread::Gone)?.into_data() else {
            continue;
        };
        if whole.len() + data.len() > len_max {
            return Err(too_long);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole)
}

/// The rest of the body is not read, so an HTTP/1.1 connection cannot be used again; in HTTP/2 there is no such header, and hyper drops it.
fn refuse(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

impl Site {
    /// The reply to a request that was read whole.
    fn reply(&self, mut request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        let options = &self.options;
        let (head, body) = request.into_parts();
        let origin = Origin::read(&head, &self.scheme(), options.trust_forwarded);
        let judgement = options
            .cors
            .as_ref()
            .map(|cors| cors.judge(&head, origin.as_ref()));
        let accepts_gzip = gzip::is_accepted(&head.headers);
        request = Request::from_parts(head, body);
        if let Some(origin) = origin {
            request.extensions_mut().insert(origin);
        }
        let own_reply = judgement.as_ref().and_then(Judgement::own_reply);
        let mut response =
            own_reply.unwrap_or_else(|| handler::answer(&self.handler, self.clock.now(), request));
        if let Some(judgement) = judgement {
            judgement.mark(&mut response);
        }
        if options.gzip {
            gzip::compress(accepts_gzip, &mut response);
        }
        response
    }
}
