//! `pushproof serve`: the sandbox as a process of its own.

mod access;
mod clock;
mod issuer;
mod listening;
mod tls;

use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{Request, Uri};
use pushproof_runner::clock::{Clock, wall};
use pushproof_runner::handler::Handler;
use pushproof_runner::serve::{Cors, Options, Origin, ServeLimits, Server};
use pushproof_tenant::{Keys, Profile, Settings, Tenant};
use tokio::task::JoinSet;

use super::Problem;
use crate::args::{Serve, ServeClock, ServeProfile};
use crate::signals::Signals;
use crate::{output, sandbox};

/// Serves until it is told to stop.
pub(crate) async fn run(command: &Serve) -> Result<u8, Problem> {
    let handler = handler(command)?;
    let cors = cors(&command.allow_origin)?;
    let (listeners, port) = listening::loopback(command.port).await?;
    let certified = tls::certified(command, port)?;
    let clock = match command.clock {
        ServeClock::Real => Clock::real(),
        ServeClock::Virtual => Clock::jumping(wall()),
    };
    let options = Options {
        limits: ServeLimits::default(),
        tls: certified.tls,
        gzip: true,
        cors: Some(cors),
        trust_forwarded: command.trust_forwarded,
        on_access: command.access_log.then(access::log),
    };
    let start = |listener| {
        Server::start(
            listener,
            Arc::clone(&handler),
            clock.clone(),
            options.clone(),
        )
    };
    let servers = listeners
        .into_iter()
        .map(start)
        .collect::<Result<Vec<_>, _>>();
    let servers = servers.map_err(|error| Problem::usage(format!("serving: {error}")))?;
    let base_url = if command.tls {
        // The name is what clients check best, and what a page's address shows.
        format!("https://localhost:{port}")
    } else {
        servers[0].base_url()
    };
    let mut signals = Signals::watch()?;
    output::say(&greeting(
        command,
        &base_url,
        certified.authority.as_deref(),
    ));
    let (_, code) = signals.next().await;
    let stopping: JoinSet<()> = servers.into_iter().map(Server::stop).collect();
    stopping.join_all().await;
    Ok(code)
}

/// The tenant with its clock, told by which address it was reached.
fn handler(command: &Serve) -> Result<Handler, Problem> {
    let settings = Settings {
        profile: match command.profile {
            ServeProfile::Documented => Profile::Documented,
            ServeProfile::Observed => Profile::Observed,
        },
        seed: command.seed,
        issuer: command.issuer.as_deref().map(issuer::read).transpose()?,
        ..Settings::default()
    };
    let settings = sandbox::with_faults(settings, sandbox::faults(&command.fault)?);
    let tenant = sandbox::handler(Tenant::new(settings, Keys::generate()));
    let tenant: Handler = Arc::new(move |now, request| tenant(now, absolute(request)));
    Ok(clock::controlled(tenant))
}

/// The request with an absolute target, by which the tenant knows its own address.
fn absolute(mut request: Request<Vec<u8>>) -> Request<Vec<u8>> {
    let Some(origin) = request.extensions_mut().remove::<Origin>() else {
        return request;
    };
    let mut target = request.uri().clone().into_parts();
    target.scheme = Some(origin.scheme);
    target.authority = Some(origin.authority);
    target
        .path_and_query
        .get_or_insert(PathAndQuery::from_static("/"));
    // `OPTIONS *` is about the server as a whole and stays as it is.
    if let Ok(uri) = Uri::from_parts(target) {
        *request.uri_mut() = uri;
    }
    request
}

fn cors(origins: &[String]) -> Result<Cors, Problem> {
    Cors::new(origins.iter().map(String::as_str)).map_err(|error| {
        Problem::usage(format!("--allow-origin: {error}"))
            .hint("an origin is a scheme, a host and perhaps a port, as in `http://localhost:3000`")
    })
}

fn greeting(command: &Serve, base_url: &str, authority: Option<&std::path::Path>) -> String {
    let profile = match command.profile {
        ServeProfile::Documented => "documented",
        ServeProfile::Observed => "observed",
    };
    let clock = match command.clock {
        ServeClock::Real => "real",
        ServeClock::Virtual => "virtual",
    };
    let client = pushproof_tenant::SANDBOX_CLIENT_ID;
    let authority = authority.map_or_else(String::new, |path| {
        format!("certificate authority in {}\n", path.display())
    });
    format!(
        "sandbox at {base_url}\n{authority}profile {profile}, clock {clock}, client id `{client}`\nstop it with Ctrl-C\n"
    )
}
