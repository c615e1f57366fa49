//! What stands around a reply: the address it was asked at, compression, and whose pages may read it.

use std::io::Read as _;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use pushproof_runner::serve::{Access, Cors, Options};
use tokio::net::TcpStream;

use super::talk::{echo, http2, says, start};

fn shared(origins: &[&str]) -> Options {
    Options {
        cors: Some(Cors::new(origins.iter().copied()).unwrap()),
        ..Options::default()
    }
}

#[tokio::test]
async fn http2_is_spoken_without_tls_to_those_who_begin_so() {
    let server = echo(Options::default()).await;
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let requests = (0..20).map(|n| {
        let uri = format!("http://localhost:4010/{n}");
        Request::post(uri).body(format!("body {n}")).unwrap()
    });
    let heard = http2(stream, requests.collect()).await;
    let expected: Vec<_> = (0..20)
        .map(|n| format!("HTTP/2.0 200 POST /{n} at http://localhost:4010 body {n}"))
        .collect();
    assert_eq!(heard, expected);
}

#[tokio::test]
async fn forwarded_addresses_are_believed_only_when_told_to() {
    let head = "GET / HTTP/1.1
        host: inner:4010
        x-forwarded-proto: https
        x-forwarded-host: tenant.example.com";
    let mut lines = Vec::new();
    for trust_forwarded in [false, true] {
        let server = echo(Options {
            trust_forwarded,
            ..Options::default()
        })
        .await;
        let heard = says(&server, head).await;
        lines.push(format!(
            "trusted: {trust_forwarded}: {}",
            heard.lines().last().unwrap()
        ));
    }
    insta::assert_snapshot!(lines.join("\n"), @"
    trusted: false: GET / at http://inner:4010
    trusted: true: GET / at https://tenant.example.com
    ");
}

#[tokio::test]
async fn a_listed_origin_may_ask_first_and_read_after() {
    let server = echo(shared(&["http://localhost:3000"])).await;
    let preflight = "OPTIONS /mfa/associate HTTP/1.1
        host: localhost
        origin: http://localhost:3000
        access-control-request-method: POST
        access-control-request-headers: authorization,content-type";
    let request = "GET /mfa/authenticators HTTP/1.1
        host: localhost
        origin: http://localhost:3000";
    let heard = [says(&server, preflight).await, says(&server, request).await];
    insta::assert_snapshot!(heard.join("\n\n"), @"
    HTTP/1.1 204 No Content
    access-control-allow-methods: GET, POST, PATCH, DELETE
    access-control-max-age: 600
    access-control-allow-headers: authorization,content-type
    vary: access-control-request-headers
    vary: origin
    access-control-allow-origin: http://localhost:3000

    HTTP/1.1 200 OK
    vary: origin
    access-control-allow-origin: http://localhost:3000
    access-control-expose-headers: date, retry-after, www-authenticate, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset
    content-length: 43
    GET /mfa/authenticators at http://localhost
    ");
}

#[tokio::test]
async fn any_other_origin_is_refused_before_the_handler_hears_of_it() {
    let server = start(shared(&["http://localhost:3000"]), |_| {
        panic!("it heard of it")
    })
    .await;
    let preflight = "OPTIONS /oauth/token HTTP/1.1
        host: localhost
        origin: https://evil.example
        access-control-request-method: POST";
    let simple = "POST /__control/settings HTTP/1.1
        host: localhost
        origin: https://evil.example";
    let opaque = "GET / HTTP/1.1
        host: localhost
        origin: null";
    let heard = [
        says(&server, preflight).await,
        says(&server, simple).await,
        says(&server, opaque).await,
    ];
    insta::assert_snapshot!(heard.join("\n\n"), @"
    HTTP/1.1 403 Forbidden
    content-type: text/plain; charset=utf-8
    vary: origin
    content-length: 43
    Origin https://evil.example is not allowed.

    HTTP/1.1 403 Forbidden
    content-type: text/plain; charset=utf-8
    vary: origin
    content-length: 43
    Origin https://evil.example is not allowed.

    HTTP/1.1 403 Forbidden
    content-type: text/plain; charset=utf-8
    vary: origin
    content-length: 27
    Origin null is not allowed.
    ");
}

#[tokio::test]
async fn the_servers_own_pages_and_no_pages_at_all_need_not_be_listed() {
    let server = echo(shared(&[])).await;
    let own = "POST /__control/device HTTP/1.1
        host: localhost:4010
        origin: http://localhost:4010";
    let another_port = "POST /__control/device HTTP/1.1
        host: localhost:4010
        origin: http://localhost:4011";
    let none = "OPTIONS / HTTP/1.1
        host: localhost:4010
        access-control-request-method: POST";
    let mut lines = Vec::new();
    for head in [own, another_port, none] {
        let heard = says(&server, head).await;
        lines.push(format!(
            "{} … {}",
            heard.lines().next().unwrap(),
            heard.lines().last().unwrap()
        ));
    }
    insta::assert_snapshot!(lines.join("\n"), @"
    HTTP/1.1 200 OK … POST /__control/device at http://localhost:4010
    HTTP/1.1 403 Forbidden … Origin http://localhost:4011 is not allowed.
    HTTP/1.1 200 OK … OPTIONS / at http://localhost:4010
    ");
}

#[tokio::test]
async fn long_replies_are_compressed_for_whoever_accepts_it() {
    let server = start(
        Options {
            gzip: true,
            ..Options::default()
        },
        |request| {
            let len = request.uri().path()[1..].parse().unwrap();
            Response::new(b"0123456789".iter().copied().cycle().take(len).collect())
        },
    )
    .await;
    let mut lines = Vec::new();
    for (len, accepts) in [
        (500, "gzip"),
        (501, "gzip"),
        (501, "gzip;q=0"),
        (501, "br"),
        (100_000, "br, gzip"),
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let head = format!(
            "GET /{len} HTTP/1.1\r\nhost: x\r\naccept-encoding: {accepts}\r\nconnection: close\r\n\r\n"
        );
        let (head, body) = super::talk::exchange(&mut stream, head.as_bytes()).await;
        let encoding = head
            .lines()
            .find(|line| line.starts_with("content-encoding"));
        let mut text = String::new();
        if encoding.is_some() {
            flate2::read::GzDecoder::new(body.as_slice())
                .read_to_string(&mut text)
                .unwrap();
        } else {
            text = String::from_utf8(body.clone()).unwrap();
        }
        assert_eq!(text.len(), len);
        assert!(
            text.starts_with("0123456789") && head.contains("vary: accept-encoding"),
            "{head}"
        );
        let shorter = if body.len() < len / 2 {
            "shorter"
        } else {
            "as it is"
        };
        lines.push(format!(
            "{len} bytes, {accepts}: {}, {shorter}",
            encoding.unwrap_or("no encoding")
        ));
    }
    insta::assert_snapshot!(lines.join("\n"), @"
    500 bytes, gzip: no encoding, as it is
    501 bytes, gzip: content-encoding: gzip, shorter
    501 bytes, gzip;q=0: no encoding, as it is
    501 bytes, br: no encoding, as it is
    100000 bytes, br, gzip: content-encoding: gzip, shorter
    ");
}

#[tokio::test]
async fn every_answer_is_told_with_method_path_and_status() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&told);
    let options = Options {
        on_access: Some(Arc::new(move |access: Access<'_>| {
            let line = format!(
                "{} {} {}",
                access.method,
                access.path,
                access.status.as_u16()
            );
            lines.lock().unwrap().push(line);
        })),
        ..shared(&[])
    };
    let server = echo(options).await;
    says(&server, "GET /a/b?secret=1 HTTP/1.1\nhost: x").await;
    says(
        &server,
        "POST /c HTTP/1.1\nhost: x\ncontent-length: 99999999",
    )
    .await;
    says(
        &server,
        "POST /d HTTP/1.1\nhost: x\norigin: https://evil.example",
    )
    .await;
    insta::assert_snapshot!(told.lock().unwrap().join("\n"), @"
    GET /a/b 200
    POST /c 413
    POST /d 403
    ");
}
