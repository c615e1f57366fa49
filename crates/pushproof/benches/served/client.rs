//! An HTTP/1.1 client that costs little, so that the server is what is measured: ready-made requests, one connection each.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Head and body as they came.
    pub(crate) raw: Vec<u8>,
    pub(crate) body: Value,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: vec![0; 16 << 10],
        }
    }

    /// Sends a request and waits for its whole reply.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Reply {
        let (filled, body_at) = self.exchange(request).await;
        let raw = self.buffer[..filled].to_vec();
        Reply {
            status: status(&raw),
            body: serde_json::from_slice(&raw[body_at..]).unwrap_or_default(),
            raw,
        }
    }

    /// Sends a poll, which must be answered by 400: the push is pending, and was not polled too fast.
    async fn poll(&mut self, request: &[u8]) {
        let (filled, _) = self.exchange(request).await;
        let reply = &self.buffer[..filled];
        assert_eq!(status(reply), 400, "{}", String::from_utf8_lossy(reply));
    }

    async fn exchange(&mut self, request: &[u8]) -> (usize, usize) {
        self.stream.write_all(request).await.unwrap();
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await.unwrap();
            assert!(
                read > 0,
                "the server has closed the connection, or its reply is too long"
            );
            filled += read;
            if let Some((body_at, length)) = lengths(&self.buffer[..filled])
                && filled >= body_at + length
            {
                return (filled, body_at);
            }
        }
    }
}

/// The status, from `HTTP/1.1 400 …`.
fn status(raw: &[u8]) -> u16 {
    str::from_utf8(&raw[9..12]).unwrap().parse().unwrap()
}

/// Where the body begins and how long it is, once the head is whole.
fn lengths(raw: &[u8]) -> Option<(usize, usize)> {
    let end = raw.windows(4).position(|part| part == b"\r\n\r\n")?;
    let head = str::from_utf8(&raw[..end]).unwrap();
    let lengths = head.lines().filter_map(|line| line.split_once(": "));
    let length = lengths
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, length)| length)
        .next();
    Some((end + 4, length.map_or(0, |length| length.parse().unwrap())))
}

/// A whole request.
pub(crate) fn post(path: &str, bearer: Option<&str>, media_type: &str, body: &str) -> Vec<u8> {
    let bearer = bearer
        .map(|bearer| format!("authorization: Bearer {bearer}\r\n"))
        .unwrap_or_default();
    format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {media_type}\r\n{bearer}content-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// Polls as fast as the server answers, for a while; gives how many were answered.
pub(crate) async fn hammer(
    address: &str,
    polls: &[Vec<u8>],
    span: Duration,
    connections: usize,
) -> usize {
    let until = Instant::now() + span;
    share(address, polls, connections, move |_| {
        Some(Instant::now()).filter(|now| *now < until)
    })
    .await
}

/// Polls each once in `every`, evenly spread, for so many spans; gives how many were answered.
pub(crate) async fn paced(
    address: &str,
    polls: &[Vec<u8>],
    every: Duration,
    spans: u32,
    connections: usize,
) -> usize {
    let (begun, number) = (Instant::now(), polls.len());
    let gap = every.div_f64(number as f64);
    share(address, polls, connections, move |n| {
        (n < number * spans as usize).then(|| begun + gap.mul_f64(n as f64))
    })
    .await
}

/// Takes the polls in turn, each when it is due, until none is due any more.
async fn share(
    address: &str,
    polls: &[Vec<u8>],
    connections: usize,
    due: impl Fn(usize) -> Option<Instant> + Copy + Send + 'static,
) -> usize {
    let (polls, taken) = (Arc::new(polls.to_vec()), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let (polls, taken, mut connection) = (
            Arc::clone(&polls),
            Arc::clone(&taken),
            Connection::open(address).await,
        );
        tasks.spawn(async move {
            let mut answered = 0;
            loop {
                let n = taken.fetch_add(1, Ordering::Relaxed);
                let Some(at) = due(n) else { return answered };
                tokio::time::sleep_until(at.into()).await;
                connection.poll(&polls[n % polls.len()]).await;
                answered += 1;
            }
        });
    }
    tasks.join_all().await.into_iter().sum()
}
