//! The sandbox's socket: dates, limits and stopping here; TLS, what stands around a reply, and clients that are no good in the folder.

mod bounds;
mod pages;
mod secure;
mod talk;

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use pushproof_runner::clock::Clock;
use pushproof_runner::serve::{Options, ServeLimits, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::peer::{NEW_YEAR, json, patient, served};

#[tokio::test]
async fn replies_are_dated_by_the_tenants_time() {
    let clock = Clock::jumping(std::time::UNIX_EPOCH + NEW_YEAR);
    let server = Server::loopback(Arc::new(|_, _| json(200, "{}")), clock.clone())
        .await
        .unwrap();
    let mut ticket = clock.enter();
    let mut dates = Vec::new();
    for seconds in [0, 90, 3600] {
        ticket
            .wait_until(Duration::from_secs(seconds))
            .await
            .unwrap();
        let request = Request::get(server.base_url()).body(Vec::new()).unwrap();
        let reply = patient().exchange(request).await.unwrap().response;
        dates.push(reply.headers()["date"].to_str().unwrap().to_owned());
    }
    insta::assert_snapshot!(dates.join("\n"), @"
    Thu, 01 Jan 2026 00:00:00 GMT
    Thu, 01 Jan 2026 00:01:30 GMT
    Thu, 01 Jan 2026 01:00:00 GMT
    ");
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_never_reaches_the_handler() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let limits = ServeLimits {
        body_max: 10,
        ..ServeLimits::default()
    };
    let handler = Arc::new(|_, request: Request<Vec<u8>>| {
        assert!(request.body().len() <= 10);
        json(200, "{}")
    });
    let options = Options {
        limits,
        ..Options::default()
    };
    let server = Server::start(listener, handler, crate::peer::clock(), options).unwrap();
    for (length, status) in [(10, 200), (11, 413), (1_000_000, 413), (0, 200)] {
        let request = Request::post(server.base_url())
            .body(vec![b'x'; length])
            .unwrap();
        let reply = patient().exchange(request).await.unwrap().response;
        assert_eq!(reply.status().as_u16(), status, "{length} bytes");
        assert_eq!(reply.headers()["date"], "Thu, 01 Jan 2026 00:00:00 GMT");
    }
}

#[tokio::test]
async fn a_head_of_16_kilobytes_is_read_and_one_of_200_is_431() {
    let server = served(|request| json(200, &request.headers()["x-long"].len().to_string())).await;
    for (length, status) in [(16 << 10, 200), (200 << 10, 431)] {
        let request = Request::get(server.base_url())
            .header("x-long", "x".repeat(length))
            .body(Vec::new())
            .unwrap();
        let reply = patient().exchange(request).await.unwrap().response;
        assert_eq!(reply.status().as_u16(), status, "{length} bytes");
    }
}

#[tokio::test]
async fn a_handler_that_panics_costs_one_connection() {
    let server = served(|request| {
        assert!(request.uri().path() != "/panic", "on purpose");
        json(200, "{}")
    })
    .await;
    let at = |path: &str| {
        Request::get(format!("{}{path}", server.base_url()))
            .body(Vec::new())
            .unwrap()
    };
    assert!(patient().exchange(at("/panic")).await.is_err());
    assert!(patient().exchange(at("/")).await.is_ok());
}

#[tokio::test]
async fn stopping_waits_for_a_request_that_has_begun() {
    let server = served(|request| Response::new(request.into_body())).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream
        .write_all(
            b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n",
        )
        .await
        .unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let stopping = tokio::spawn(server.stop());
    tokio::task::yield_now().await;
    stream.write_all(b"last").await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(
        reply.starts_with("HTTP/1.1 200") && reply.ends_with("last"),
        "{reply}"
    );
    stopping.await.unwrap();
}

#[tokio::test]
async fn stopping_lets_an_idle_connection_go_and_accepts_no_more() {
    let server = served(|_| Response::new(b"here".to_vec())).await;
    let address = server.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut reply = vec![0; 12];
    stream.read_exact(&mut reply).await.unwrap();
    assert_eq!(reply, b"HTTP/1.1 200");
    server.stop().await;
    let mut rest = Vec::new();
    stream
        .read_to_end(&mut rest)
        .await
        .expect("it is closed, not reset");
    assert!(TcpStream::connect(address).await.is_err());
}
