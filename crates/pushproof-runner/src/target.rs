//! A target: where requests go, as whom, and what may be done there (design §5).
//!
//! A [`Target`] is whole: secrets are resolved, paths are relative to nothing any more, and durations and limits have their values.

mod files;
mod grammar;
mod parse;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use pushproof_report::Secret;

pub use self::files::FileProblem;
pub use self::grammar::TARGET;
pub use self::parse::parse;
use crate::clock::HOOK_LIMIT;
use crate::transport::{HttpOptions, Roots};

/// Everything a target file says.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name in reports and known lists.
    pub name: String,
    /// Scheme, host, port and perhaps a path, without a slash at the end.
    pub base_url: String,
    /// The paths of its endpoints, by the dialect's names, where servers differ.
    pub endpoints: BTreeMap<String, String>,
    /// What operations get that take an input of this name, where a step gives none.
    pub inputs: BTreeMap<String, String>,
    /// The dialect it speaks.
    pub dialect: String,
    /// What is expected within the dialect; absent: what the command line says, or the dialect's first.
    pub profile: Option<String>,
    /// The application that most requirements are tested as.
    pub client: Option<Client>,
    /// Further applications that single requirements need, by role: `other`, `public`, `restricted`.
    pub clients: BTreeMap<String, Client>,
    /// What the file says the target has, and where, as `file:line`; absent: see [`Target::features`].
    pub features: Option<BTreeMap<String, String>>,
    /// Where users come from.
    pub users: Option<Users>,
    /// How phones act.
    pub devices: Option<Devices>,
    /// Where messages are read, as a template with `{address}`.
    pub messages: Option<String>,
    /// Where tenant switches are set.
    pub settings: Option<String>,
    /// The switches that can be set there. A hook answers for those alone that it is said to have: one that it does not know would be taken
    /// without a word, and the endpoint accused of what did not change.
    pub switches: Vec<String>,
    /// Where the tenant's clock is moved; absent: time is real.
    pub clock: Option<String>,
    /// How long things live at the tenant, by name, where that differs from the dialect's defaults.
    pub lifetimes: BTreeMap<String, Duration>,
    /// Whom to trust.
    pub tls: Tls,
    /// The proxy for everything; proxies come from nowhere else.
    pub proxy: Option<String>,
    /// What this run may do to the target.
    pub limits: Limits,
    /// What load may be applied.
    pub load: Load,
    /// Features that the files it names do not make possible, and why: see [`Target::look_into_files`].
    pub lacks: BTreeMap<String, String>,
}

/// One application.
#[derive(Clone, PartialEq, Debug)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret; a public application has none.
    pub secret: Option<Secret>,
    /// Where its secret is sent.
    pub auth: ClientAuth,
    /// Where it stands, as `file:line`; `None` if in no file.
    pub place: Option<String>,
}

/// Where a client's secret is sent (RFC 6749 §2.3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ClientAuth {
    /// In the body, where the dialect puts it.
    #[default]
    Body,
    /// In an `Authorization: Basic` header, and not in the body.
    Basic,
}

/// Where users come from.
#[derive(Clone, PartialEq, Debug)]
pub enum Users {
    /// Made and deleted through the Management API.
    ManagementApi {
        /// How this program proves who it is.
        authority: Authority,
        /// The database connection that users are made in.
        connection: String,
    },
    /// Taken from a CSV file with a header line, each once in a run.
    Pool {
        /// The file.
        file: PathBuf,
    },
    /// Made and deleted by an endpoint of the tester's own.
    Hook {
        /// Its URL.
        url: String,
    },
}

/// How this program proves who it is at the Management API.
#[derive(Clone, PartialEq, Debug)]
pub enum Authority {
    /// By a token that was issued beforehand.
    Token(Secret),
    /// By client credentials, for which it gets tokens.
    Client(Client),
}

/// How phones act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Devices {
    /// A virtual Guardian phone, whose pushes are fetched from an inbox.
    Guardian {
        /// The inbox, as a template with `{push_token}`.
        inbox: String,
    },
    /// An endpoint of the tester's own, perhaps as a template with `{action}`, `{user}` and `{with.NAME}`.
    Hook {
        /// Its URL.
        url: String,
    },
    /// A program of the tester's own.
    Command {
        /// The program and its arguments; never empty.
        command: Vec<String>,
    },
    /// A person at the terminal.
    Human,
}

/// Whom to trust.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tls {
    /// A PEM bundle of authorities, trusted instead of the platform's.
    pub ca: Option<PathBuf>,
    /// Trust anybody; the report says so.
    pub insecure: bool,
}

/// What a run may do to a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Requests in a second.
    pub requests_per_second: Option<u32>,
    /// Cases at the same time.
    pub concurrency: u32,
    /// Pushes in a run.
    pub pushes: Option<u32>,
    /// The longest wait of a case in real time; a case that needs more is not applicable.
    pub wait: Duration,
    /// For one exchange.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_second: None,
            concurrency: 8,
            pushes: None,
            wait: Duration::from_secs(30),
            timeout: Duration::from_secs(10),
        }
    }
}

/// What load may be applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Load {
    /// Whether load is allowed although the target is not on the loopback address.
    pub allow: bool,
    /// The highest rate that is allowed.
    pub rps_max: Option<u32>,
}

/// Where a secret of a target file stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretRef {
    /// In this variable of the environment.
    Env(String),
    /// In this file.
    File(PathBuf),
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "environment variable `{name}`"),
            Self::File(path) => write!(f, "file `{}`", path.display()),
        }
    }
}

/// How secrets are looked up; the error is a fragment that follows `SecretRef`'s text, such as `is not set`.
pub type Resolve<'a> = &'a dyn Fn(&SecretRef) -> Result<Secret, String>;

impl Target {
    /// What the file says openly: its names, and those by which clients and connections are known to everybody.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let clients = self.client.iter().chain(self.clients.values());
        let connection = match &self.users {
            Some(Users::ManagementApi { connection, .. }) => Some(connection),
            _ => None,
        };
        let own = [&self.name, &self.base_url, &self.dialect];
        let named = self.endpoints.values().chain(self.inputs.values());
        own.into_iter()
            .chain(self.profile.as_ref())
            .chain(clients.map(|client| &client.id))
            .chain(connection)
            .chain(named)
            .map(String::as_str)
    }

    /// What the target has of what its dialect knows: as the file says, or all that the rest of it makes possible.
    pub fn features(&self, known: &[String]) -> BTreeSet<String> {
        match &self.features {
            Some(said) => said.keys().cloned().collect(),
            None => {
                let possible = known.iter().filter(|name| self.makes_possible(name));
                possible.cloned().collect()
            }
        }
    }

    /// Why a feature is not there, in words that begin with its name.
    pub fn lack(&self, feature: &str) -> String {
        match self.lacks.get(feature).filter(|_| self.features.is_none()) {
            Some(why) => format!("{feature} ({why})"),
            None => feature.to_owned(),
        }
    }

    /// A feature that the file names and the dialect does not know, and where it stands.
    pub fn unknown_feature(&self, known: &[String]) -> Option<(&str, &str)> {
        let unknown = |(name, _): &(&String, &String)| !known.contains(name);
        let (name, place) = self.features.iter().flatten().find(unknown)?;
        Some((name, place))
    }

    fn makes_possible(&self, feature: &str) -> bool {
        if self.lacks.contains_key(feature) {
            return false;
        }
        match feature {
            "factor.push" => self.devices.is_some(),
            "factor.otp" => matches!(
                self.devices,
                Some(Devices::Guardian { .. } | Devices::Hook { .. } | Devices::Command { .. })
            ),
            "factor.sms" | "factor.voice" | "factor.email" | "messages" => self.messages.is_some(),
            "approver" | "device.codes" => self.devices.is_some(),
            "client.secret" => self
                .client
                .as_ref()
                .is_some_and(|client| client.secret.is_some()),
            "client.other" => self.clients.contains_key("other"),
            "client.public" => self.clients.contains_key("public"),
            "client.restricted" => self.clients.contains_key("restricted"),
            "management.api" => matches!(self.users, Some(Users::ManagementApi { .. })),
            "device.guardian" => matches!(self.devices, Some(Devices::Guardian { .. })),
            "clock" => self.clock.is_some(),
            _ => match feature.strip_prefix("switch.") {
                Some(switch) => self.switches.iter().any(|known| known == switch),
                // What is left depends on the tenant alone, and only `features` can deny it.
                None => true,
            },
        }
    }

    /// How HTTP is spoken with the target.
    ///
    /// # Errors
    /// If the file of authorities cannot be read.
    pub fn http_options(&self) -> std::io::Result<HttpOptions> {
        let roots = match &self.tls.ca {
            Some(path) => Roots::Only(std::fs::read(path)?),
            None if self.urls().all(|url| url.starts_with("http://")) => Roots::Nobody,
            None => Roots::Platform,
        };
        Ok(HttpOptions {
            timeout: self.limits.timeout,
            connect_timeout: self.limits.timeout,
            roots,
            insecure: self.tls.insecure,
            proxy: self.proxy.clone(),
            ..HttpOptions::default()
        })
    }

    /// How HTTP is spoken with hooks: as with the target, but for their own time limit.
    ///
    /// # Errors
    /// As [`Target::http_options`].
    pub fn hook_options(&self) -> std::io::Result<HttpOptions> {
        Ok(HttpOptions {
            timeout: HOOK_LIMIT,
            connect_timeout: HOOK_LIMIT,
            ..self.http_options()?
        })
    }

    /// Every URL that requests may go to.
    fn urls(&self) -> impl Iterator<Item = &str> {
        let users = match &self.users {
            Some(Users::Hook { url }) => Some(url),
            Some(Users::ManagementApi { .. } | Users::Pool { .. }) | None => None,
        };
        let devices = match &self.devices {
            Some(Devices::Guardian { inbox: url } | Devices::Hook { url }) => Some(url),
            Some(Devices::Command { .. } | Devices::Human) | None => None,
        };
        [
            Some(&self.base_url),
            users,
            devices,
            self.messages.as_ref(),
            self.settings.as_ref(),
            self.clock.as_ref(),
        ]
        .into_iter()
        .flatten()
        .map(String::as_str)
    }
}
