//! Clients that are slow, greedy or many.

use std::time::Duration;

use http::Request;
use pushproof_runner::clock::Stopwatch;
use pushproof_runner::serve::{Options, ServeLimits, Tls};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::talk::{echo, http2, says, today};

const SHORT: Duration = Duration::from_millis(100);
/// Far less than any default limit, and enough for a machine that is busy.
const SOON: Duration = Duration::from_secs(20);

fn limited(limits: ServeLimits) -> Options {
    Options {
        limits,
        ..Options::default()
    }
}

/// What comes until the server closes.
async fn heard(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut bytes)).await;
    // A reset is an end as well: the server closed before it had read all.
    let _ = read.expect("the server closes");
    let text = String::from_utf8_lossy(&bytes);
    match text.lines().next() {
        None => "nothing".to_owned(),
        Some(line) if line.starts_with("HTTP/1.1 ") => line.to_owned(),
        Some(_) => "something in another language".to_owned(),
    }
}

#[tokio::test]
async fn whoever_is_slow_is_left() {
    let limits = ServeLimits {
        head_wait: SHORT,
        body_wait: SHORT,
        ..ServeLimits::default()
    };
    let plain = echo(limited(limits)).await;
    // Where what was said is answered, it must have been read before the wait for it is over, however slow this machine is.
    let body_only = echo(limited(ServeLimits {
        body_wait: SHORT,
        ..ServeLimits::default()
    }))
    .await;
    let patient = ServeLimits {
        head_wait: Duration::from_secs(2),
        ..ServeLimits::default()
    };
    let (listens, greets) = (echo(limited(patient)).await, Tls::made(today()).unwrap().0);
    let greets = echo(Options {
        tls: Some(greets),
        ..limited(patient)
    })
    .await;
    let tls = Some(Tls::made(today()).unwrap().0);
    let secure = echo(Options {
        tls,
        ..limited(limits)
    })
    .await;
    let cases = [
        (&plain, "says nothing", ""),
        (&plain, "half a preface", "PR"),
        (&plain, "half a head", "GET / HTTP/1.1\r\nhost:"),
        (
            &body_only,
            "half a body",
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n12",
        ),
        (
            &listens,
            "half an HTTP/2 preface",
            "PRI * HTTP/2.0\r\n\r\nSM",
        ),
        (&secure, "says nothing under TLS", ""),
        (&secure, "half a TLS greeting", "\x16\x03\x01"),
        (
            &greets,
            "plain HTTP to a TLS port",
            "GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        ),
    ];
    let mut lines = Vec::new();
    for (server, who, says) in cases {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(says.as_bytes()).await.unwrap();
        lines.push(format!("{who}: {}", heard(&mut stream).await));
    }
    insta::assert_snapshot!(lines.join("\n"), @"
    says nothing: nothing
    half a preface: nothing
    half a head: nothing
    half a body: HTTP/1.1 408 Request Timeout
    half an HTTP/2 preface: something in another language
    says nothing under TLS: nothing
    half a TLS greeting: nothing
    plain HTTP to a TLS port: something in another language
    ");
}

#[tokio::test]
async fn a_connection_that_is_kept_alive_outlives_a_wait_below_the_limit() {
    let server = echo(Options::default()).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    for _ in 0..3 {
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let mut reply = [0; 12];
        stream.read_exact(&mut reply).await.unwrap();
        assert_eq!(&reply, b"HTTP/1.1 200");
        tokio::time::sleep(SHORT).await;
        let mut rest = [0; 512];
        let _ = stream.read(&mut rest).await.unwrap();
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_one_to_end() {
    let server = echo(limited(ServeLimits {
        connections_max: 1,
        ..ServeLimits::default()
    }))
    .await;
    let first = TcpStream::connect(server.address()).await.unwrap();
    // The first is held by the server before the second can be, because they are accepted in order.
    let mut second = TcpStream::connect(server.address()).await.unwrap();
    second
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let early = tokio::time::timeout(SHORT, second.peek(&mut [0])).await;
    assert!(
        early.is_err(),
        "the second was answered while the first was there"
    );
    drop(first);
    assert_eq!(heard(&mut second).await, "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn http2_has_the_same_limits() {
    let limits = ServeLimits {
        body_max: 10,
        head_max: 16 << 10,
        ..ServeLimits::default()
    };
    let server = echo(limited(limits)).await;
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let post = |body: usize, head: usize| {
        let request = Request::post("http://localhost/").header("x-long", "x".repeat(head));
        request.body("x".repeat(body)).unwrap()
    };
    let heard = http2(
        stream,
        vec![post(10, 1), post(11, 1), post(1, 10_000), post(1, 20_000)],
    )
    .await;
    insta::assert_snapshot!(heard.join("\n"), @"
    HTTP/2.0 200 POST / at http://localhost xxxxxxxxxx
    HTTP/2.0 413 
    HTTP/2.0 200 POST / at http://localhost x
    HTTP/2.0 431
    ");
}

#[tokio::test]
async fn stopping_does_not_wait_for_who_has_said_nothing() {
    let server = echo(Options::default()).await;
    let mut silent = TcpStream::connect(server.address()).await.unwrap();
    says(&server, "GET / HTTP/1.1\nhost: x").await;
    let stopwatch = Stopwatch::start();
    server.stop().await;
    assert!(stopwatch.elapsed() < SOON);
    assert_eq!(heard(&mut silent).await, "nothing");
}
