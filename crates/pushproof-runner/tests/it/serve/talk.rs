//! Talking to a server by hand, so that what a test says and hears is on the page.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use pushproof_runner::handler::Handler;
use pushproof_runner::serve::{Options, Origin, Server};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::peer::{NEW_YEAR, clock};

/// When the certificates of these tests are made. TLS looks at the system's clock, so it is the system's time.
pub(super) fn today() -> SystemTime {
    pushproof_runner::clock::wall()
}

/// A server with these options, for a handler that answers with method, path, origin and body.
pub(super) async fn echo(options: Options) -> Server {
    start(options, |request| {
        let origin = request.extensions().get::<Origin>();
        let origin = origin.map_or_else(|| "nowhere".to_owned(), Origin::to_string);
        let body = String::from_utf8_lossy(request.body());
        let text = format!(
            "{} {} at {origin} {body}",
            request.method(),
            request.uri().path()
        );
        Response::new(text.trim_end().into())
    })
    .await
}

/// A server with these options, at the new year.
pub(super) async fn start(
    options: Options,
    answer: impl Fn(Request<Vec<u8>>) -> Response<Vec<u8>> + Send + Sync + 'static,
) -> Server {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let handler: Handler = Arc::new(move |now, request| {
        assert_eq!(now, UNIX_EPOCH + NEW_YEAR);
        answer(request)
    });
    Server::start(listener, handler, clock(), options).unwrap()
}

/// Says `lines` as the head of an HTTP/1.1 request on a new connection; the whole reply.
pub(super) async fn says(server: &Server, lines: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    spoken(&mut stream, lines).await
}

/// The same on a stream that is there; the server closes it afterwards.
pub(super) async fn spoken(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    lines: &str,
) -> String {
    let lines = lines.trim().lines();
    let head: String = lines.map(|line| format!("{}\r\n", line.trim())).collect();
    let request = format!("{head}connection: close\r\n\r\n");
    let (head, body) = exchange(stream, request.as_bytes()).await;
    readable(&format!("{head}\n{}", String::from_utf8_lossy(&body)))
}

/// Sends bytes, and reads until the server closes: the head of the reply, and its body.
pub(super) async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &[u8],
) -> (String, Vec<u8>) {
    stream.write_all(request).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    let end = reply.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(reply[..end].to_vec()).unwrap();
    (head.replace('\r', ""), reply[end + 4..].to_vec())
}

/// A reply without what is the same in all of them.
fn readable(reply: &str) -> String {
    let same = ["connection: close", "date: Thu, 01 Jan 2026 00:00:00 GMT"];
    let lines = reply.lines().filter(|line| !same.contains(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// A TLS connection by a name of the server, which offers these protocols and trusts one authority.
pub(super) async fn tls(
    server: &Server,
    name: &str,
    authority: &str,
    offers: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap())
        .unwrap();
    let mut config =
        ClientConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    config.alpn_protocols = offers
        .iter()
        .map(|offer| offer.as_bytes().to_vec())
        .collect();
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// Sends requests over one HTTP/2 connection, all at once; the replies in the order of the requests.
pub(super) async fn http2(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    requests: Vec<Request<String>>,
) -> Vec<String> {
    let (client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let replies: Vec<_> = requests
        .into_iter()
        .map(|request| {
            let mut client = client.clone();
            tokio::spawn(async move {
                client.ready().await.unwrap();
                let request = request.map(|body| Full::new(Bytes::from(body)));
                let reply = match client.send_request(request).await {
                    Ok(reply) => reply,
                    Err(error) => return format!("{error}"),
                };
                let (head, body) = reply.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                format!(
                    "{:?} {} {}",
                    head.version,
                    head.status.as_u16(),
                    String::from_utf8_lossy(&body)
                )
            })
        })
        .collect();
    let mut texts = Vec::new();
    for reply in replies {
        texts.push(reply.await.unwrap());
    }
    texts
}
