//! What a tenant is made of before the first request: [`Settings`], with the defaults of `protocol.md` §11.3.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::any_fault::AnyFault;
use crate::fault::Fault;
use crate::reply_fault::ReplyFault;

/// The sandbox's own client: confidential, with the MFA grant and the Management API.
pub const SANDBOX_CLIENT_ID: &str = "sandbox-client";
/// Secret of [`SANDBOX_CLIENT_ID`].
pub const SANDBOX_CLIENT_SECRET: &str = "sandbox-client-secret";
/// A second confidential client with the MFA grant, for checks that tokens are bound to their client (MTK-005).
pub const OTHER_CLIENT_ID: &str = "other-client";
/// Secret of [`OTHER_CLIENT_ID`].
pub const OTHER_CLIENT_SECRET: &str = "other-client-secret";
/// A public client: no secret, with the MFA grant.
pub const PUBLIC_CLIENT_ID: &str = "public-client";
/// A confidential client without the MFA grant (PWD-013).
pub const RESTRICTED_CLIENT_ID: &str = "restricted-client";
/// Secret of [`RESTRICTED_CLIENT_ID`].
pub const RESTRICTED_CLIENT_SECRET: &str = "restricted-client-secret";
/// The database connection of the sandbox; the only realm that exists.
pub const SANDBOX_CONNECTION: &str = "Username-Password-Authentication";
/// Switches of the sandbox that scenarios set, as its settings control takes them.
pub const SANDBOX_SWITCHES: [&str; 2] = ["recovery_codes", "factor.otp"];
/// An API that is neither the MFA API nor the Management API (MTK-013).
pub const SANDBOX_OTHER_AUDIENCE: &str = "https://api.example.com/";

/// Everything about a tenant that is decided from outside.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which of two recorded behaviours is shown where the sources differ.
    pub profile: Profile,
    /// The seed of everything random; the same seed and the same requests give the same replies.
    pub seed: u64,
    /// The friendly name, which an authenticator app shows.
    pub name: String,
    /// The issuer URL with its trailing slash; without it, `http://{Host}/` of each request.
    pub issuer: Option<String>,
    /// The one database connection.
    pub connection: String,
    /// The applications that may talk to the tenant.
    pub clients: Vec<Client>,
    /// Further API audiences that access tokens are issued for.
    pub audiences: Vec<String>,
    /// Whether recovery codes are made and accepted (a switch of the tenant, `protocol.md` §2.5).
    pub recovery_codes: bool,
    /// The factors that users may enrol.
    pub factors: BTreeSet<Factor>,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// How often things may be done.
    pub buckets: Buckets,
    /// After so many wrong passwords in a row a name is blocked, for [`Lifetimes::block`].
    pub login_failures_max: u32,
    /// So many users are kept; a further one replaces the one who has not logged in for the longest time.
    pub users_max: usize,
    /// What the answer that asks for a second factor tells about the user's factors.
    pub mfa_requirements: MfaRequirements,
    /// Statuses on which the sources differ.
    pub statuses: Statuses,
    /// The defects switched on.
    pub faults: BTreeSet<Fault>,
    /// Changes to replies, made in this order after everything else.
    pub reply_faults: Vec<ReplyFault>,
}

impl Settings {
    /// The faults of both kinds that are switched on, as they are written.
    #[must_use]
    pub fn fault_texts(&self) -> Vec<String> {
        let known = self.faults.iter().map(ToString::to_string);
        known
            .chain(self.reply_faults.iter().map(ToString::to_string))
            .collect()
    }

    /// Switches a fault of either kind on.
    pub fn switch_on(&mut self, fault: AnyFault) {
        match fault {
            AnyFault::Known(fault) => {
                self.faults.insert(fault);
            }
            AnyFault::Reply(fault) => self.reply_faults.push(fault),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: Profile::Observed,
            seed: 0,
            name: "Sandbox".into(),
            issuer: None,
            connection: SANDBOX_CONNECTION.into(),
            clients: vec![
                Client::confidential(SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET)
                    .with_management_api(),
                Client::confidential(OTHER_CLIENT_ID, OTHER_CLIENT_SECRET),
                Client::public(PUBLIC_CLIENT_ID),
                Client::confidential(RESTRICTED_CLIENT_ID, RESTRICTED_CLIENT_SECRET)
                    .without_mfa_grant(),
            ],
            audiences: vec![SANDBOX_OTHER_AUDIENCE.into()],
            recovery_codes: true,
            factors: Factor::ALL.into(),
            lifetimes: Lifetimes::default(),
            buckets: Buckets::default(),
            login_failures_max: 10,
            users_max: 100_000,
            mfa_requirements: MfaRequirements::Absent,
            statuses: Statuses::default(),
            faults: BTreeSet::new(),
            reply_faults: Vec::new(),
        }
    }
}

/// Which behaviour is shown where the vendor's pages and the recordings differ (`protocol.md` §5.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// What the vendor writes.
    Documented,
    /// What the service was recorded doing.
    Observed,
}

impl Profile {
    /// The name in settings and targets.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
        }
    }
}

/// The member `mfa_requirements` of the answer that asks for a second factor, in its recorded shapes (`protocol.md`
/// §1.2). Most tenants have none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MfaRequirements {
    /// No such member.
    Absent,
    /// `challenge`, the types of the user's factors, or `enroll`, those that can be enrolled. Entries of the list then
    /// have a `type` too.
    Types,
    /// `challenge_types`, a list of texts.
    ChallengeTypes,
}

impl MfaRequirements {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Absent, Self::Types, Self::ChallengeTypes];

    /// The name in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Types => "types",
            Self::ChallengeTypes => "challenge_types",
        }
    }
}

/// Statuses on which the sources differ (`protocol.md` §11.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Statuses {
    /// Of the answer that asks for a second factor: 403, or 401 as in the OpenAPI file.
    pub mfa_required: u16,
    /// Of `authorization_pending`: 400, or 403 as in the device flow.
    pub pending: u16,
    /// Of `slow_down`: 429, or 400 as in RFC 8628.
    pub slow_down: u16,
}

impl Default for Statuses {
    fn default() -> Self {
        Self {
            mfa_required: 403,
            pending: 400,
            slow_down: 429,
        }
    }
}

/// A kind of second factor that a tenant can allow or forbid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Factor {
    /// A Guardian phone.
    Push,
    /// An authenticator app.
    Otp,
    /// A code by text message.
    Sms,
    /// A code by telephone.
    Voice,
    /// A code by e-mail.
    Email,
}

impl Factor {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Push, Self::Otp, Self::Sms, Self::Voice, Self::Email];

    /// The name in settings and in target features.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Otp => "otp",
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Email => "email",
        }
    }
}

/// An application registered with the tenant.
#[derive(Clone)]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// Its `client_secret`; a client without one is public.
    pub secret: Option<String>,
    /// Whether the grant type "MFA" is enabled on it.
    pub mfa_grant: bool,
    /// Whether it may get Management API tokens by client credentials.
    pub management_api: bool,
    /// Its public RSA key as a JWK, if it authenticates by assertions that it signs (`private_key_jwt`, RFC 7523 §2.2).
    pub key: Option<serde_json::Value>,
}

impl Client {
    /// A client that authenticates with a secret and may use the MFA grants.
    #[must_use]
    pub fn confidential(id: &str, secret: &str) -> Self {
        Self {
            id: id.into(),
            secret: Some(secret.into()),
            mfa_grant: true,
            management_api: false,
            key: None,
        }
    }

    /// A client that has no secret and may use the MFA grants.
    #[must_use]
    pub fn public(id: &str) -> Self {
        Self {
            id: id.into(),
            secret: None,
            mfa_grant: true,
            management_api: false,
            key: None,
        }
    }

    /// A client that signs assertions with the key of this JWK and may use the MFA grants.
    #[must_use]
    pub fn with_assertions(id: &str, jwk: serde_json::Value) -> Self {
        Self {
            key: Some(jwk),
            ..Self::public(id)
        }
    }

    /// The same client, allowed to manage users.
    #[must_use]
    pub fn with_management_api(self) -> Self {
        Self {
            management_api: true,
            ..self
        }
    }

    /// The same client, not allowed to use the MFA grants.
    #[must_use]
    pub fn without_mfa_grant(self) -> Self {
        Self {
            mfa_grant: false,
            ..self
        }
    }
}

impl fmt::Debug for Client {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = self.secret.as_ref().map(|_| "‹secret›");
        let Self {
            id,
            mfa_grant,
            management_api,
            ..
        } = self;
        write!(
            f,
            "Client({id}, {secret:?}, mfa_grant: {mfa_grant}, management_api: {management_api})"
        )
    }
}

/// How long things live. A thing that lives 300 s is alive at 299.999 s and dead at 300 s.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// The login `mfa_token`.
    pub mfa_token: Duration,
    /// The `oob_code` of a challenge.
    pub oob_code: Duration,
    /// An enrolment: its ticket and its `oob_code`.
    pub enrolment: Duration,
    /// An access token for the audience `{issuer}mfa/`.
    pub management_token: Duration,
    /// Any other access token.
    pub access_token: Duration,
    /// A refresh token.
    pub refresh_token: Duration,
    /// How long a finished or expired transaction is still told apart from one that never was.
    pub remembered: Duration,
    /// How long a name stays blocked after too many wrong passwords. The service blocks for days; here somebody waits.
    pub block: Duration,
    /// How long a user is kept who does not log in.
    pub user: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            mfa_token: Duration::from_secs(600),
            oob_code: Duration::from_secs(300),
            enrolment: Duration::from_secs(300),
            management_token: Duration::from_secs(600),
            access_token: Duration::from_secs(86_400),
            refresh_token: Duration::from_secs(30 * 86_400),
            remembered: Duration::from_secs(900),
            block: Duration::from_secs(900),
            user: Duration::from_secs(86_400),
        }
    }
}

/// A token bucket: `burst` at once, and one more each `refill`.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// How many the full bucket holds.
    pub burst: u32,
    /// After how long one comes back.
    pub refill: Duration,
}

impl Rate {
    /// A bucket of `burst` that gets one back every `refill_s` seconds.
    #[must_use]
    pub const fn new(burst: u32, refill_s: u64) -> Self {
        Self {
            burst,
            refill: Duration::from_secs(refill_s),
        }
    }
}

/// The documented limits (`protocol.md` §7.1).
#[derive(Clone, Copy, Debug)]
pub struct Buckets {
    /// Polls of one transaction.
    pub poll: Rate,
    /// Push notifications to one user.
    pub push: Rate,
    /// Wrong one-time and binding codes of one user.
    pub otp: Rate,
    /// Wrong recovery codes of one user.
    pub recovery: Rate,
    /// Text and voice messages to one user.
    pub sms: Rate,
    /// E-mails to one user.
    pub email: Rate,
    /// Logins under one name, right or wrong.
    pub login: Rate,
}

impl Default for Buckets {
    fn default() -> Self {
        Self {
            poll: Rate::new(12, 5),
            push: Rate::new(5, 12),
            otp: Rate::new(10, 360),
            recovery: Rate::new(10, 360),
            sms: Rate::new(10, 3600),
            email: Rate::new(20, 60),
            login: Rate::new(20, 6),
        }
    }
}
