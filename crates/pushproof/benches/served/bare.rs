//! A hyper server that reads a request and answers the same reply to all: what the sandbox is measured against.

use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

struct Fixed {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// Serves the reply that a file holds as it came over the wire, until it is killed.
pub(crate) async fn serve(reply: &Path) {
    let fixed = Arc::new(read(&fs::read(reply).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("bare at http://{}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let fixed = Arc::clone(&fixed);
        let service = service_fn(move |request| answer(Arc::clone(&fixed), request));
        let connection = http1::Builder::new()
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}

async fn answer(
    fixed: Arc<Fixed>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let _body = request
        .into_body()
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    let mut response = Response::new(Full::new(fixed.body.clone()));
    *response.status_mut() = fixed.status;
    *response.headers_mut() = fixed.headers.clone();
    Ok(response)
}

fn read(raw: &[u8]) -> Fixed {
    let end = raw.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
    let head = str::from_utf8(&raw[..end]).unwrap();
    let mut lines = head.lines();
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
    let parsed = headers.map(|(name, value)| {
        (
            name.parse::<HeaderName>().unwrap(),
            HeaderValue::from_str(value).unwrap(),
        )
    });
    Fixed {
        status,
        headers: parsed.collect(),
        body: Bytes::copy_from_slice(&raw[end + 4..]),
    }
}
