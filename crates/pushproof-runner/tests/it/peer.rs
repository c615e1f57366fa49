//! Peers to talk to: a server for a function, and a bare socket that misbehaves by script.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use http::{Request, Response};
use pushproof_runner::clock::Clock;
use pushproof_runner::handler::Handler;
use pushproof_runner::serve::Server;
use pushproof_runner::transport::{HttpOptions, Roots, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// 1 January 2026.
pub(crate) const NEW_YEAR: Duration = Duration::from_secs(1_767_225_600);

/// A clock that stands at the new year.
pub(crate) fn clock() -> Clock {
    Clock::jumping(UNIX_EPOCH + NEW_YEAR)
}

/// A server for a function of the request, at the new year.
pub(crate) async fn served(
    handler: impl Fn(Request<Vec<u8>>) -> Response<Vec<u8>> + Send + Sync + 'static,
) -> Server {
    let handler: Handler = Arc::new(move |_, request| handler(request));
    Server::loopback(handler, clock()).await.unwrap()
}

/// A reply with a JSON body.
pub(crate) fn json(status: u16, body: &str) -> Response<Vec<u8>> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap()
}

/// How a bare peer goes on once it has read a request's head.
pub(crate) enum Then {
    /// Says these bytes and closes.
    Say(&'static [u8]),
    /// Closes with a reset.
    Reset,
    /// Says these bytes and never anything more.
    SayAndStall(&'static [u8]),
}

/// Serves one connection so, on a port of its own.
pub(crate) async fn bare(then: Then) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await;
        match then {
            Then::Say(bytes) => stream.write_all(bytes).await.unwrap(),
            Then::Reset => stream.set_zero_linger().unwrap(),
            Then::SayAndStall(bytes) => {
                stream.write_all(bytes).await.unwrap();
                std::future::pending::<()>().await;
            }
        }
    });
    address
}

/// Reads up to the empty line, or as much as a TLS greeting has of it.
async fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.first() != Some(&0x16) {
        head.push(stream.read_u8().await.unwrap());
    }
}

/// A transport over plain HTTP that waits so long at most.
pub(crate) fn http(timeout: Duration) -> Transport {
    let options = HttpOptions {
        timeout,
        roots: Roots::Nobody,
        body_max: 1000,
        ..HttpOptions::default()
    };
    Transport::http(&options).unwrap()
}

/// A transport with all the time a loaded machine can want.
pub(crate) fn patient() -> Transport {
    http(Duration::from_secs(60))
}

/// A server that writes down what it is asked, one line a request, and answers by a function of request number and request.
pub(crate) struct Scribe {
    pub(crate) server: Server,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Scribe {
    pub(crate) async fn answering(
        answer: impl Fn(usize, &Request<Vec<u8>>) -> Response<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let pages = Arc::clone(&lines);
        let server = served(move |request| {
            let mut pages = pages.lock().unwrap();
            pages.push(line(&request));
            answer(pages.len() - 1, &request)
        })
        .await;
        Self { server, lines }
    }

    /// The URL of a path on it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.base_url())
    }

    /// What it was asked, and then `outcome`, without the port.
    pub(crate) fn transcript(&self, outcome: impl std::fmt::Display) -> String {
        let lines = self.lines.lock().unwrap().join("\n");
        format!("{lines}\n{outcome}").replace(&self.server.address().to_string(), "HOST")
    }
}

fn line(request: &Request<Vec<u8>>) -> String {
    let authorization = request
        .headers()
        .get("authorization")
        .map(|value| format!(" [{}]", value.to_str().unwrap()));
    let body = String::from_utf8_lossy(request.body());
    format!(
        "{} {}{} {body}",
        request.method(),
        request.uri(),
        authorization.unwrap_or_default()
    )
    .trim_end()
    .to_owned()
}
