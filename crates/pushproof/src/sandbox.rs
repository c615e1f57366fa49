//! The built-in sandbox: the simulated tenant, and the target that reaches it. The runner knows neither.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use pushproof_report::Secret;
use pushproof_runner::handler::Handler;
use pushproof_runner::target::{
    Authority, Client, ClientAuth, Devices, Limits, Target, Tls, Users,
};
use pushproof_scenario::{Library, SourceFile};
use pushproof_tenant::{AnyFault, FaultError, Keys, Profile, Settings, Tenant};

use crate::args::Args;
use crate::command::Problem;
use crate::dialects;

/// The instant at which every case in the built-in sandbox begins: 2026-01-01T00:00:00Z.
pub(crate) const ORIGIN: Duration = Duration::from_secs(1_767_225_600);
/// The dialect that the built-in sandbox speaks.
pub(crate) const DIALECT: &str = "auth0";

/// Makes tenants that differ only in their seed.
pub(crate) fn tenants(
    profile: Profile,
    faults: Vec<AnyFault>,
) -> Arc<dyn Fn(u64) -> Handler + Send + Sync> {
    let keys = Keys::generate();
    Arc::new(move |seed| {
        let settings = with_faults(
            Settings {
                profile,
                seed,
                ..Settings::default()
            },
            faults.clone(),
        );
        handler(Tenant::new(settings, Arc::clone(&keys)))
    })
}

/// A tenant as a handler: one request at a time.
pub(crate) fn handler(tenant: Tenant) -> Handler {
    let tenant = Mutex::new(tenant);
    Arc::new(move |now: SystemTime, request| {
        // A panic inside has been told by the hook; the tenant's tables are whole between two statements, so it goes on.
        let mut tenant = tenant.lock().unwrap_or_else(PoisonError::into_inner);
        tenant.handle(now, request)
    })
}

/// The target that reaches a sandbox at `base_url`.
pub(crate) fn target(base_url: &str) -> Target {
    let client = |id: &str, secret: Option<&str>| Client {
        id: id.to_owned(),
        secret: secret.map(Secret::new),
        auth: ClientAuth::Body,
        place: None,
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
        name: "sandbox".to_owned(),
        base_url: base_url.to_owned(),
        endpoints: BTreeMap::new(),
        inputs: BTreeMap::new(),
        dialect: DIALECT.to_owned(),
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
        load: pushproof_runner::target::Load::default(),
        lacks: BTreeMap::new(),
    }
}

/// The dialect that was asked for, if the sandbox speaks it.
pub(crate) fn library(args: &Args, own: &[SourceFile], colour: bool) -> Result<Library, Problem> {
    let library = dialects::library_with(args, own, colour)?;
    if library.dialect.name == DIALECT {
        return Ok(library);
    }
    let message = format!(
        "the built-in sandbox speaks `{DIALECT}` and not `{}`",
        library.dialect.name
    );
    Err(Problem::usage(message).hint("name an endpoint that speaks it: `--target FILE`"))
}

/// The faults that were asked for, of both kinds.
pub(crate) fn faults(texts: &[String]) -> Result<Vec<AnyFault>, Problem> {
    texts.iter().map(|text| fault(text)).collect()
}

fn fault(text: &str) -> Result<AnyFault, Problem> {
    text.parse().map_err(|error: FaultError| {
        let hint = match text.starts_with("reply:") {
            true => error.hint().to_owned(),
            false => format!(
                "{}; `pushproof list --faults` shows all that have an id",
                error.hint()
            ),
        };
        Problem::usage(error.to_string()).hint(hint)
    })
}

/// The settings with faults switched on.
pub(crate) fn with_faults(
    settings: Settings,
    faults: impl IntoIterator<Item = AnyFault>,
) -> Settings {
    faults.into_iter().fold(settings, |mut settings, fault| {
        settings.switch_on(fault);
        settings
    })
}
