//! What a server reads at most, and how long it waits for it: [`ServeLimits`]. A client that is slow, lost or hostile costs no more than this.

use std::time::Duration;

/// The bounds of a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServeLimits {
    /// Bytes of a request's body; more is answered with 413.
    pub body_max: usize,
    /// Bytes of a request's head; more is answered with 431.
    pub head_max: usize,
    /// How long a TLS handshake, or an HTTP/1.1 request's head, may take to come. A connection that is kept alive is closed after it too, so it is
    /// longer than clients keep theirs (90 s in several): of two that close at the same moment, the client would take it for a failure.
    pub head_wait: Duration,
    /// How long a request's body may take to come; later is answered with 408.
    pub body_wait: Duration,
    /// Connections at the same time; further ones wait to be accepted.
    pub connections_max: usize,
    /// Requests at the same time on one HTTP/2 connection.
    pub streams_max: u32,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            body_max: 1 << 20,
            head_max: 64 << 10,
            head_wait: Duration::from_secs(120),
            body_wait: Duration::from_secs(30),
            connections_max: 16_384,
            streams_max: 256,
        }
    }
}
