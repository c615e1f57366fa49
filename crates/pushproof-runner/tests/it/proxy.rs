//! Something between the runner and a tenant that does what networks and gateways do, by chance or on purpose, and writes down what it did.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One thing that can happen to a request on its way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Mischief {
    /// The connection is reset before the request has gone on.
    Reset,
    /// The request is answered, and the answer is lost.
    LostReply,
    /// A gateway answers, with JSON of its own.
    Unavailable,
    /// A gateway answers that there are too many requests.
    TooMany,
    /// A gateway answers with a page; the request may have gone on.
    HtmlGateway,
    /// The answer ends in its midst.
    Truncated,
    /// The answer never comes.
    Stalled,
    /// The request goes on twice.
    Doubled,
    /// The answer never ends.
    Endless,
    /// The answer has 100 MB.
    Huge,
    /// A little gzip that would be a lot.
    Bomb,
    /// A gzip that ends in its midst.
    HalfGzip,
    /// Bytes that are no text.
    NoText,
    /// A page instead of JSON, with 200.
    HtmlPage,
    /// A redirect.
    Redirect,
    /// Interim answers before the answer.
    Interim,
    /// 204 and yet a body.
    FullNoContent,
    /// Every header twice.
    TwiceHeaders,
    /// The endpoint's own 500.
    Json500,
    /// The endpoint itself does not take the client.
    ClientRefused,
}

/// What chance may choose from.
pub(crate) const BY_CHANCE: [Mischief; 8] = [
    Mischief::Reset,
    Mischief::LostReply,
    Mischief::Unavailable,
    Mischief::TooMany,
    Mischief::HtmlGateway,
    Mischief::Truncated,
    Mischief::Stalled,
    Mischief::Doubled,
];

/// What was done to which request.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) mischief: Mischief,
    pub(crate) request_line: String,
    pub(crate) body: String,
}

/// Decides what happens to a request, from its number and its text.
pub(crate) type Whim = Box<dyn FnMut(usize, &str) -> Option<Mischief> + Send>;

/// Chance that is the same every time: drawn from a seed, from what kind of request it is, and from how many of its kind came before. So it does
/// not matter which of two requests that are on their way together arrives first.
struct Chance {
    seed: u64,
    seen: BTreeMap<String, u64>,
}

impl Chance {
    fn new(seed: u64) -> Self {
        let seen = BTreeMap::new();
        Self { seed, seen }
    }

    /// A number below 100 for the next request of its kind.
    fn per_cent(&mut self, request: &str) -> u32 {
        let kind = kind(request);
        let nth = self.seen.entry(kind.clone()).or_default();
        *nth += 1;
        draw(self.seed, &kind, *nth).u32(0..100)
    }

    /// Whether the request that was just drawn for is one of so many.
    fn one_in(&self, n: u32, request: &str) -> bool {
        let kind = kind(request);
        let nth = self.seen.get(&kind).copied().unwrap_or_default();
        draw(!self.seed, &kind, nth).u32(0..n) == 0
    }
}

fn draw(seed: u64, kind: &str, nth: u64) -> fastrand::Rng {
    // FNV-1a, since the standard library's hash may change from version to version.
    let bytes = kind.bytes().chain(nth.to_le_bytes());
    let hash = bytes.fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    fastrand::Rng::with_seed(hash ^ seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Method, path without names of things, and the grant.
fn kind(request: &str) -> String {
    let line = request.lines().next().unwrap_or_default();
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next());
    let path = path.unwrap_or_default().split('/').map(|part| {
        let is_name = part.len() > 24 || part.bytes().any(|byte| byte.is_ascii_digit());
        let is_word = part.starts_with("oauth") || part.starts_with("mfa") || part == "v2";
        if is_name && !is_word { "*" } else { part }
    });
    let path: Vec<&str> = path.collect();
    let grant = request.split("grant_type").nth(1).unwrap_or_default();
    let grant: String = grant
        .chars()
        .take(52)
        .take_while(|char| *char != '&')
        .collect();
    format!("{method} {} {grant}", path.join("/"))
}

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    pub(crate) log: Arc<Mutex<Vec<Deed>>>,
}

impl Proxy {
    /// Each kind of mischief to so many requests of a hundred. See [`Chance`].
    pub(crate) async fn by_chance(upstream: SocketAddr, seed: u64, per_cent_each: u32) -> Self {
        let mut chance = Chance::new(seed);
        let whim = move |_: usize, request: &str| {
            let drawn = chance.per_cent(request);
            let nth = usize::try_from(drawn / per_cent_each.max(1)).unwrap();
            let mischief = BY_CHANCE.get(nth).copied().filter(|_| per_cent_each > 0)?;
            // An answer that never comes costs its whole time limit, and one that is lost comes to the same: most are lost. The provider of
            // users waits ten seconds: that is not for a test.
            let is_users = request.contains("/api/v2/") || request.contains("client_credentials");
            let waits = mischief == Mischief::Stalled && !is_users && chance.one_in(4, request);
            Some(match mischief {
                Mischief::Stalled if !waits => Mischief::LostReply,
                mischief => mischief,
            })
        };
        Self::start(upstream, Box::new(whim)).await
    }

    /// One kind of mischief to so many requests of a hundred. See [`Chance`].
    pub(crate) async fn now_and_then(
        upstream: SocketAddr,
        seed: u64,
        per_cent: u32,
        mischief: Mischief,
    ) -> Self {
        let mut chance = Chance::new(seed);
        let whim = move |_: usize, request: &str| {
            (chance.per_cent(request) < per_cent).then_some(mischief)
        };
        Self::start(upstream, Box::new(whim)).await
    }

    /// How many answers it has held back.
    pub(crate) fn stalls(&self) -> usize {
        let log = self.log.lock().unwrap();
        log.iter()
            .filter(|deed| matches!(deed.mischief, Mischief::Stalled | Mischief::Endless))
            .count()
    }

    pub(crate) async fn start(upstream: SocketAddr, whim: Whim) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (deeds, whim) = (Arc::clone(&log), Arc::new(Mutex::new((0, whim))));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (deeds, whim) = (Arc::clone(&deeds), Arc::clone(&whim));
                tokio::spawn(async move {
                    // A client that has gone away is no concern of a proxy.
                    let _ = pass(stream, upstream, &whim, &deeds).await;
                });
            }
        });
        Self { address, log }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// One connection, one request.
async fn pass(
    mut client: TcpStream,
    upstream: SocketAddr,
    whim: &Mutex<(usize, Whim)>,
    deeds: &Mutex<Vec<Deed>>,
) -> std::io::Result<()> {
    let request = message(&mut client).await?;
    let text = String::from_utf8_lossy(&request).into_owned();
    let mischief = {
        let mut whim = whim.lock().unwrap();
        whim.0 += 1;
        let number = whim.0;
        (whim.1)(number, &text)
    };
    if let Some(mischief) = mischief {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        deeds.lock().unwrap().push(Deed {
            mischief,
            request_line: head.lines().next().unwrap_or_default().to_owned(),
            body: body.to_owned(),
        });
    }
    let forward = || exchange(upstream, &request);
    match mischief {
        None => client.write_all(&forward().await?).await,
        Some(Mischief::Reset) => reset(client),
        Some(Mischief::LostReply) => {
            forward().await?;
            reset(client)
        }
        Some(Mischief::Unavailable) => {
            say(
                &mut client,
                "503 Service Unavailable",
                "application/json",
                b"{\"message\":\"no healthy upstream\"}",
            )
            .await
        }
        Some(Mischief::TooMany) => {
            let body = b"{\"error\":\"too_many_requests\",\"error_description\":\"gateway\"}";
            say(
                &mut client,
                "429 Too Many Requests\r\nretry-after: 1",
                "application/json",
                body,
            )
            .await
        }
        Some(Mischief::HtmlGateway) => {
            if request.len() % 2 == 0 {
                forward().await?;
            }
            say(
                &mut client,
                "502 Bad Gateway",
                "text/html",
                b"<html><h1>502 Bad Gateway</h1></html>",
            )
            .await
        }
        Some(Mischief::Truncated) => {
            let reply = forward().await?;
            let body_at = find(&reply, b"\r\n\r\n").map_or(reply.len(), |at| at + 4);
            let cut = body_at + (reply.len() - body_at) / 2;
            if cut == reply.len() || reply.len() == body_at {
                return reset(client);
            }
            client.write_all(&reply[..cut]).await
        }
        Some(Mischief::Stalled) => {
            forward().await?;
            tokio::time::sleep(Duration::from_secs(30)).await;
            Ok(())
        }
        Some(Mischief::Doubled) => {
            let first = forward().await?;
            let second = forward().await?;
            let reply = if request.len() % 2 == 0 {
                first
            } else {
                second
            };
            client.write_all(&reply).await
        }
        Some(Mischief::Endless) => {
            client
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"a\":\"")
                .await?;
            loop {
                client.write_all(b"x").await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Some(Mischief::Huge) => {
            client.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\n\r\n").await?;
            let chunk = vec![b' '; 1 << 20];
            for _ in 0..100 {
                client.write_all(&chunk).await?;
            }
            Ok(())
        }
        Some(Mischief::Bomb) => {
            let bomb = gzip(&vec![b' '; 64 << 20]);
            assert!(bomb.len() < 100_000, "it is little on the wire");
            say(
                &mut client,
                "200 OK\r\ncontent-encoding: gzip",
                "application/json",
                &bomb,
            )
            .await
        }
        Some(Mischief::HalfGzip) => {
            let whole = gzip(b"{\"error\":\"mfa_required\",\"mfa_token\":\"abc\"}");
            say(
                &mut client,
                "200 OK\r\ncontent-encoding: gzip",
                "application/json",
                &whole[..whole.len() / 2],
            )
            .await
        }
        Some(Mischief::NoText) => {
            say(
                &mut client,
                "200 OK",
                "application/json",
                b"{\"access_token\":\"\xff\xfe\"}",
            )
            .await
        }
        Some(Mischief::HtmlPage) => {
            say(
                &mut client,
                "200 OK",
                "text/html",
                b"<!doctype html><title>Welcome to the hotel</title>",
            )
            .await
        }
        Some(Mischief::Redirect) => {
            say(
                &mut client,
                "302 Found\r\nlocation: https://login.example.net/?next=%2Fmfa",
                "text/plain",
                b"",
            )
            .await
        }
        Some(Mischief::Interim) => {
            client
                .write_all(
                    b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
                )
                .await?;
            client.write_all(&forward().await?).await
        }
        Some(Mischief::FullNoContent) => {
            client
                .write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello")
                .await
        }
        Some(Mischief::TwiceHeaders) => {
            let reply = forward().await?;
            let reply = String::from_utf8_lossy(&reply).into_owned();
            let (head, body) = reply.split_once("\r\n\r\n").unwrap();
            let mut lines: Vec<&str> = head.lines().collect();
            let twice: Vec<&str> = lines[1..]
                .iter()
                .copied()
                .filter(|line| !line.to_ascii_lowercase().starts_with("content-length"))
                .collect();
            lines.extend(twice);
            client
                .write_all(format!("{}\r\n\r\n{body}", lines.join("\r\n")).as_bytes())
                .await
        }
        Some(Mischief::ClientRefused) => {
            let body = b"{\"error\":\"invalid_client\"}";
            say(&mut client, "401 Unauthorized", "application/json", body).await
        }
        Some(Mischief::Json500) => {
            say(
                &mut client,
                "500 Internal Server Error",
                "application/json",
                b"{\"error\":\"server_error\"}",
            )
            .await
        }
    }
}

fn gzip(data: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

async fn say(
    client: &mut TcpStream,
    status: &str,
    media: &str,
    body: &[u8],
) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media}\r\nx-injected: yes\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    client.write_all(head.as_bytes()).await?;
    client.write_all(body).await
}

fn reset(client: TcpStream) -> std::io::Result<()> {
    client.set_zero_linger()
}

/// Sends a request on a connection of its own and reads the whole answer.
async fn exchange(upstream: SocketAddr, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(upstream).await?;
    let at = find(request, b"\r\n").unwrap() + 2;
    stream.write_all(&request[..at]).await?;
    stream.write_all(b"connection: close\r\n").await?;
    stream.write_all(&request[at..]).await?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await?;
    Ok(reply)
}

/// A head, and as much body as it announces.
async fn message(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(at) = find(&bytes, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..at]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            if bytes.len() >= at + 4 + length {
                return Ok(bytes);
            }
        }
        let n = stream.read(&mut chunk).await?;
        if n == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&chunk[..n]);
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
