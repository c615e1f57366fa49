//! `POST /mfa/associate`: begins the enrolment of a factor (`protocol.md` §2).

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::authenticator::{Authenticator, BegunWith, Channel, DeviceId, Kind};
use crate::bearer::Bearer;
use crate::body::Fields;
use crate::call::Call;
use crate::fault::Fault;
use crate::percent::percent_encode;
use crate::refusals;
use crate::reply::{Answer, Refusal, Reply};
use crate::settings::Factor;
use crate::tenant::{ALPHANUMERIC, Tenant};
use crate::totp::TotpSecret;
use crate::transaction::{BegunBy, Opening, Ticket};
use crate::user::UserKey;

/// A user has at most so many factors that wait for confirmation; a further one replaces the oldest.
const UNCONFIRMED_MAX: usize = 24;

/// The factor that a request asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Wanted {
    Push,
    Otp,
    Phone(Channel, String),
    /// Without an address: that of the profile.
    Email(Option<String>),
}

impl Wanted {
    fn read(fields: &Fields, is_number: NumberRule) -> Result<Self, Refusal> {
        let types = fields
            .texts("authenticator_types")?
            .ok_or_else(|| refusals::missing("authenticator_types"))?;
        match types[..] {
            ["otp"] => Ok(Self::Otp),
            ["oob"] => Self::read_channel(fields, is_number),
            _ => Err(refusals::invalid_request(
                "authenticator_types must be [\"oob\"] or [\"otp\"]",
            )),
        }
    }

    fn read_channel(fields: &Fields, is_number: NumberRule) -> Result<Self, Refusal> {
        let channels = fields
            .texts("oob_channels")?
            .ok_or_else(|| refusals::missing("oob_channels"))?;
        match channels[..] {
            ["auth0"] => Ok(Self::Push),
            ["sms"] => {
                phone_number(fields, is_number).map(|number| Self::Phone(Channel::Sms, number))
            }
            ["voice"] => {
                phone_number(fields, is_number).map(|number| Self::Phone(Channel::Voice, number))
            }
            ["email"] => email_address(fields).map(Self::Email),
            _ => Err(refusals::invalid_request(
                "oob_channels must name one of auth0, sms, voice, email",
            )),
        }
    }

    fn factor(&self) -> Factor {
        match self {
            Self::Push => Factor::Push,
            Self::Otp => Factor::Otp,
            Self::Phone(Channel::Voice, _) => Factor::Voice,
            Self::Phone(..) => Factor::Sms,
            Self::Email(_) => Factor::Email,
        }
    }
}

/// Tells whether a text can be a phone number.
type NumberRule = fn(&str) -> bool;

/// The form of E.164.
fn is_e164(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}

fn phone_number(fields: &Fields, is_number: NumberRule) -> Result<String, Refusal> {
    let number = fields.required("phone_number")?;
    if is_number(number) {
        Ok(number.into())
    } else {
        Err(refusals::invalid_request(
            "phone_number must be in E.164 form",
        ))
    }
}

fn email_address(fields: &Fields) -> Result<Option<String>, Refusal> {
    match fields.text("email")? {
        Some(address) if !address.contains('@') => {
            Err(refusals::invalid_request("email must be an address"))
        }
        address => Ok(address.map(Into::into)),
    }
}

impl Tenant {
    pub(crate) fn associate(&mut self, call: &Call<'_>) -> Answer {
        let bearer = self
            .bearer(call, "enroll")
            .map_err(|refusal| self.bent_bearer_refusal(refusal))?;
        let fields = self.fields(call)?;
        self.check_optional_client(&bearer, &fields)?;
        let wanted = Wanted::read(&fields, self.number_rule())
            .and_then(|wanted| self.admit(&bearer, &wanted).map(|()| wanted));
        match wanted {
            Ok(wanted) => self.begin_enrolment(call, &bearer, wanted),
            Err(refusal) => {
                if self.has(Fault::RefusedAssociationCreates) {
                    self.add_otp(bearer.user(), bearer.begun_with());
                }
                Err(refusal)
            }
        }
    }

    /// Client credentials may be left out (ASSOC-011); those given must be right and the token's own.
    fn check_optional_client(&self, bearer: &Bearer, fields: &Fields) -> Result<(), Refusal> {
        let Some(client) = self.optional_client(fields)? else {
            return Ok(());
        };
        let is_tokens_own = self.client_settings(client).id == bearer.client_id();
        if is_tokens_own || self.has(Fault::MfaTokenOfAnyClient) {
            Ok(())
        } else {
            Err(refusals::other_clients_mfa_token())
        }
    }

    /// Whoever has only passed the first factor may add a factor only while none is active (ASSOC-004, ASSOC-006).
    fn admit(&self, bearer: &Bearer, wanted: &Wanted) -> Result<(), Refusal> {
        let user = self
            .users
            .get(bearer.user())
            .ok_or_else(refusals::invalid_bearer)?;
        let is_on = self.settings.factors.contains(&wanted.factor());
        if !is_on && !self.has(Fault::DisabledFactorEnrols) {
            return Err(refusals::factor_disabled());
        }
        let has_begun = user.authenticators.iter().any(Authenticator::is_factor);
        let is_enrolled = (user.is_enrolled() && !self.has(Fault::EnrolledMayAssociate))
            || (has_begun && self.has(Fault::SecondAssociationRefused));
        if bearer.begun_with() == BegunWith::Login && is_enrolled {
            return Err(refusals::already_enrolled());
        }
        Ok(())
    }

    fn begin_enrolment(&mut self, call: &Call<'_>, bearer: &Bearer, wanted: Wanted) -> Answer {
        self.make_room(bearer.user());
        let mut body = match wanted {
            Wanted::Push => self.begin_push(call, bearer),
            Wanted::Otp => self.begin_otp(bearer),
            Wanted::Phone(channel, number) => {
                self.begin_prompted(call.now, bearer, channel, number)?
            }
            Wanted::Email(address) => {
                let profile = self.users.get(bearer.user()).map(|user| user.email.clone());
                let address = address.or(profile).unwrap_or_default();
                self.begin_prompted(call.now, bearer, Channel::Email, address)?
            }
        };
        if let Some(code) = self.first_recovery_code(bearer.user()) {
            body.insert("recovery_codes".into(), json!([code]));
        }
        if self.has(Fault::AssociationSilent) {
            body.shift_remove("authenticator_type");
        }
        Ok(Reply::ok(body))
    }

    /// What a phone number must look like (SMS-001), but for [`Fault::AnyNumberTaken`].
    fn number_rule(&self) -> NumberRule {
        if self.has(Fault::AnyNumberTaken) {
            |_| true
        } else {
            is_e164
        }
    }

    /// A bad bearer is 401 (ASSOC-001), but for [`Fault::BadBearerIs400`].
    fn bent_bearer_refusal(&self, refusal: Refusal) -> Refusal {
        let status = if self.has(Fault::BadBearerIs400) {
            400
        } else {
            refusal.status
        };
        Refusal { status, ..refusal }
    }

    fn begin_push(&mut self, call: &Call<'_>, bearer: &Bearer) -> Map<String, Value> {
        let user = bearer.user();
        let device = self.add_push(user, bearer.begun_with());
        let opening = Opening {
            user,
            login: bearer.login(),
            device: device.clone(),
            begun_by: BegunBy::Enrolment,
            binding_code: None,
        };
        let (transaction, oob_code) = self.open(call.now, opening);
        let ticket = self.add_ticket(call.now, user, device, transaction);
        let base_url = percent_encode(&call.url("appliance-mfa"));
        let label = self.label(user);
        let mut barcode_uri = format!("otpauth://totp/{label}?enrollment_tx_id={ticket}");
        if !self.has(Fault::BarcodeWithoutBase) {
            barcode_uri += &format!("&base_url={base_url}");
        }
        let channel = if self.has(Fault::PluralChannel) {
            "oob_channels"
        } else {
            "oob_channel"
        };
        let mut body = Map::new();
        body.insert("authenticator_type".into(), json!("oob"));
        body.insert("barcode_uri".into(), json!(barcode_uri));
        body.insert(channel.into(), json!("auth0"));
        body.insert("oob_code".into(), json!(oob_code));
        self.bend_push_answer(&mut body);
        body
    }

    /// The push and its OTP sibling, both waiting for the phone (`protocol.md` §2.3, item 4).
    fn add_push(&mut self, user: UserKey, begun_with: BegunWith) -> DeviceId {
        let device = self.device_id();
        let sibling = (!self.has(Fault::NoOtpSibling)).then(|| self.device_id());
        self.add(
            user,
            device.clone(),
            Kind::Push(None),
            sibling.clone(),
            begun_with,
        );
        if let Some(sibling) = sibling {
            let kind = Kind::Totp {
                secret: self.totp_secret(),
                used_step: None,
            };
            self.add(user, sibling, kind, Some(device.clone()), begun_with);
        }
        device
    }

    fn add_ticket(
        &mut self,
        now: Duration,
        user: UserKey,
        device: DeviceId,
        transaction: crate::seal::SealId,
    ) -> String {
        let text = self.text(ALPHANUMERIC, 32);
        let lifetimes = &self.settings.lifetimes;
        let expires = now + lifetimes.enrolment;
        let leaves_at = expires + lifetimes.remembered;
        let ticket = Ticket {
            user,
            device,
            transaction,
            expires,
            used: false,
        };
        self.tickets.put(now, text.clone(), ticket, leaves_at);
        text
    }

    fn begin_otp(&mut self, bearer: &Bearer) -> Map<String, Value> {
        let secret = self.add_otp(bearer.user(), bearer.begun_with()).base32();
        let (label, issuer) = (
            self.label(bearer.user()),
            percent_encode(&self.settings.name),
        );
        let barcode_uri = format!(
            "otpauth://totp/{label}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
        );
        let mut body = Map::new();
        body.insert("authenticator_type".into(), json!("otp"));
        body.insert("secret".into(), json!(secret));
        body.insert("barcode_uri".into(), json!(barcode_uri));
        body
    }

    fn add_otp(&mut self, user: UserKey, begun_with: BegunWith) -> TotpSecret {
        let (device, secret) = (self.device_id(), self.totp_secret());
        self.add(
            user,
            device,
            Kind::Totp {
                secret,
                used_step: None,
            },
            None,
            begun_with,
        );
        secret
    }

    pub(crate) fn add(
        &mut self,
        user: UserKey,
        device: DeviceId,
        kind: Kind,
        sibling: Option<DeviceId>,
        begun_with: BegunWith,
    ) {
        let active = self.has(Fault::ActiveBeforeConfirmation);
        if let Some(user) = self.users.get_mut(user) {
            user.authenticators.push(Authenticator {
                device,
                kind,
                active,
                sibling,
                begun_with,
            });
        }
    }

    /// Lets the oldest unconfirmed factor go when there are too many.
    fn make_room(&mut self, owner: UserKey) {
        let Some(user) = self.users.get(owner) else {
            return;
        };
        let unconfirmed = || {
            user.authenticators
                .iter()
                .filter(|one| one.is_factor() && !one.active)
        };
        if unconfirmed().count() >= UNCONFIRMED_MAX
            && let Some(oldest) = unconfirmed().next().map(|one| one.device.clone())
        {
            self.users.remove_device(owner, &oldest, true);
        }
    }

    /// The label of a `barcode_uri`: the tenant and the user.
    fn label(&self, user: UserKey) -> String {
        let email = self.users.get(user).map_or("", |user| &user.email);
        format!(
            "{}:{}",
            percent_encode(&self.settings.name),
            percent_encode(email)
        )
    }

    pub(crate) fn device_id(&mut self) -> DeviceId {
        DeviceId(format!("dev_{}", self.text(ALPHANUMERIC, 16)).into())
    }

    fn totp_secret(&mut self) -> TotpSecret {
        let mut secret = [0; 20];
        if !self.has(Fault::OneSeedForAll) {
            self.chance.fill(&mut secret);
        }
        TotpSecret(secret)
    }

    /// Push answers have no binding method, but for [`Fault::PushBindingMethod`].
    pub(crate) fn bend_push_answer(&self, body: &mut Map<String, Value>) {
        if self.has(Fault::PushBindingMethod) {
            body.insert("binding_method".into(), json!("prompt"));
        }
    }
}
