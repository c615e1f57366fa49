//! `pushproof serve`: the sandbox as a process of its own.

mod access;
mod clock;
mod issuer;
mod tls;

use std::net::Ipv4Addr;
use std::sync::Arc;

use http::Request;
use pushproof_runner::clock::{Clock, wall};
use pushproof_runner::handler::Handler;
use pushproof_runner::serve::{Cors, Options, Origin, ServeLimits, Server};
use pushproof_tenant::{Keys, Profile, Settings, Tenant};
use tokio::net::TcpListener;

use super::Problem;
use crate::args::{Serve, ServeClock, ServeProfile};
use crate::signals::Signals;
use crate::{output, sandbox};

/// Serves until it is told to stop.
pub(crate) async fn run(command: &Serve) -> Result<u8, Problem> {
    let handler = handler(command)?;
    let cors = cors(&command.allow_origin)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, command.port))
        .await
        .map_err(|error| {
            Problem::usage(format!("listening on port {}: {error}", command.port))
                .hint("choose another with --port, or 0 for a free one")
        })?;
    let serving = |error| Problem::usage(format!("serving: {error}"));
    let port = listener.local_addr().map_err(serving)?.port();
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
    let server = Server::start(listener, handler, clock, options).map_err(serving)?;
    let base_url = if command.tls {
        // The name is what clients check best, and what a page's address shows.
        format!("https://localhost:{port}")
    } else {
        server.base_url()
    };
    let mut signals = Signals::watch()?;
    output::say(&greeting(
        command,
        &base_url,
        certified.authority.as_deref(),
    ));
    let (_, code) = signals.next().await;
    server.stop().await;
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
        faults: sandbox::faults(&command.fault)?,
        ..Settings::default()
    };
    let tenant = sandbox::handler(Tenant::new(settings, Keys::generate()));
    let tenant: Handler = Arc::new(move |now, request| tenant(now, absolute(request)));
    Ok(clock::controlled(tenant))
}

/// The request with an absolute target, by which the tenant knows its own address.
fn absolute(mut request: Request<Vec<u8>>) -> Request<Vec<u8>> {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str);
    let origin = request.extensions().get::<Origin>();
    if let Some(uri) = origin.and_then(|Origin(origin)| format!("{origin}{path}").parse().ok()) {
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
