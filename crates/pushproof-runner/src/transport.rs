//! How requests reach a target: over HTTP, or by calling a tenant that lives in this process.
//!
//! Nothing happens behind the caller's back: one request is sent once, redirects are replies, proxies come from the target file alone, every
//! exchange has a time limit and every reply a size limit. The one thing added to a request over HTTP is `accept: */*` where it has no `Accept`,
//! beside the `Host` and `Content-Length` that HTTP/1.1 wants.

mod failure;
mod patience;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request, Response, Uri, header};

pub use self::failure::{Failure, FailureKind};
use self::patience::Patience;
use crate::clock::{Clock, Stopwatch};
use crate::handler::{self, Handler};
use crate::pace::Pace;

/// Idle connections are closed before the servers' usual five seconds are up: a request on a connection that the server is just closing is
/// lost, and at a polling interval of five seconds that would happen often.
const IDLE_MAX: Duration = Duration::from_secs(3);

/// One finished exchange.
#[derive(Debug)]
pub struct Exchanged {
    /// The reply, read to its end.
    pub response: Response<Vec<u8>>,
    /// From sending to the last byte of the reply, in real time.
    pub took: Duration,
}

/// A way to a target. Clones share their connections.
#[derive(Clone)]
pub struct Transport {
    way: Way,
    pace: Option<Arc<Pace>>,
}

#[derive(Clone)]
enum Way {
    Http(Http),
    InProcess { handler: Handler, clock: Clock },
}

#[derive(Clone)]
struct Http {
    client: reqwest::Client,
    body_max: usize,
    patience: Arc<Patience>,
}

/// Which certificate authorities are trusted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Roots {
    /// The platform's. A machine without any cannot build a transport.
    #[default]
    Platform,
    /// Only those in this PEM bundle.
    Only(Vec<u8>),
    /// None: for targets that are plain HTTP throughout.
    Nobody,
}

/// How HTTP is spoken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpOptions {
    /// From connecting to the last byte of the reply.
    pub timeout: Duration,
    /// For connecting alone, TLS included.
    pub connect_timeout: Duration,
    /// Bytes of a reply's body; more is a failure.
    pub body_max: usize,
    /// Who is trusted to name the server.
    pub roots: Roots,
    /// Trust any certificate at all.
    pub insecure: bool,
    /// The proxy for everything, as a URL. Without one no proxy is used, whatever the environment says.
    pub proxy: Option<String>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(10),
            body_max: 4 << 20,
            roots: Roots::Platform,
            insecure: false,
            proxy: None,
        }
    }
}

/// Why a transport cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// `tls.ca` holds no certificate.
    #[error("the CA bundle holds no certificate")]
    NoCertificate,
    /// `tls.ca` is not a PEM bundle of certificates.
    #[error("reading the CA bundle")]
    Bundle(#[source] reqwest::Error),
    /// `proxy` is no URL of a proxy.
    #[error("the proxy cannot be used")]
    Proxy(#[source] reqwest::Error),
    /// TLS cannot be set up, for instance on a machine without certificate authorities.
    #[error("setting up the HTTP client")]
    Client(#[source] reqwest::Error),
}

impl Transport {
    /// A transport over HTTP/1.1. It takes some milliseconds to build: one per target, not one per case.
    ///
    /// # Errors
    /// [`TransportError`] if the options cannot be followed.
    pub fn http(options: &HttpOptions) -> Result<Self, TransportError> {
        let mut builder = reqwest::Client::builder()
            .http1_only()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(options.timeout)
            .connect_timeout(options.connect_timeout)
            .pool_idle_timeout(IDLE_MAX)
            .tls_danger_accept_invalid_certs(options.insecure);
        builder = match &options.roots {
            Roots::Platform => builder,
            Roots::Only(pem) => builder.tls_certs_only(bundle(pem)?),
            Roots::Nobody => builder.tls_certs_only([]),
        };
        if let Some(proxy) = &options.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(TransportError::Proxy)?);
        }
        let client = builder.build().map_err(TransportError::Client)?;
        let body_max = options.body_max;
        Ok(Self {
            way: Way::Http(Http {
                client,
                body_max,
                patience: Arc::new(Patience::new(options.timeout)),
            }),
            pace: None,
        })
    }

    /// A transport that calls `handler` at the time of `clock`, with the request as a server would read it.
    pub fn in_process(handler: Handler, clock: Clock) -> Self {
        Self {
            way: Way::InProcess { handler, clock },
            pace: None,
        }
    }

    /// The same way, on which at most so many requests leave in any one second. Clones share the count.
    #[must_use]
    pub fn paced(self, requests_per_second: u32) -> Self {
        Self {
            pace: Some(Arc::new(Pace::new(requests_per_second))),
            ..self
        }
    }

    /// The same way, counted together with `other`.
    pub(crate) fn paced_with(self, other: &Self) -> Self {
        Self {
            pace: other.pace.clone(),
            ..self
        }
    }

    /// Sends a request, whose URI is absolute, and reads the reply to its end. Any reply is a success, whatever its status.
    ///
    /// # Errors
    /// [`Failure`] if there was no complete reply: that is nobody's breach.
    pub async fn exchange(&self, request: Request<Vec<u8>>) -> Result<Exchanged, Failure> {
        self.turn().await;
        self.exchange_now(request).await
    }

    /// Waits until the next request may leave. Whoever sets a limit to an exchange waits first and sends it with [`Transport::exchange_now`].
    pub(crate) async fn turn(&self) {
        if let Some(pace) = &self.pace {
            pace.turn().await;
        }
    }

    /// Sends a request for which a [turn](Transport::turn) has been waited.
    pub(crate) async fn exchange_now(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<Exchanged, Failure> {
        let stopwatch = Stopwatch::start();
        let uri = request.uri().clone();
        let response = match &self.way {
            Way::Http(http) => http.within_patience(request).await,
            Way::InProcess { handler, clock } => {
                as_received(request).map(|request| handler::answer(handler, clock.now(), request))
            }
        };
        let took = stopwatch.elapsed();
        match response {
            Ok(response) => Ok(Exchanged { response, took }),
            Err(problem) => Err(Failure::new(problem, &uri, took)),
        }
    }
}

/// Whether these bytes can be trusted as authorities.
///
/// # Errors
/// As [`Transport::http`] has with such [`Roots`].
pub(crate) fn check_bundle(pem: &[u8]) -> Result<(), TransportError> {
    bundle(pem).map(drop)
}

fn bundle(pem: &[u8]) -> Result<Vec<reqwest::Certificate>, TransportError> {
    let certificates =
        reqwest::Certificate::from_pem_bundle(pem).map_err(TransportError::Bundle)?;
    if certificates.is_empty() {
        return Err(TransportError::NoCertificate);
    }
    Ok(certificates)
}

impl Http {
    async fn within_patience(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, failure::Problem> {
        let stopwatch = Stopwatch::start();
        let answer = self.exchange(request);
        let answer = match self.patience.shortened() {
            None => answer.await,
            Some(within) => match tokio::time::timeout(within, answer).await {
                Ok(answer) => answer,
                Err(_) => return Err(failure::Problem::Silent { within }),
            },
        };
        match &answer {
            Ok(_) => self.patience.answered(stopwatch.elapsed()),
            Err(problem) if problem.kind() == FailureKind::TimedOut => self.patience.sat_out(),
            Err(_) => {}
        }
        answer
    }

    async fn exchange(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, failure::Problem> {
        let request = reqwest::Request::try_from(request)?;
        let mut reply = self.client.execute(request).await?;
        let mut body = Vec::new();
        while let Some(chunk) = reply.chunk().await? {
            if body.len() + chunk.len() > self.body_max {
                return Err(failure::Problem::TooLarge {
                    bytes_max: self.body_max,
                });
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = Response::new(body);
        *response.status_mut() = reply.status();
        *response.version_mut() = reply.version();
        *response.headers_mut() = std::mem::take(reply.headers_mut());
        Ok(response)
    }
}

/// The request as a server reads it from the wire: the target in origin form, the authority in `Host`.
fn as_received(mut request: Request<Vec<u8>>) -> Result<Request<Vec<u8>>, failure::Problem> {
    let authority = request
        .uri()
        .authority()
        .ok_or(failure::Problem::NotAbsolute)?;
    let host = authority.as_str().rsplit('@').next().unwrap_or_default();
    let host = HeaderValue::from_str(host).map_err(|_| failure::Problem::NotAbsolute)?;
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let origin_form: Uri = path.parse().map_err(|_| failure::Problem::NotAbsolute)?;
    *request.uri_mut() = origin_form;
    request.headers_mut().entry(header::HOST).or_insert(host);
    Ok(request)
}
