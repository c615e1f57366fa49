//! The simulated tenant behind a socket, and runs of the real scenarios against it as against anybody else's.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

use http::Response;
use pushproof_report::{Event, Redactor, Run, Secret};
use pushproof_runner::clock::Clock;
use pushproof_runner::dispatch::{self, Plan, Planned};
use pushproof_runner::handler::Handler;
use pushproof_runner::serve::Server;
use pushproof_runner::site::{Place, Site};
use pushproof_runner::target::{self, SecretRef, Target};
use pushproof_scenario::{Library, Program, Source, SourceFile};
use pushproof_tenant::{Fault, Keys, Settings, Tenant};
use tokio::sync::watch;

use crate::peer::{NEW_YEAR, json};
use crate::proxy::Proxy;

/// Every case of the Auth0 dialect.
pub(crate) fn programs() -> Vec<Arc<Program>> {
    static PROGRAMS: OnceLock<Vec<Arc<Program>>> = OnceLock::new();
    let compile = || {
        let file = |(path, text): &(&str, &str)| {
            let relative = path.strip_prefix("auth0/")?.to_owned();
            let (shown, text) = (format!("scenarios/{path}"), (*text).to_owned());
            Some(SourceFile {
                relative,
                shown,
                text,
            })
        };
        let files: Vec<SourceFile> = pushproof_dialects::FILES.iter().filter_map(file).collect();
        let library: Library = Library::read(&files).0.unwrap();
        library.compile("documented").unwrap().0
    };
    PROGRAMS.get_or_init(compile).clone()
}

pub(crate) fn keys() -> Arc<Keys> {
    static KEYS: OnceLock<Arc<Keys>> = OnceLock::new();
    Arc::clone(KEYS.get_or_init(Keys::generate))
}

/// A tenant whose clock stands, and is advanced by its hook.
pub(crate) async fn tenant(faults: &[Fault]) -> Server {
    let faults: BTreeSet<Fault> = faults.iter().copied().collect();
    let settings = Settings {
        seed: 7,
        faults,
        ..Settings::default()
    };
    let tenant = Mutex::new(Tenant::new(settings, keys()));
    let shift_ms = AtomicU64::new(0);
    let handler: Handler = Arc::new(move |now, request| {
        if request.uri().path() == "/__control/clock" {
            let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
            shift_ms.fetch_add(body["advance_ms"].as_u64().unwrap(), Ordering::SeqCst);
        }
        let now = now + Duration::from_millis(shift_ms.load(Ordering::SeqCst));
        if request.uri().path() == "/__control/clock" {
            let now_ms = now.duration_since(UNIX_EPOCH).unwrap().as_millis();
            return json(200, &format!("{{\"now_ms\":{now_ms}}}"));
        }
        let reply: Response<Vec<u8>> = tenant.lock().unwrap().handle(now, request);
        reply
    });
    Server::loopback(handler, Clock::jumping(UNIX_EPOCH + NEW_YEAR))
        .await
        .unwrap()
}

/// The same where the tenant itself is at `base_url`.
pub(crate) fn sandboxed(base_url: &str) -> Target {
    written(base_url, base_url)
}

/// What a target file says: requests go to `base_url`, hooks straight to the tenant.
pub(crate) fn target(base_url: &str, tenant: &Server) -> Target {
    written(base_url, &tenant.base_url())
}

fn written(base_url: &str, hooks: &str) -> Target {
    let control = format!("{hooks}/__control");
    let secret = |id: &str| format!("{{ id: {id}, secret: {{ env: {id} }} }}");
    let (main, other, restricted) = (
        secret("sandbox-client"),
        secret("other-client"),
        secret("restricted-client"),
    );
    let text = format!(
        "format: 1
target: served
base_url: {base_url}
dialect: auth0
client: {main}
clients: {{ other: {other}, public: {{ id: public-client }}, restricted: {restricted} }}
users: {{ provider: management-api, client: {main}, connection: Username-Password-Authentication }}
devices: {{ driver: guardian, inbox: \"{control}/inbox/{{push_token}}\" }}
messages: {{ inbox: \"{control}/messages/{{address}}\" }}
settings: {{ url: \"{control}/settings\", switches: [recovery_codes, factor.otp] }}
clock: {{ advance: \"{control}/clock\" }}
limits: {{ timeout: 20s }}
"
    );
    let resolve = |reference: &SecretRef| match reference {
        SecretRef::Env(id) => Ok(Secret::new(format!("{id}-secret"))),
        SecretRef::File(_) => Err("is not there".to_owned()),
    };
    let source = Source::new("served.yaml", text);
    target::parse(&source, Path::new("."), &resolve)
        .map_err(|problems| {
            problems
                .iter()
                .map(|problem| problem.render(false))
                .collect::<String>()
        })
        .unwrap()
}

/// How long an answer that never comes is waited for; longer where this machine was too slow for that.
const TIMEOUTS: [Duration; 3] = [
    Duration::from_millis(300),
    Duration::from_secs(3),
    Duration::from_secs(20),
];

/// Runs with ever longer time limits until nothing ran into one but what the proxy held back: on a slow machine an answer that is under way may
/// be given up too, and then the run is not the one that was to be looked at.
pub(crate) async fn patiently<F>(mut attempt: impl FnMut(Duration) -> F) -> (Proxy, Run, Vec<Event>)
where
    F: Future<Output = (Proxy, Run, Vec<Event>)>,
{
    let late = |event: &&Event| match event {
        Event::Exchanged { failure, .. } => failure
            .as_ref()
            .is_some_and(|what| what.starts_with("timed out")),
        Event::Probed { alive, came, .. } => !alive && came.starts_with("timed out"),
        Event::Acted { detail, .. } => detail
            .as_ref()
            .is_some_and(|what| what.contains(": timed out")),
        _ => false,
    };
    let mut last = None;
    for timeout in TIMEOUTS {
        let (proxy, run, events) = attempt(timeout).await;
        let late = events.iter().filter(late).count();
        let as_meant = late <= proxy.stalls();
        last = Some((proxy, run, events));
        if as_meant {
            break;
        }
    }
    last.expect("there is more than one time limit")
}

/// Runs the cases that a target has what they need for; gives the run and its events.
pub(crate) async fn run(target: Target, programs: Vec<Arc<Program>>) -> (Run, Vec<Event>) {
    interrupted(target, programs, |_| false).await
}

/// The same, stopped at the first event that is as it should be.
pub(crate) async fn interrupted(
    target: Target,
    programs: Vec<Arc<Program>>,
    stops: fn(&Event) -> bool,
) -> (Run, Vec<Event>) {
    let place = Place::reach(target, "00000000").await.unwrap();
    at(place, programs, stops).await
}

/// The same at a place that is within reach.
pub(crate) async fn at(
    place: Place,
    programs: Vec<Arc<Program>>,
    stops: fn(&Event) -> bool,
) -> (Run, Vec<Event>) {
    let target = &place.target;
    let features = target.features(&programs[0].dialect.features);
    let concurrency = target.limits.concurrency as usize;
    let cases = programs.into_iter().map(|program| Planned {
        not_applicable: program
            .needs
            .iter()
            .find(|need| !features.contains(*need))
            .cloned(),
        program,
    });
    let plan = Plan {
        cases: cases.collect(),
        seed: 1,
        concurrency,
        repeat: 1,
        strict: false,
        run: "00000000".to_owned(),
    };
    let events = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&events);
    let (stop, stopped) = watch::channel(false);
    let tell = Arc::new(move |event| {
        if stops(&event) {
            stop.send_replace(true);
        }
        teller.lock().unwrap().push(event);
    });
    let redactor = Arc::new(Redactor::new([7; 32]));
    let site = Site::Shared(Arc::new(place));
    dispatch::run(plan, site, redactor, tell, stopped).await;
    let events = Arc::into_inner(events).unwrap().into_inner().unwrap();
    (Run::fold(events.clone()), events)
}

/// The cases whose ids begin so.
pub(crate) fn cases(prefix: &str) -> Vec<Arc<Program>> {
    let mut programs = programs();
    programs.retain(|program| program.id.starts_with(prefix));
    assert!(!programs.is_empty(), "no case begins with `{prefix}`");
    programs
}
