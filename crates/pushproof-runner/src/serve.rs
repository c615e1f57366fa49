//! The sandbox's socket: an HTTP/1.1 server for any [`Handler`].
//!
//! Used for one loopback listener per case and for `pushproof serve`. It keeps no time limits: its clients are this program or sit beside it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::clock::Clock;
use crate::handler::{self, Handler};

/// How long replies that are being written may still take when the server stops.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// How long to rest after `accept` has failed, which it does while the process has no file descriptor left.
const ACCEPT_REST: Duration = Duration::from_millis(20);

/// What a server reads at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServeLimits {
    /// Bytes of a request's body; more is answered with 413.
    pub body_max: usize,
    /// Bytes of a request's head; more is answered with 431.
    pub head_max: usize,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            body_max: 1 << 20,
            head_max: 64 << 10,
        }
    }
}

/// A server that runs until it is stopped or dropped.
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Serves `handler` on `listener`, at the time of `clock`.
    ///
    /// # Errors
    /// If the listener does not know its own address.
    pub fn start(
        listener: TcpListener,
        handler: Handler,
        clock: Clock,
        limits: ServeLimits,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let site = Arc::new(Site {
            handler,
            clock,
            limits,
        });
        let accepting = tokio::spawn(accept(listener, site, stopped));
        Ok(Self {
            address,
            stop,
            accepting,
        })
    }

    /// Serves `handler` on a free port of the loopback address.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn loopback(handler: Handler, clock: Clock) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        Self::start(listener, handler, clock, ServeLimits::default())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Accepts no more, lets the replies under way be written and closes the connections.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // A task that panicked has closed what it had; there is nothing left to stop.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Aborting the task drops the listener and, with their set, the connections.
        self.accepting.abort();
    }
}

struct Site {
    handler: Handler,
    clock: Clock,
    limits: ServeLimits,
}

async fn accept(listener: TcpListener, site: Arc<Site>, stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let mut stop = stopped.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, Arc::clone(&site), stopped.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_REST).await,
            },
            Some(_) = connections.join_next() => {}
            () = until_set(&mut stop) => break,
        }
    }
    drop(listener);
    let rest = async { while connections.join_next().await.is_some() {} };
    // What is not written by then is cut off with the set.
    let _ = tokio::time::timeout(STOP_LIMIT, rest).await;
}

async fn converse(stream: TcpStream, site: Arc<Site>, mut stopped: watch::Receiver<bool>) {
    // Without it small replies may wait for an acknowledgement; with it failed, they merely do.
    let _ = stream.set_nodelay(true);
    let head_max = site.limits.head_max;
    let service = service_fn(move |request| answer(Arc::clone(&site), request));
    let connection = http1::Builder::new()
        .auto_date_header(false)
        .half_close(true)
        .max_header_size(head_max)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // An error here is the client's: it left, or did not speak HTTP, and hyper has answered what could be answered.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = until_set(&mut stopped) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn until_set(flag: &mut watch::Receiver<bool>) {
    // A sender that is gone is a server that was dropped: that too is a stop.
    let _ = flag.wait_for(|set| *set).await;
}

async fn answer(
    site: Arc<Site>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let response = match Limited::new(body, site.limits.body_max).collect().await {
        Ok(body) => {
            let request = Request::from_parts(head, body.to_bytes().to_vec());
            handler::answer(&site.handler, site.clock.now(), request)
        }
        Err(error) if error.is::<LengthLimitError>() => {
            handler::dated(too_large(), site.clock.now())
        }
        Err(error) => {
            return Err(*error
                .downcast()
                .expect("the only other error is the body's own"));
        }
    };
    Ok(response.map(|body| Full::new(Bytes::from(body))))
}

/// The rest of the body is not read, so the connection cannot be used again.
fn too_large() -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    response.headers_mut().insert(
        header::CONNECTION,
        header::HeaderValue::from_static("close"),
    );
    response
}
