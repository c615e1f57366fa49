//! Where cases run: a target that somebody else runs, or a sandbox of each case's own. Start at [`Site`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pushproof_report::Secret;
use pushproof_scenario::{CLIENTS, ClientValues, Environment, IMPOSTOR, Value};

use crate::again::{self, AGAIN_UNPROVEN_MAX};
use crate::clock::Clock;
use crate::handler::Handler;
use crate::providers::aids::Aids;
use crate::providers::devices::{Ask, KeyPool, Loan, Person, PhoneOptions, Phones};
use crate::providers::messages::{Messages, Patience};
use crate::providers::settings::Settings;
use crate::providers::users::Users;
use crate::serve::Server;
use crate::target::{Client, ClientAuth, Target};
use crate::transport::{FailureKind, HttpOptions, Roots, Transport};

/// Where the cases of a run run.
pub enum Site {
    /// One tenant for all, reached as its target file says.
    Shared(Arc<Place>),
    /// A new tenant for each case, with a clock of its own that jumps: no case ever waits for another.
    Sandbox(Sandbox),
    /// Nowhere, and why: nobody is at home, or the tenant's clock cannot be moved.
    OutOfReach(String),
}

/// How a sandbox is made.
pub struct Sandbox {
    /// Makes a tenant, from a seed.
    pub tenant: Arc<dyn Fn(u64) -> Handler + Send + Sync>,
    /// The target that reaches a tenant at a base URL.
    pub target: Arc<dyn Fn(&str) -> Target + Send + Sync>,
    /// The time at which every case begins.
    pub origin: SystemTime,
    /// Whether requests travel over a loopback socket, as they do for users; without, only the tenant is there.
    pub sockets: bool,
    keys: Arc<KeyPool>,
    transport: Transport,
}

/// One tenant within reach.
pub struct Place {
    /// How it is reached.
    pub target: Target,
    /// The way to it.
    pub transport: Transport,
    /// The way to hooks, which have a time limit of their own.
    hooks: Transport,
    /// Its time.
    pub clock: Clock,
    users: Arc<Users>,
    keys: Arc<KeyPool>,
    patience: Patience,
    person: Option<Arc<Person>>,
    environment: Arc<Environment>,
    server: Option<Server>,
    /// Somebody else runs it, and anything may come between.
    is_remote: bool,
}

/// Why a place cannot be used: nothing was sent to the endpoint.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// No port for a sandbox.
    #[error("opening a loopback port for the sandbox")]
    Port(#[source] std::io::Error),
    /// TLS or proxy settings.
    #[error(transparent)]
    Transport(#[from] crate::transport::TransportError),
    /// The user provider.
    #[error(transparent)]
    Users(#[from] crate::providers::users::Unavailable),
    /// The CA file.
    #[error("reading the file of certificate authorities")]
    Roots(#[source] std::io::Error),
    /// Nobody answers at the base URL.
    #[error("the target does not answer: {failure}{}", what_to_do(.failure.kind()))]
    Down {
        /// What came of asking.
        failure: crate::transport::Failure,
    },
    /// The clock hook.
    #[error(transparent)]
    Clock(#[from] crate::clock::ClockError),
}

impl Sandbox {
    /// A sandbox that makes its tenants with `tenant`.
    ///
    /// # Errors
    /// [`SiteError::Transport`] if no HTTP client can be built.
    pub fn new(
        tenant: Arc<dyn Fn(u64) -> Handler + Send + Sync>,
        target: Arc<dyn Fn(&str) -> Target + Send + Sync>,
        origin: SystemTime,
    ) -> Result<Self, SiteError> {
        // Nobody but this process answers on its loopback ports, so there is no authority to trust.
        let options = HttpOptions {
            roots: Roots::Nobody,
            ..HttpOptions::default()
        };
        let transport = Transport::http(&options)?;
        Ok(Self {
            tenant,
            target,
            origin,
            sockets: true,
            keys: KeyPool::new(),
            transport,
        })
    }

    /// A place for one case.
    ///
    /// # Errors
    /// [`SiteError`] if no port can be had.
    pub async fn place(&self, seed: u64, run: &str) -> Result<Place, SiteError> {
        let handler = (self.tenant)(seed);
        let clock = Clock::jumping(self.origin);
        let (server, transport, base_url) = if self.sockets {
            let server = Server::loopback(handler, clock.clone())
                .await
                .map_err(SiteError::Port)?;
            let base_url = server.base_url();
            (Some(server), self.transport.clone(), base_url)
        } else {
            let transport = Transport::in_process(handler, clock.clone());
            (None, transport, "http://sandbox.invalid".to_owned())
        };
        let target = (self.target)(&base_url);
        let ways = Ways {
            hooks: transport.clone(),
            transport,
        };
        let place = Place::assemble(
            target,
            ways,
            clock,
            Arc::clone(&self.keys),
            Patience::SANDBOX,
            run,
        )?;
        Ok(Place {
            server,
            is_remote: false,
            ..place
        })
    }
}

impl Place {
    /// Reaches a target that somebody else runs; its clock hook is asked for the time.
    ///
    /// # Errors
    /// [`SiteError`], before anything is sent to the endpoint itself.
    pub async fn reach(target: Target, run: &str) -> Result<Self, SiteError> {
        let http = |options: std::io::Result<HttpOptions>| {
            Ok::<_, SiteError>(Transport::http(&options.map_err(SiteError::Roots)?)?)
        };
        let transport = http(target.http_options())?;
        let hooks = http(target.hook_options())?;
        // Where nobody is at home at all, nothing else is the point.
        knock(&transport, &target.base_url).await?;
        let clock = match &target.clock {
            None => Clock::real(),
            Some(url) => {
                let hook = crate::providers::clock::ClockHook::new(&hooks, url);
                Clock::hooked(Arc::new(hook)).await?
            }
        };
        believe(&clock, &transport, &target.base_url).await?;
        // In real time, whatever the tenant's clock does: its limits are there for the machines behind it.
        let transport = match target.limits.requests_per_second {
            Some(most) => transport.paced(most),
            None => transport,
        };
        let ways = Ways { transport, hooks };
        let stay = matches!(target.users, Some(crate::target::Users::Pool { .. }));
        Self::assemble(
            target,
            ways,
            clock,
            KeyPool::of_one_tenant(stay),
            Patience::REMOTE,
            run,
        )
    }

    fn assemble(
        target: Target,
        ways: Ways,
        clock: Clock,
        keys: Arc<KeyPool>,
        patience: Patience,
        run: &str,
    ) -> Result<Self, SiteError> {
        let Ways { transport, hooks } = ways;
        let for_users = match &target.users {
            // It is the tenant itself, and its limits are the tenant's.
            Some(crate::target::Users::ManagementApi { .. }) => {
                hooks.clone().paced_with(&transport)
            }
            Some(crate::target::Users::Pool { .. } | crate::target::Users::Hook { .. }) | None => {
                hooks.clone()
            }
        };
        let users = Users::new(target.users.as_ref(), &target.base_url, &for_users, run)?;
        let environment = Arc::new(environment(&target));
        Ok(Self {
            target,
            transport,
            hooks,
            clock,
            users: Arc::new(users),
            keys,
            patience,
            person: None,
            environment,
            server: None,
            is_remote: true,
        })
    }

    /// Whether a person acts with this target's devices, and must be asked: see [`Place::asking`].
    pub const fn needs_person(&self) -> bool {
        matches!(self.target.devices, Some(crate::target::Devices::Human))
    }

    /// The same place, with somebody to ask. Without, no device can be used where [`Place::needs_person`].
    #[must_use]
    pub fn asking(self, ask: Ask) -> Self {
        Self {
            person: Some(Person::new(ask)),
            ..self
        }
    }

    /// Why a case could not run whose client, by its position, was refused, and what to do about it.
    pub(crate) fn refusal(&self, position: usize, actual: &str) -> String {
        let role = CLIENTS[position];
        let client = match position {
            0 => self.target.client.as_ref(),
            _ => self.target.clients.get(role),
        };
        let name = match position {
            0 => "`client`".to_owned(),
            _ => format!("`clients.{role}`"),
        };
        let (mut id, mut place) = (String::new(), String::new());
        if let Some(client) = client {
            id = format!(" (id `{}`)", client.id);
            place = client.place.iter().map(|at| format!(" at {at}")).collect();
        }
        format!(
            "the endpoint refuses {name}{id}: got {actual}; check its `id`, `secret` and `auth`{place}, and what the client may do"
        )
    }

    pub(crate) const fn users(&self) -> &Arc<Users> {
        &self.users
    }

    /// Whether something may come between this program and the endpoint. In a sandbox of its own nothing does, and everything counts at once.
    pub(crate) const fn is_remote(&self) -> bool {
        self.is_remote
    }

    pub(crate) const fn environment(&self) -> &Arc<Environment> {
        &self.environment
    }

    /// The keys that phones of one case may have.
    pub(crate) fn keys(&self) -> Arc<Loan> {
        self.keys.lend()
    }

    /// Phones that nobody has touched.
    pub(crate) fn phones(&self, rng: fastrand::Rng, keys: &Arc<Loan>) -> Phones {
        Phones::new(PhoneOptions {
            devices: self.target.devices.as_ref(),
            base_url: &self.target.base_url,
            tenant: &self.transport,
            hooks: &self.hooks,
            keys,
            person: self.person.as_ref(),
            patience: self.patience,
            rng,
        })
    }

    /// What the target offers beside phones: the inboxes of people, and switches of the tenant.
    pub(crate) fn aids(&self) -> Aids {
        let target = &self.target;
        let messages = target.messages.as_ref();
        let settings = target.settings.as_ref();
        Aids {
            messages: messages.map(|inbox| Messages::new(&self.hooks, inbox, self.patience)),
            settings: settings.map(|url| Settings::new(&self.hooks, url)),
        }
    }

    /// Lets go of the sandbox's port.
    pub(crate) async fn close(self) {
        if let Some(server) = self.server {
            server.stop().await;
        }
    }

    /// The secrets of the target itself and of its provider of users, with labels. A token that the provider has fetched is among them.
    pub async fn secrets(&self) -> Vec<(&'static str, Secret)> {
        let own = self.target.client.iter();
        let clients = own.chain(self.target.clients.values());
        let secret = |client: &Client| Some(("client_secret", client.secret.clone()?));
        let mut secrets: Vec<_> = clients.filter_map(secret).collect();
        // One character off the secret is nearly the secret.
        let wrong = &environment(&self.target).clients[IMPOSTOR].secret;
        let wrong = wrong.as_ref().and_then(Value::secret);
        secrets.extend(wrong.map(|wrong| ("client_secret", Secret::new(wrong))));
        secrets.extend(self.users.secrets().await);
        secrets
    }
}

/// By so much a clock is moved to see whether it moves: far more than a slow machine takes for two requests, and nothing has been made that grows old.
const WITNESSED: Duration = Duration::from_secs(60);

/// A hook that tells no time is believed if the tenant's own replies show that it moves their `Date`, or have none.
async fn believe(clock: &Clock, transport: &Transport, base_url: &str) -> Result<(), SiteError> {
    if !clock.is_silent() {
        return Ok(());
    }
    let Some(before) = date(transport, base_url).await else {
        return Ok(());
    };
    let mut ticket = clock.enter();
    let at = ticket.at().saturating_add(WITNESSED);
    ticket.wait_until(at).await?;
    let Some(after) = date(transport, base_url).await else {
        return Ok(());
    };
    let moved = after.duration_since(before).unwrap_or_default();
    if moved.saturating_add(Duration::from_secs(1)) < WITNESSED {
        let asked = WITNESSED;
        return Err(crate::clock::ClockError::Unmoved { asked, moved }.into());
    }
    Ok(())
}

/// The tenant's time, as far as any reply of it has a `Date`.
async fn date(transport: &Transport, base_url: &str) -> Option<SystemTime> {
    let request = http::Request::get(base_url).body(Vec::new()).ok()?;
    let exchanged = transport.exchange(request).await.ok()?;
    let date = exchanged.response.headers().get(http::header::DATE)?;
    httpdate::parse_http_date(date.to_str().ok()?).ok()
}

/// An error if there is no way to the target at all, each time that it is tried. What happens on the way is the cases' to tell.
async fn knock(transport: &Transport, base_url: &str) -> Result<(), SiteError> {
    let Ok(request) = http::Request::get(base_url).body(Vec::new()) else {
        return Ok(());
    };
    let mut times = 0;
    loop {
        let Err(failure) = transport.exchange(request.clone()).await else {
            return Ok(());
        };
        match failure.kind() {
            FailureKind::Refused | FailureKind::Dns | FailureKind::Tls => {}
            FailureKind::Reset
            | FailureKind::TimedOut
            | FailureKind::BodyTooLarge
            | FailureKind::Truncated
            | FailureKind::Unreadable
            | FailureKind::Other => return Ok(()),
        }
        if times == AGAIN_UNPROVEN_MAX {
            return Err(SiteError::Down { failure });
        }
        tokio::time::sleep(again::rest(times)).await;
        times += 1;
    }
}

/// What may help where there was no answer.
fn what_to_do(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Refused | FailureKind::Dns => "; check `base_url`, and that it runs",
        // What it says for itself is enough.
        FailureKind::Tls
        | FailureKind::Reset
        | FailureKind::TimedOut
        | FailureKind::BodyTooLarge
        | FailureKind::Truncated
        | FailureKind::Unreadable
        | FailureKind::Other => "",
    }
}

/// The two ways out of a place.
struct Ways {
    transport: Transport,
    hooks: Transport,
}

/// What a target gives to every session.
fn environment(target: &Target) -> Environment {
    let values = |client: Option<&Client>| {
        client.map_or_else(ClientValues::default, |client| {
            let secret = client.secret.as_ref().map(Secret::reveal);
            ClientValues::new(&client.id, secret, client.auth == ClientAuth::Basic)
        })
    };
    let mut clients: [ClientValues; CLIENTS.len()] = Default::default();
    for (at, name) in CLIENTS.iter().enumerate().skip(1) {
        clients[at] = values(target.clients.get(*name));
    }
    clients[0] = values(target.client.as_ref());
    clients[IMPOSTOR] = clients[0].impostor();
    let lifetimes: BTreeMap<String, Duration> = target.lifetimes.clone();
    Environment {
        clients,
        lifetimes,
        base_url: Some(Value::Text(target.base_url.as_str().into())),
    }
}
