//! `POST /oauth/token`: which grant it is, and whether the client may use it.

use std::time::Duration;

use crate::api::oob::Oob;
use crate::body::Fields;
use crate::call::Call;
use crate::client::ClientKey;
use crate::fault::Fault;
use crate::refusals;
use crate::reply::{Answer, Refusal};
use crate::seal::Sealer;
use crate::tenant::Tenant;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Grant {
    Password,
    PasswordRealm,
    ClientCredentials,
    RefreshToken,
    /// What needs the grant type "MFA" on the client.
    SecondFactor(Proof),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Oob,
    Otp,
    RecoveryCode,
}

impl Grant {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "password" => Self::Password,
            "http://auth0.com/oauth/grant-type/password-realm" => Self::PasswordRealm,
            "client_credentials" => Self::ClientCredentials,
            "refresh_token" => Self::RefreshToken,
            "http://auth0.com/oauth/grant-type/mfa-oob" => Self::SecondFactor(Proof::Oob),
            "http://auth0.com/oauth/grant-type/mfa-otp" => Self::SecondFactor(Proof::Otp),
            "http://auth0.com/oauth/grant-type/mfa-recovery-code" => {
                Self::SecondFactor(Proof::RecoveryCode)
            }
            _ => return None,
        })
    }
}

impl Proof {
    /// The last part of the grant type.
    fn name(self) -> &'static str {
        match self {
            Self::Oob => "mfa-oob",
            Self::Otp => "mfa-otp",
            Self::RecoveryCode => "mfa-recovery-code",
        }
    }
}

impl Tenant {
    /// An `Authorization: Bearer` header is neither needed nor harmful here (`protocol.md` §0.4, item 1).
    pub(crate) fn token(&mut self, call: &Call<'_>) -> Answer {
        self.bend_request(call)?;
        let fields = self.fields(call)?;
        let grant = fields.required("grant_type")?;
        let client = self.authenticate_client(call, &fields)?;
        match Grant::named(grant).ok_or_else(refusals::unsupported_grant_type)? {
            Grant::Password if self.bent_login(call) => Err(refusals::missing("grant_type")),
            Grant::Password => self.password(call, &fields, client),
            Grant::PasswordRealm => {
                self.check_realm(&fields)?;
                self.password(call, &fields, client)
            }
            Grant::ClientCredentials => self.client_credentials(call, &fields, client),
            Grant::RefreshToken => self.refresh(call, &fields, client),
            Grant::SecondFactor(proof) => {
                let answer = self.second_factor(proof, call, &fields, client);
                self.note_poll(call.now, proof, &fields, &answer);
                answer
            }
        }
    }

    fn second_factor(
        &mut self,
        proof: Proof,
        call: &Call<'_>,
        fields: &Fields,
        client: ClientKey,
    ) -> Answer {
        if !self.client_settings(client).mfa_grant {
            return Err(refusals::grant_not_allowed());
        }
        match proof {
            Proof::Oob => self.mfa_oob(call, client, &Oob::read(fields)?, fields),
            Proof::Otp => self.mfa_otp(call, fields, client),
            Proof::RecoveryCode => self.mfa_recovery_code(call, fields, client),
        }
    }

    fn note_poll(&mut self, now: Duration, proof: Proof, fields: &Fields, answer: &Answer) {
        let mfa_token = fields.text("mfa_token").ok().flatten();
        let login = mfa_token.and_then(Sealer::claimed);
        let login = login.and_then(|id| self.logins.get(&id));
        let user = login.map(|login| login.user);
        self.activity.note(now, proof.name(), user, answer);
    }

    fn check_realm(&self, fields: &Fields) -> Result<(), Refusal> {
        let is_known = fields.required("realm")? == self.settings.connection;
        is_known
            .then_some(())
            .ok_or_else(|| refusals::invalid_request("Unknown or invalid realm."))
    }

    /// A login may be sent as JSON (PWD-008), but for [`Fault::LoginReadsFormsOnly`].
    fn bent_login(&self, call: &Call<'_>) -> bool {
        self.has(Fault::LoginReadsFormsOnly) && !Fields::is_form(call.headers)
    }

    /// Faults that lie in what the endpoint refuses to read.
    fn bend_request(&self, call: &Call<'_>) -> Result<(), Refusal> {
        if self.has(Fault::BearerOnPollRefused) && call.credentials("Bearer").is_some() {
            return Err(refusals::invalid_bearer());
        }
        let is_raw = || {
            call.body
                .windows(24)
                .any(|part| part == b"grant_type=http://auth0.")
        };
        let is_encoded = || {
            call.body
                .windows(24)
                .any(|part| part.eq_ignore_ascii_case(b"grant_type=http%3A%2F%2F"))
        };
        if self.has(Fault::GrantNotDecoded) && is_encoded() {
            return Err(refusals::unsupported_grant_type());
        }
        if self.has(Fault::RawGrantRefused) && is_raw() {
            return Err(refusals::unsupported_grant_type());
        }
        Ok(())
    }
}
