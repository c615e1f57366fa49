//! The sandbox's socket: an HTTP/1.1 and HTTP/2 server for any [`Handler`], plain or under TLS.
//!
//! Used for one loopback listener per case, with the default [`Options`], and for `pushproof serve`. The road of a request: `connection` brings
//! it in, `answer` reads its body and asks the handler, with `cors`, `origin` and `gzip` on the way; [`Tls`] is made beforehand.

mod answer;
mod connection;
mod cors;
mod gzip;
mod limits;
mod origin;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http::uri::Scheme;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::handler::Handler;

pub use self::answer::{Access, OnAccess};
pub use self::cors::{Cors, NotAnOrigin};
pub use self::limits::ServeLimits;
pub use self::origin::Origin;
pub use self::tls::{Tls, TlsError};

/// How a server serves. The default is plain HTTP, and replies as the handler gave them.
#[derive(Clone, Default)]
pub struct Options {
    /// What it reads at most, and how long it waits for it.
    pub limits: ServeLimits,
    /// The certificate to speak TLS with; without one, plain HTTP.
    pub tls: Option<Tls>,
    /// Whether long replies are compressed for clients that accept it.
    pub gzip: bool,
    /// Whose pages may read replies; without it, no header of cross-origin sharing is read or written.
    pub cors: Option<Cors>,
    /// Whether `X-Forwarded-Proto` and `X-Forwarded-Host` are believed. Only for a server that is reached through a proxy alone.
    pub trust_forwarded: bool,
    /// Told of every request that was answered.
    pub on_access: Option<OnAccess>,
}

/// A server that runs until it is stopped or dropped.
pub struct Server {
    address: SocketAddr,
    scheme: Scheme,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Serves `handler` on `listener`, at the time of `clock`. Every request carries the [`Origin`] by which it came among its extensions.
    ///
    /// # Errors
    /// If the listener does not know its own address.
    pub fn start(
        listener: TcpListener,
        handler: Handler,
        clock: Clock,
        options: Options,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let site = Arc::new(Site {
            handler,
            clock,
            options,
        });
        let scheme = site.scheme();
        let accepting = tokio::spawn(connection::accept(listener, site, stopped));
        Ok(Self {
            address,
            scheme,
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
        Self::start(listener, handler, clock, Options::default())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
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

/// What all connections of a server share.
struct Site {
    handler: Handler,
    clock: Clock,
    options: Options,
}

impl Site {
    fn scheme(&self) -> Scheme {
        if self.options.tls.is_some() {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        }
    }
}
