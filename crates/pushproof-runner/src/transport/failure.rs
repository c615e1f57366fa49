//! Why there was no reply: what kind of failure it was, and the system's own words where they say more.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use http::Uri;
use pushproof_report::sanitize;

/// Characters of the message that are kept.
const MESSAGE_MAX: usize = 400;

/// The kinds of failure that are told apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FailureKind {
    /// Nobody listens at the address.
    Refused,
    /// The host has no address.
    Dns,
    /// The certificate or the handshake was not good.
    Tls,
    /// The connection was closed or reset before the reply began, or in the midst of it.
    Reset,
    /// The time limit of the exchange was over.
    TimedOut,
    /// The reply is larger than this program reads.
    BodyTooLarge,
    /// The body ended before its announced end.
    Truncated,
    /// What came back cannot be read as a reply.
    Unreadable,
    /// Anything else; the message tells.
    Other,
}

impl FailureKind {
    /// In plain words, to stand before the address.
    pub fn says(self) -> &'static str {
        match self {
            Self::Refused => "connection refused",
            Self::Dns => "host not found",
            Self::Tls => "TLS failed",
            Self::Reset => "connection closed without a reply",
            Self::TimedOut => "timed out",
            Self::BodyTooLarge => "reply too large",
            Self::Truncated => "reply cut short",
            Self::Unreadable => "unreadable reply",
            Self::Other => "no reply",
        }
    }
}

/// An exchange that brought no complete reply. Its text names the origin only: a path or a query may hold secrets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    kind: FailureKind,
    origin: String,
    /// What the kind does not say.
    cause: Option<String>,
    took: Duration,
}

impl Failure {
    pub(super) fn new(problem: Problem, uri: &Uri, took: Duration) -> Self {
        Self {
            kind: problem.kind(),
            origin: origin(uri),
            cause: problem.cause(),
            took,
        }
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// From sending to the failure, in real time.
    pub fn took(&self) -> Duration {
        self.took
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at `{}`", self.kind.says(), self.origin)?;
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
            if let Some(hint) = hint(self.kind, &self.origin, cause) {
                write!(f, "; {hint}")?;
            }
        }
        Ok(())
    }
}

impl Error for Failure {}

/// What may help, where the system's own words do not say it. The layers below keep their errors to themselves: their texts are all there is.
fn hint(kind: FailureKind, origin: &str, causes: &str) -> Option<&'static str> {
    let is_https = origin.starts_with("https:");
    match kind {
        FailureKind::Tls if causes.contains("InvalidContentType") => {
            Some("it does not speak TLS: is it `http`, not `https`?")
        }
        FailureKind::Tls if causes.contains("UnknownIssuer") => {
            Some("`tls: { ca: FILE }` names the authority that signed its certificate")
        }
        FailureKind::Tls if causes.contains("CaUsedAsEndEntity") => Some(
            "its certificate is an authority's and no server's: let it have one that the authority signed",
        ),
        FailureKind::Tls if causes.contains("NotValidForName") => {
            Some("its certificate is for another host")
        }
        FailureKind::Tls if causes.contains("Expired") => Some("its certificate has expired"),
        // A server that expects TLS answers plain HTTP with an alert or a page of its own, or hangs up.
        FailureKind::Unreadable if !is_https => {
            Some("it does not speak HTTP there: is it `https`, not `http`?")
        }
        _ => None,
    }
}

/// Scheme, host and port.
fn origin(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("?");
    let host = uri.host().unwrap_or("?");
    match uri.port() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

/// What went wrong, before it is put into words.
#[derive(Debug)]
pub(super) enum Problem {
    Client(reqwest::Error),
    TooLarge {
        bytes_max: usize,
    },
    /// Silent for many times as long as any answer has taken, on a way that has lost some.
    Silent {
        within: Duration,
    },
    NotAbsolute,
}

impl From<reqwest::Error> for Problem {
    fn from(error: reqwest::Error) -> Self {
        Self::Client(error.without_url())
    }
}

impl Problem {
    pub(super) fn kind(&self) -> FailureKind {
        match self {
            Self::Client(error) => kind_of(error),
            Self::TooLarge { .. } => FailureKind::BodyTooLarge,
            Self::Silent { .. } => FailureKind::TimedOut,
            Self::NotAbsolute => FailureKind::Other,
        }
    }

    fn cause(&self) -> Option<String> {
        match self {
            Self::Client(error) => match kind_of(error) {
                FailureKind::Refused
                | FailureKind::Reset
                | FailureKind::Truncated
                | FailureKind::TimedOut => None,
                FailureKind::Dns
                | FailureKind::Tls
                | FailureKind::BodyTooLarge
                | FailureKind::Unreadable
                | FailureKind::Other => core(error),
            },
            Self::TooLarge { bytes_max } => Some(format!("more than {bytes_max} bytes")),
            Self::Silent { within } => Some(format!(
                "silent for {:.1} s, at least {} times as long as any reply took",
                within.as_secs_f64(),
                super::patience::TIMES
            )),
            Self::NotAbsolute => Some("the request has no absolute URI".to_owned()),
        }
    }
}

fn kind_of(error: &reqwest::Error) -> FailureKind {
    if error.is_timeout() {
        return FailureKind::TimedOut;
    }
    let io = causes(error)
        .find_map(|cause| cause.downcast_ref::<io::Error>())
        .map(innermost);
    if error.is_connect() {
        return kind_of_connect(error, io);
    }
    match io {
        Some(io::ErrorKind::UnexpectedEof) => FailureKind::Truncated,
        Some(
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe,
        ) => FailureKind::Reset,
        _ if closed_early(error) => FailureKind::Reset,
        _ if is_unreadable(error) => FailureKind::Unreadable,
        _ => FailureKind::Other,
    }
}

fn kind_of_connect(error: &reqwest::Error, io: Option<io::ErrorKind>) -> FailureKind {
    // The connector's own error type is private; its text is all there is to tell a failed look-up.
    if causes(error).any(|cause| cause.to_string() == "dns error") {
        return FailureKind::Dns;
    }
    match io {
        Some(io::ErrorKind::ConnectionRefused) => FailureKind::Refused,
        // So the TLS layer wraps its errors: what the peer sent made no sense or was not trusted, or the peer left.
        Some(io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) => FailureKind::Tls,
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted) => {
            FailureKind::Reset
        }
        Some(_) | None => FailureKind::Other,
    }
}

/// The kind of the I/O error at the core: layers wrap one in another of kind `Other`, and `source` steps over what is wrapped.
fn innermost(error: &io::Error) -> io::ErrorKind {
    let mut error = error;
    while let Some(inner) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<io::Error>())
    {
        error = inner;
    }
    error.kind()
}

fn closed_early(error: &reqwest::Error) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
        .any(|error| error.is_incomplete_message() || error.is_canceled())
}

fn is_unreadable(error: &reqwest::Error) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
        .any(|error| error.is_parse() || error.is_parse_too_large())
}

/// The error and its sources.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error: &&'a (dyn Error + 'static)| {
        error.source()
    })
}

/// The text of the innermost cause, which is the system's or the peer's own; what a peer had a hand in is made harmless.
fn core(error: &(dyn Error + 'static)) -> Option<String> {
    let innermost = causes(error).last()?;
    Some(sanitize(&innermost.to_string(), MESSAGE_MAX))
}
