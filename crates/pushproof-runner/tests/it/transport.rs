//! The HTTP client against peers that refuse, reset, stall, stop short and talk too much.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use pushproof_runner::handler::Handler;
use pushproof_runner::transport::{Failure, FailureKind, HttpOptions, Roots, Transport};
use tokio::net::TcpSocket;

use crate::peer::{Then, bare, clock, http, json, patient, served};

fn get(url: &str) -> Request<Vec<u8>> {
    Request::get(url).body(Vec::new()).unwrap()
}

/// The failure of a GET at a bare peer, its port masked. The URL bears what must not be seen.
async fn failure(transport: &Transport, scheme: &str, then: Then) -> (FailureKind, String) {
    let address = bare(then).await;
    let url = format!("{scheme}://user:password@{address}/path-secret?query=secret");
    shown(
        transport.exchange(get(&url)).await.unwrap_err(),
        address.port(),
    )
}

fn shown(failure: Failure, port: u16) -> (FailureKind, String) {
    let text = failure.to_string().replace(&port.to_string(), "PORT");
    assert!(
        !text.contains("secret") && !text.contains("password"),
        "{text}"
    );
    (failure.kind(), text)
}

#[tokio::test]
async fn a_port_where_nobody_listens() {
    // Bound and not listening: it refuses, and nobody else can take it meanwhile.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let failed = patient()
        .exchange(get(&format!("http://127.0.0.1:{port}/x?secret=1")))
        .await
        .unwrap_err();
    let (kind, text) = shown(failed, port);
    assert_eq!(kind, FailureKind::Refused);
    insta::assert_snapshot!(text, @"connection refused at `http://127.0.0.1:PORT`");
}

#[tokio::test]
async fn a_connection_that_is_reset() {
    let (kind, text) = failure(&patient(), "http", Then::Reset).await;
    assert_eq!(kind, FailureKind::Reset);
    insta::assert_snapshot!(text, @"connection closed without a reply at `http://127.0.0.1:PORT`");
}

#[tokio::test]
async fn a_connection_that_is_closed_without_a_word() {
    let (kind, text) = failure(&patient(), "http", Then::Say(b"")).await;
    assert_eq!(kind, FailureKind::Reset);
    insta::assert_snapshot!(text, @"connection closed without a reply at `http://127.0.0.1:PORT`");
}

#[tokio::test]
async fn a_server_that_never_answers() {
    let short = http(Duration::from_millis(80));
    let (kind, text) = failure(&short, "http", Then::SayAndStall(b"")).await;
    assert_eq!(kind, FailureKind::TimedOut);
    insta::assert_snapshot!(text, @"timed out at `http://127.0.0.1:PORT`");
}

#[tokio::test]
async fn a_server_that_stalls_in_the_body() {
    let short = http(Duration::from_millis(80));
    let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";
    let (kind, text) = failure(&short, "http", Then::SayAndStall(reply)).await;
    assert_eq!(kind, FailureKind::TimedOut);
    // On a machine that is slow enough the time is over before the head is here; the text may tell of either.
    assert!(
        text.starts_with("timed out at `http://127.0.0.1:PORT`"),
        "{text}"
    );
}

#[tokio::test]
async fn a_body_shorter_than_announced() {
    let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";
    let (kind, text) = failure(&patient(), "http", Then::Say(reply)).await;
    assert_eq!(kind, FailureKind::Truncated);
    insta::assert_snapshot!(text, @"reply cut short at `http://127.0.0.1:PORT`");
}

#[tokio::test]
async fn a_chunked_body_without_its_end() {
    let reply = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    let (kind, text) = failure(&patient(), "http", Then::Say(reply)).await;
    assert_eq!(kind, FailureKind::Truncated);
    insta::assert_snapshot!(text, @"reply cut short at `http://127.0.0.1:PORT`");
}

#[tokio::test]
async fn a_body_too_large() {
    let server = served(|_| json(200, &"x".repeat(1001))).await;
    let failed = patient()
        .exchange(get(&server.base_url()))
        .await
        .unwrap_err();
    let (kind, text) = shown(failed, server.address().port());
    assert_eq!(kind, FailureKind::BodyTooLarge);
    insta::assert_snapshot!(text, @"reply too large at `http://127.0.0.1:PORT`: more than 1000 bytes");
}

#[tokio::test]
async fn a_reply_that_is_not_http() {
    let (kind, text) = failure(
        &patient(),
        "http",
        Then::Say(b"220 mail.example.com ESMTP\r\n"),
    )
    .await;
    assert_eq!(kind, FailureKind::Unreadable);
    insta::assert_snapshot!(text, @"unreadable reply at `http://127.0.0.1:PORT`: invalid HTTP version parsed; it does not speak HTTP there: is it `https`, not `http`?");
}

#[tokio::test]
async fn tls_where_none_is_spoken() {
    let (kind, text) = failure(
        &patient(),
        "https",
        Then::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    )
    .await;
    assert_eq!(kind, FailureKind::Tls, "{text}");
    insta::assert_snapshot!(text, @"TLS failed at `https://127.0.0.1:PORT`: received corrupt message of type InvalidContentType; it does not speak TLS: is it `http`, not `https`?");
}

#[tokio::test]
async fn a_host_that_cannot_have_an_address() {
    // A label of 64 characters is refused by the resolver itself, with or without a network.
    let host = format!("{}.invalid", "a".repeat(64));
    let failed = patient()
        .exchange(get(&format!("http://{host}/")))
        .await
        .unwrap_err();
    assert_eq!(failed.kind(), FailureKind::Dns, "{failed}");
}

#[tokio::test]
async fn a_request_without_an_authority_is_not_sent() {
    let failed = patient().exchange(get("/oauth/token")).await.unwrap_err();
    assert_eq!(failed.kind(), FailureKind::Other);
}

#[tokio::test]
async fn redirects_are_replies() {
    let server = served(|_| {
        Response::builder()
            .status(302)
            .header("location", "/elsewhere")
            .body(Vec::new())
            .unwrap()
    })
    .await;
    let reply = patient()
        .exchange(get(&server.base_url()))
        .await
        .unwrap()
        .response;
    assert_eq!(
        (reply.status().as_u16(), &reply.headers()["location"]),
        (302, &"/elsewhere".parse().unwrap())
    );
}

#[test]
fn a_ca_bundle_without_certificates_is_refused() {
    let options = HttpOptions {
        roots: Roots::Only(b"no certificate here".to_vec()),
        ..HttpOptions::default()
    };
    let refused = Transport::http(&options).map(|_| ()).unwrap_err();
    insta::assert_snapshot!(refused, @"the CA bundle holds no certificate");
}

/// What arrives of one request, written out.
fn written(request: &Request<Vec<u8>>) -> String {
    let mut lines = vec![format!("{} {}", request.method(), request.uri())];
    lines.extend(
        request
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())),
    );
    lines.push(String::from_utf8_lossy(request.body()).into_owned());
    lines.join("\n")
}

/// A server that writes down what arrives.
fn scribe() -> (Handler, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let pages = Arc::clone(&seen);
    let handler: Handler = Arc::new(move |_, request| {
        pages.lock().unwrap().push(written(&request));
        json(400, "{}")
    });
    (handler, seen)
}

fn token_request(base: &str) -> Request<Vec<u8>> {
    Request::post(format!("{base}/oauth/token?a=b%20c"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twice", "1")
        .header("x-twice", "2")
        .body(b"grant_type=password".to_vec())
        .unwrap()
}

#[tokio::test]
async fn what_arrives_is_what_was_sent_over_either_way() {
    let (handler, seen) = scribe();
    let server = pushproof_runner::serve::Server::loopback(handler.clone(), clock())
        .await
        .unwrap();
    let over_http = patient()
        .exchange(token_request(&server.base_url()))
        .await
        .unwrap()
        .response;
    let in_process = Transport::in_process(handler, clock());
    let in_process = in_process
        .exchange(token_request("http://tenant.example:8080"))
        .await
        .unwrap()
        .response;
    assert_eq!(over_http.body(), in_process.body());
    assert_eq!(over_http.headers()["date"], in_process.headers()["date"]);
    let text = seen
        .lock()
        .unwrap()
        .join("\n\n")
        .replace(&server.address().port().to_string(), "PORT");
    insta::assert_snapshot!(text, @"
    POST /oauth/token?a=b%20c
    content-type: application/x-www-form-urlencoded
    x-twice: 1
    x-twice: 2
    accept: */*
    host: 127.0.0.1:PORT
    content-length: 19
    grant_type=password

    POST /oauth/token?a=b%20c
    content-type: application/x-www-form-urlencoded
    x-twice: 1
    x-twice: 2
    host: tenant.example:8080
    grant_type=password
    ");
}
