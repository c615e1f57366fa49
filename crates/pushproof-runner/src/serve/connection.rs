//! Connections: accepted, brought to HTTP/1.1 or HTTP/2, and let go when the server stops. Start at [`accept`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Site, answer};

/// How long replies that are being written may still take when the server stops.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// How long to rest after `accept` has failed, which it does while the process has no file descriptor left.
const ACCEPT_REST: Duration = Duration::from_millis(20);

/// How an HTTP/2 connection without TLS begins (RFC 9113 section 3.4); `PRI` is no method of HTTP/1.1.
const PREFACE: &[u8] = b"PRI ";

/// How long to rest while a client has sent some octets of [`PREFACE`] and not yet all.
const PREFACE_REST: Duration = Duration::from_millis(1);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Http1,
    Http2,
}

/// Accepts connections until the server is to stop; then lets them finish.
pub(super) async fn accept(listener: TcpListener, site: Arc<Site>, stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let mut stop = stopped.clone();
    loop {
        let has_room = connections.len() < site.options.limits.connections_max;
        tokio::select! {
            accepted = listener.accept(), if has_room => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(greet(stream, Arc::clone(&site), stopped.clone()));
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
    let _ = timeout(STOP_LIMIT, rest).await;
}

/// Finds out what the client speaks, and speaks it. Whoever does not say so in time, or says nonsense, is left.
async fn greet(stream: TcpStream, site: Arc<Site>, mut stopped: watch::Receiver<bool>) {
    // Without it small replies may wait for an acknowledgement; with it failed, they merely do.
    let _ = stream.set_nodelay(true);
    let head_wait = site.options.limits.head_wait;
    if let Some(tls) = site.options.tls.clone() {
        let handshake = timeout(head_wait, tls.accept(stream));
        let accepted = tokio::select! {
            accepted = handshake => accepted,
            () = until_set(&mut stopped) => return,
        };
        let Ok(Ok(stream)) = accepted else { return };
        let version = match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => Version::Http2,
            _ => Version::Http1,
        };
        converse(stream, version, site, stopped).await;
    } else {
        let asked = tokio::select! {
            asked = timeout(head_wait, version(&stream)) => asked,
            () = until_set(&mut stopped) => return,
        };
        let Ok(Some(version)) = asked else { return };
        converse(stream, version, site, stopped).await;
    }
}

/// What a client without TLS speaks, by its first octets, which are left in place; `None` if it is gone.
async fn version(stream: &TcpStream) -> Option<Version> {
    let mut first = [0; PREFACE.len()];
    loop {
        let len = stream.peek(&mut first).await.ok().filter(|len| *len > 0)?;
        if first[..len] != PREFACE[..len] {
            return Some(Version::Http1);
        }
        if len == PREFACE.len() {
            return Some(Version::Http2);
        }
        tokio::time::sleep(PREFACE_REST).await;
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    version: Version,
    site: Arc<Site>,
    mut stopped: watch::Receiver<bool>,
) {
    let stream = TokioIo::new(stream);
    let limits = site.options.limits;
    let requests = Arc::new(Requests::default());
    let counted = Arc::clone(&requests);
    let service = service_fn(move |request| {
        let (site, counted) = (Arc::clone(&site), Arc::clone(&counted));
        async move {
            let _under_way = counted.begin();
            answer::answer(site, request).await
        }
    });
    // An error of a connection is the client's: it left, or did not speak HTTP, and hyper has answered what could be answered.
    match version {
        Version::Http1 => {
            let connection = http1::Builder::new()
                .auto_date_header(false)
                .half_close(true)
                .max_header_size(limits.head_max)
                .timer(TokioTimer::new())
                .header_read_timeout(limits.head_wait)
                .serve_connection(stream, service);
            let mut connection = std::pin::pin!(connection);
            tokio::select! {
                _ = connection.as_mut() => return,
                () = until_set(&mut stopped) => {}
            }
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
        Version::Http2 => {
            let connection = http2::Builder::new(TokioExecutor::new())
                .auto_date_header(false)
                .max_header_list_size(u32::try_from(limits.head_max).unwrap_or(u32::MAX))
                .max_concurrent_streams(limits.streams_max)
                .timer(TokioTimer::new())
                .keep_alive_interval(limits.head_wait)
                .serve_connection(stream, service);
            let mut connection = std::pin::pin!(connection);
            tokio::select! {
                _ = connection.as_mut() => return,
                () = until_set(&mut stopped) => {}
                () = requests.until_idle(limits.head_wait) => {}
            }
            connection.as_mut().graceful_shutdown();
            // A client that never finished its greeting does not hear of it.
            let _ = timeout(STOP_LIMIT, connection).await;
        }
    }
}

/// The requests of one connection. HTTP/1.1 needs no such count: hyper limits the time for a head, also for that of the next request.
#[derive(Default)]
struct Requests {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Requests {
    /// Counts a request as under way until the guard is dropped.
    fn begin(&self) -> impl Drop {
        struct UnderWay<'r>(&'r AtomicU64);
        impl Drop for UnderWay<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        self.begun.fetch_add(1, Ordering::SeqCst);
        UnderWay(&self.ended)
    }

    /// Waits until nothing was under way, nor began, for so long.
    async fn until_idle(&self, wait: Duration) {
        loop {
            let before = self.begun.load(Ordering::SeqCst);
            tokio::time::sleep(wait).await;
            let begun = self.begun.load(Ordering::SeqCst);
            if begun == before && self.ended.load(Ordering::SeqCst) == begun {
                return;
            }
        }
    }
}

async fn until_set(flag: &mut watch::Receiver<bool>) {
    // A sender that is gone is a server that was dropped: that too is a stop.
    let _ = flag.wait_for(|set| *set).await;
}
