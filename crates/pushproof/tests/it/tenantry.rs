//! The scenarios as programs, and the sandbox without sockets to run them in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{Request, Response};
use pushproof_report::{Event, Redactor, Run, RunHead, Secret};
use pushproof_runner::dispatch::{self, Plan, Planned};
use pushproof_runner::handler::Handler;
use pushproof_runner::site::{Sandbox, Site};
use pushproof_runner::target::{Authority, Client, Devices, Limits, Load, Target, Tls, Users};
use pushproof_scenario::{Library, Program, SourceFile};
use pushproof_tenant::{Fault, Keys, Profile, Settings, Tenant};
use tokio::sync::watch;

/// 2026-01-01T00:00:00Z, when every case begins.
const ORIGIN: Duration = Duration::from_secs(1_767_225_600);

/// The embedded dialect.
pub(crate) fn library() -> Library {
    let file = |(path, text): &(&str, &str)| {
        let relative = path.strip_prefix("auth0/")?.to_owned();
        Some(SourceFile {
            relative,
            shown: format!("scenarios/{path}"),
            text: (*text).to_owned(),
        })
    };
    let files: Vec<SourceFile> = pushproof_dialects::FILES.iter().filter_map(file).collect();
    let (library, problems) = Library::read(&files);
    let errors: Vec<String> = problems
        .iter()
        .filter(|problem| problem.is_error())
        .map(|problem| problem.render(false))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    library.unwrap()
}

/// Every case, compiled for a profile.
pub(crate) fn programs(library: &Library, profile: Profile) -> Vec<Arc<Program>> {
    let (programs, problems) = library.compile(name(profile)).unwrap();
    assert!(
        !problems
            .iter()
            .any(pushproof_scenario::Diagnostic::is_error)
    );
    programs
}

pub(crate) const fn name(profile: Profile) -> &'static str {
    match profile {
        Profile::Documented => "documented",
        Profile::Observed => "observed",
    }
}

/// Some cases against a tenant of each's own with the same faults.
pub(crate) struct Batch {
    pub(crate) programs: Vec<Arc<Program>>,
    pub(crate) profile: Profile,
    pub(crate) fault: Option<Fault>,
}

/// What came of a batch.
pub(crate) struct Outcome {
    pub(crate) run: Run,
    pub(crate) events: Vec<Event>,
}

/// Sees a tenant's replies on their way, and may change what is not judged.
pub(crate) type Look = Arc<dyn Fn(&mut Response<Vec<u8>>) + Send + Sync>;

/// Runs batches one after the other and case by case, all with the same few keys: making keys costs more than all the rest.
pub(crate) fn in_process(library: &Library, batches: &[Batch], look: Option<Look>) -> Vec<Outcome> {
    let keys = Keys::generate();
    let order: Vec<(Profile, Option<Fault>)> = batches
        .iter()
        .flat_map(|batch| batch.programs.iter().map(|_| (batch.profile, batch.fault)))
        .collect();
    let order = Mutex::new(order.into_iter());
    let tenants = move |seed| {
        let (profile, fault) = order
            .lock()
            .unwrap()
            .next()
            .expect("no more tenants than cases");
        let settings = Settings {
            profile,
            seed,
            faults: fault.into_iter().collect(),
            ..Settings::default()
        };
        watched(Tenant::new(settings, Arc::clone(&keys)), look.clone())
    };
    let mut sandbox =
        Sandbox::new(Arc::new(tenants), Arc::new(target), UNIX_EPOCH + ORIGIN).unwrap();
    sandbox.sockets = false;

    let events = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&events);
    let planned = |program: &Arc<Program>| Planned {
        program: Arc::clone(program),
        not_applicable: None,
    };
    let plan = Plan {
        cases: batches
            .iter()
            .flat_map(|batch| batch.programs.iter().map(planned))
            .collect(),
        seed: 1,
        // In order, so that the tenants above are made in the order of the cases.
        concurrency: 1,
        repeat: 1,
        strict: false,
        run: "00000000".to_owned(),
    };
    let (_stop, stopped) = watch::channel(false);
    let redactor = Arc::new(Redactor::new([7; 32]));
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(dispatch::run(
            plan,
            Site::Sandbox(sandbox),
            redactor,
            Arc::new(move |event| teller.lock().unwrap().push(event)),
            stopped,
        ));
    let events = Arc::into_inner(events).unwrap().into_inner().unwrap();
    split(library, batches, events)
}

/// Gives each batch its own events: first come all plans, then the cases one by one.
fn split(library: &Library, batches: &[Batch], events: Vec<Event>) -> Vec<Outcome> {
    let (plans, told): (Vec<Event>, Vec<Event>) = events
        .into_iter()
        .partition(|event| matches!(event, Event::CasePlanned { .. }));
    let mut cases: Vec<Vec<Event>> = Vec::new();
    for event in told {
        if matches!(event, Event::CaseStarted { .. }) {
            cases.push(Vec::new());
        }
        cases.last_mut().unwrap().push(event);
    }
    let (mut plans, mut cases) = (plans.into_iter(), cases.into_iter());
    let outcome = |batch: &Batch| {
        let n = batch.programs.len();
        let mut events = vec![started(library, batch.profile)];
        events.extend(plans.by_ref().take(n));
        events.extend(cases.by_ref().take(n).flatten());
        Outcome {
            run: Run::fold(events.iter().cloned()),
            events,
        }
    };
    batches.iter().map(outcome).collect()
}

fn started(library: &Library, profile: Profile) -> Event {
    let run = RunHead {
        id: "00000000".to_owned(),
        pushproof: "0.1.0".to_owned(),
        seed: 1,
        target: "sandbox".to_owned(),
        dialect: library.dialect.name.clone(),
        profile: name(profile).to_owned(),
        started: "2026-01-01T00:00:00Z".to_owned(),
    };
    Event::RunStarted {
        run,
        requirements: library.dialect.requirements.heads(),
        remarks: Vec::new(),
    }
}

fn watched(tenant: Tenant, look: Option<Look>) -> Handler {
    let tenant = Mutex::new(tenant);
    Arc::new(move |now: SystemTime, request: Request<Vec<u8>>| {
        let mut reply = tenant.lock().unwrap().handle(now, request);
        if let Some(look) = &look {
            look(&mut reply);
        }
        reply
    })
}

/// As the binary reaches its sandbox.
fn target(base_url: &str) -> Target {
    let client = |id: &str, secret: Option<&str>| Client {
        auth: pushproof_runner::target::ClientAuth::Body,
        place: None,
        id: id.to_owned(),
        secret: secret.map(Secret::new),
    };
    let main = client(
        pushproof_tenant::SANDBOX_CLIENT_ID,
        Some(pushproof_tenant::SANDBOX_CLIENT_SECRET),
    );
    let others = [
        (
            "other",
            client(
                pushproof_tenant::OTHER_CLIENT_ID,
                Some(pushproof_tenant::OTHER_CLIENT_SECRET),
            ),
        ),
        ("public", client(pushproof_tenant::PUBLIC_CLIENT_ID, None)),
        (
            "restricted",
            client(
                pushproof_tenant::RESTRICTED_CLIENT_ID,
                Some(pushproof_tenant::RESTRICTED_CLIENT_SECRET),
            ),
        ),
    ];
    Target {
        endpoints: Default::default(),
        inputs: Default::default(),
        name: "sandbox".to_owned(),
        base_url: base_url.to_owned(),
        dialect: "auth0".to_owned(),
        profile: None,
        client: Some(main.clone()),
        clients: others
            .into_iter()
            .map(|(name, client)| (name.to_owned(), client))
            .collect(),
        features: None,
        users: Some(Users::ManagementApi {
            authority: Authority::Client(main),
            connection: pushproof_tenant::SANDBOX_CONNECTION.to_owned(),
        }),
        devices: Some(Devices::Guardian {
            inbox: format!("{base_url}/__control/inbox/{{push_token}}"),
        }),
        messages: Some(format!("{base_url}/__control/messages/{{address}}")),
        settings: Some(format!("{base_url}/__control/settings")),
        switches: pushproof_tenant::SANDBOX_SWITCHES
            .map(str::to_owned)
            .to_vec(),
        clock: Some(format!("{base_url}/__control/clock")),
        lifetimes: BTreeMap::new(),
        tls: Tls::default(),
        proxy: None,
        limits: Limits::default(),
        load: Load::default(),
        lacks: BTreeMap::new(),
    }
}
