//! The tenant itself: what it holds, and the road of a request through it.

use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{Request, Response};

use crate::activity::Activity;
use crate::api::refresh::Refresh;
use crate::attempts::{Attempts, NameKey};
use crate::body::{Fields, Repeated};
use crate::bucket::Bucket;
use crate::call::Call;
use crate::fault::Fault;
use crate::inbox::Inboxes;
use crate::keys::Keys;
use crate::login::Login;
use crate::page;
use crate::refusals;
use crate::reply::{self, Answer, Refusal};
use crate::route::Route;
use crate::seal::{SealHasher, SealId, Sealer};
use crate::settings::Settings;
use crate::shelf::Shelf;
use crate::transaction::{Ticket, Transaction};
use crate::user::Users;

/// So many logins, transactions and tickets are remembered at most; above it the oldest are forgotten.
const REMEMBERED_MAX: usize = 1_000_000;

/// A simulated tenant.
pub struct Tenant {
    pub(crate) settings: Settings,
    pub(crate) keys: Arc<Keys>,
    pub(crate) chance: fastrand::Rng,
    pub(crate) sealer: Sealer,
    pub(crate) users: Users,
    pub(crate) logins: Shelf<SealId, Login, BuildHasherDefault<SealHasher>>,
    pub(crate) transactions: Shelf<SealId, Transaction, BuildHasherDefault<SealHasher>>,
    pub(crate) tickets: Shelf<String, Ticket>,
    pub(crate) refreshes: Shelf<String, Refresh>,
    pub(crate) attempts: Shelf<NameKey, Attempts>,
    /// Push payloads by push token.
    pub(crate) pushes: Inboxes,
    /// Text, voice and e-mail messages by address.
    pub(crate) messages: Inboxes,
    pub(crate) activity: Activity,
    /// How many transactions there have been.
    pub(crate) opened: u64,
    /// The one poll bucket of [`Fault::ThrottledTogether`].
    pub(crate) shared_polls: Bucket,
}

impl Tenant {
    /// A tenant without users. The keys are shared by all tenants of a process, because they are slow to make.
    #[must_use]
    pub fn new(settings: Settings, keys: Arc<Keys>) -> Self {
        let mut chance = fastrand::Rng::with_seed(settings.seed);
        let mut seal_key = [0; 32];
        chance.fill(&mut seal_key);
        Self {
            shared_polls: Bucket::full(settings.buckets.poll, Duration::ZERO),
            settings,
            keys,
            sealer: Sealer::new(&seal_key),
            chance,
            users: Users::default(),
            logins: Shelf::new(REMEMBERED_MAX),
            transactions: Shelf::new(REMEMBERED_MAX),
            tickets: Shelf::new(REMEMBERED_MAX),
            refreshes: Shelf::new(REMEMBERED_MAX),
            attempts: Shelf::new(REMEMBERED_MAX),
            pushes: Inboxes::default(),
            messages: Inboxes::default(),
            activity: Activity::default(),
            opened: 0,
        }
    }

    /// Answers a request at an instant. Never panics, whatever the request; instants that go back are served too, and
    /// give nothing back to the buckets.
    pub fn handle(&mut self, now: SystemTime, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        let (parts, body) = request.into_parts();
        let call = Call::new(self.settings.issuer.as_deref(), now, &parts, &body);
        let route = self.bent_route(Route::find(call.path), call.path);
        if route == Some(Route::Page) && call.method == http::Method::GET {
            return page::served(call.now);
        }
        let voice = route.map_or(reply::Voice::Plain, Route::voice);
        let answer = route
            .ok_or_else(refusals::not_found)
            .and_then(|route| self.serve(&call, route));
        let draft = self.bend_draft(voice, reply::draft(voice, answer));
        let response = self.bend_response(voice, reply::finish(voice, call.now, draft));
        self.bend_by_rules(&call, response)
    }

    fn serve(&mut self, call: &Call<'_>, route: Route<'_>) -> Answer {
        let allow = route.allow();
        if !allow
            .split(", ")
            .any(|method| method == call.method.as_str())
        {
            return Err(self.bent_method_refusal(refusals::method_not_allowed(allow)));
        }
        match route {
            Route::Token => self.token(call),
            Route::Associate => self.associate(call),
            Route::Challenge => self.challenge(call),
            Route::Authenticators => self.list_authenticators(call),
            Route::Authenticator(id) => self.delete_authenticator(call, id),
            Route::Userinfo => self.userinfo(call),
            Route::Jwks => Ok(reply::Reply::ok(self.keys.jwks())),
            Route::Configuration => Ok(reply::Reply::ok(call.configuration())),
            Route::Enrol => self.device_enrols(call),
            Route::Resolve => self.device_answers(call),
            Route::DeviceAccount(id) => self.device_account(call, id),
            Route::Users => self.create_user(call),
            Route::User(id) => self.manage_user(call, id),
            Route::RecoveryRegeneration(id) => self.regenerate_recovery_code(call, id),
            Route::ControlInbox(token) => self.control_inbox(token),
            Route::ControlMessages(address) => self.control_messages(address),
            Route::ControlDevice => self.control_device(call),
            Route::ControlSettings => self.control_settings(call),
            Route::ControlState => self.control_state(call),
            Route::Page => Err(refusals::not_found()), // `handle` has served it
        }
    }

    /// Whether a fault is switched on.
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.settings.faults.contains(&fault)
    }

    /// Reads the body of a call.
    pub(crate) fn fields(&self, call: &Call<'_>) -> Result<Fields, Refusal> {
        let repeated = match self.has(Fault::FirstOfTwoCounts) {
            true => Repeated::FirstCounts,
            false => Repeated::Refused,
        };
        let fields = Fields::read(call.headers, call.body, repeated);
        if fields.is_err() && self.has(Fault::MalformedJsonIs500) {
            return Err(refusals::server_error());
        }
        if self.has(Fault::UnknownMemberRefused) && !call.path.starts_with("/__control/") {
            return fields.and_then(Fields::all_known);
        }
        fields
    }

    /// A fresh name for something sealed.
    pub(crate) fn seal_id(&mut self) -> SealId {
        SealId(self.chance.u128(..))
    }

    /// Random characters of an alphabet.
    pub(crate) fn text(&mut self, alphabet: &[u8], len: usize) -> String {
        (0..len)
            .map(|_| char::from(alphabet[self.chance.usize(..alphabet.len())]))
            .collect()
    }
}

/// Upper- and lower-case letters and digits.
pub(crate) const ALPHANUMERIC: &[u8] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The alphabet of recovery codes (`protocol.md` §6, item 9).
pub(crate) const UPPER_AND_DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Decimal digits.
pub(crate) const DIGITS: &[u8] = b"0123456789";
/// Lower-case hexadecimal digits.
pub(crate) const HEX: &[u8] = b"0123456789abcdef";
