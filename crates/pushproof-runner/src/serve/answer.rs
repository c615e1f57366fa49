//! The way of one request from its head to its reply: [`answer`].

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;

use super::cors::Judgement;
use super::{Origin, ServeLimits, Site, gzip};
use crate::clock::Stopwatch;
use crate::handler;

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
    let (method, uri) = (head.method.clone(), head.uri.clone());
    let body = read(body, &site.options.limits).await;
    let mut response = match body {
        Ok(body) => site.reply(Request::from_parts(head, body)),
        Err(Unread::Refused(status)) => refuse(status),
        Err(Unread::Gone(error)) => return Err(error),
    };
    response = handler::dated(response, site.clock.now());
    if let Some(on_access) = &site.options.on_access {
        on_access(Access {
            method: &method,
            path: uri.path(),
            status: response.status(),
            took: stopwatch.elapsed(),
        });
    }
    Ok(response.map(|body| Full::new(Bytes::from(body))))
}

async fn read(body: Incoming, limits: &ServeLimits) -> Result<Vec<u8>, Unread> {
    // A body that says that it is too long need not be waited for.
    if body.size_hint().lower() > limits.body_max as u64 {
        return Err(Unread::Refused(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let body = Limited::new(body, limits.body_max).collect();
    match timeout(limits.body_wait, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Unread::Refused(StatusCode::PAYLOAD_TOO_LARGE))
        }
        Ok(Err(error)) => Err(Unread::Gone(
            *error
                .downcast()
                .expect("the only other error is the body's own"),
        )),
        Err(_) => Err(Unread::Refused(StatusCode::REQUEST_TIMEOUT)),
    }
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
        let origin = Origin::read(&head, self.scheme(), options.trust_forwarded);
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
