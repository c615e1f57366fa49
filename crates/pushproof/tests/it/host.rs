//! A tenant that these tests host themselves, so that they see every request and reply, and may act on one.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{Request, Response};
use pushproof_runner::clock::Clock;
use pushproof_runner::serve::Server;
use pushproof_tenant::{Keys, Settings, Tenant};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::secrets::url_pairs;

/// The example of a target, as it stands in the repository.
pub(crate) const EXAMPLE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../scenarios/targets/served-sandbox.yaml"
));

/// What becomes of a reply, given the path of its request.
type Bend = Arc<dyn Fn(&str, Response<Vec<u8>>) -> Response<Vec<u8>> + Send + Sync>;

/// One exchange with the tenant.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) reply: String,
}

/// The tenant, on a port of its own until it is dropped.
pub(crate) struct Host {
    pub(crate) base_url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    server: Option<Server>,
    runtime: Runtime,
}

impl Host {
    /// A tenant whose clock stands still until it is told.
    pub(crate) fn virtual_time(settings: Settings) -> Self {
        Self::start(
            settings,
            Clock::jumping(UNIX_EPOCH + Duration::from_secs(1_767_225_600)),
            Arc::new(|_| {}),
        )
    }

    /// A tenant in real time; `look` is shown each exchange before its reply leaves.
    pub(crate) fn real_time(look: Arc<dyn Fn(&Seen) + Send + Sync>) -> Self {
        Self::start(Settings::default(), Clock::real(), look)
    }

    /// A tenant in virtual time whose replies are bent before they leave; its own controls are not.
    pub(crate) fn bent(bend: impl Fn(&str, Value) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let clock = Clock::jumping(UNIX_EPOCH + Duration::from_secs(1_767_225_600));
        let bend = move |path: &str, mut reply: Response<Vec<u8>>| {
            let is_control = path.starts_with("/__control/") || path == "/api/v2/users";
            if let Ok(json) = serde_json::from_slice(reply.body())
                && !is_control
            {
                *reply.body_mut() = bend(path, json);
                reply.headers_mut().remove(http::header::CONTENT_LENGTH);
            }
            reply
        };
        Self::start_with(Settings::default(), clock, Arc::new(|_| {}), Arc::new(bend))
    }

    fn start(settings: Settings, clock: Clock, look: Arc<dyn Fn(&Seen) + Send + Sync>) -> Self {
        Self::start_with(settings, clock, look, Arc::new(|_, reply| reply))
    }

    fn start_with(
        settings: Settings,
        clock: Clock,
        look: Arc<dyn Fn(&Seen) + Send + Sync>,
        bend: Bend,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let tenant = Mutex::new(Tenant::new(settings, Keys::generate()));
        let (log, shift_ms) = (Arc::clone(&seen), AtomicU64::new(0));
        let handler = move |now: SystemTime, request: Request<Vec<u8>>| {
            let (method, path) = (
                request.method().to_string(),
                request.uri().path().to_owned(),
            );
            let sent = String::from_utf8_lossy(request.body()).into_owned();
            let reply = if path == "/__control/clock" {
                advance(now, &shift_ms, request.body())
            } else {
                let reply = tenant.lock().unwrap().handle(
                    shifted(now, shift_ms.load(Ordering::SeqCst)),
                    by_url(request),
                );
                bend(&path, reply)
            };
            let (status, body) = (
                reply.status().as_u16(),
                String::from_utf8_lossy(reply.body()).into_owned(),
            );
            let exchange = Seen {
                method,
                path,
                request: sent,
                status,
                reply: body,
            };
            look(&exchange);
            log.lock().unwrap().push(exchange);
            reply
        };
        let runtime = Runtime::new().unwrap();
        let server = runtime
            .block_on(Server::loopback(Arc::new(handler), clock))
            .unwrap();
        Self {
            base_url: server.base_url(),
            seen,
            server: Some(server),
            runtime,
        }
    }

    /// All exchanges so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The example target, pointed here.
    pub(crate) fn target(&self) -> String {
        example(&self.base_url)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop());
        }
    }
}

/// The example target, pointed at another base URL.
pub(crate) fn example(base_url: &str) -> String {
    let text = EXAMPLE.replace("http://127.0.0.1:4010", base_url);
    assert_ne!(
        text, EXAMPLE,
        "the example names the port that `serve` takes by itself"
    );
    text
}

/// A port of the loopback address that nobody listens on.
pub(crate) fn deserted() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn shifted(now: SystemTime, ms: u64) -> SystemTime {
    now + Duration::from_millis(ms)
}

/// The clock control, as `serve` has it.
fn advance(now: SystemTime, shift_ms: &AtomicU64, body: &[u8]) -> Response<Vec<u8>> {
    let body: Value = serde_json::from_slice(body).unwrap();
    let by_ms = body["advance_ms"].as_u64().unwrap();
    let now = shifted(now, shift_ms.fetch_add(by_ms, Ordering::SeqCst) + by_ms);
    let now_ms = u64::try_from(now.duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    Response::new(json!({ "now_ms": now_ms }).to_string().into_bytes())
}

/// `POST /device/ACTION/USER?NAME=VALUE`, as a hook with a template is called, as the sandbox's own form of it.
fn by_url(request: Request<Vec<u8>>) -> Request<Vec<u8>> {
    let called = request.uri().path().strip_prefix("/device/");
    let Some((action, user)) = called.and_then(|called| called.split_once('/')) else {
        return request;
    };
    assert!(request.body().is_empty(), "a template has no body");
    let with = url_pairs(request.uri().query().unwrap_or_default());
    let with: serde_json::Map<String, Value> = with
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, value.into()))
        .collect();
    let user = &url_pairs(&format!("user={user}"))[0].1;
    let body = json!({ "action": action, "user": user, "with": with });
    Request::post("/__control/device")
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(body.to_string().into_bytes())
        .unwrap()
}
