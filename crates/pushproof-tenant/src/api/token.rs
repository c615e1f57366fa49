//! `POST /oauth/token`: which grant it is, and whether the client may use it.

use crate::api::oob::Oob;
use crate::body::Fields;
use crate::call::Call;
use crate::fault::Fault;
use crate::refusals;
use crate::reply::{Answer, Refusal};
use crate::tenant::Tenant;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Grant {
    Password,
    PasswordRealm,
    ClientCredentials,
    RefreshToken,
    MfaOob,
    MfaOtp,
    MfaRecoveryCode,
}

impl Grant {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "password" => Self::Password,
            "http://auth0.com/oauth/grant-type/password-realm" => Self::PasswordRealm,
            "client_credentials" => Self::ClientCredentials,
            "refresh_token" => Self::RefreshToken,
            "http://auth0.com/oauth/grant-type/mfa-oob" => Self::MfaOob,
            "http://auth0.com/oauth/grant-type/mfa-otp" => Self::MfaOtp,
            "http://auth0.com/oauth/grant-type/mfa-recovery-code" => Self::MfaRecoveryCode,
            _ => return None,
        })
    }

    fn is_second_factor(self) -> bool {
        matches!(self, Self::MfaOob | Self::MfaOtp | Self::MfaRecoveryCode)
    }
}

impl Tenant {
    /// An `Authorization: Bearer` header is neither needed nor harmful here (`protocol.md` §0.4, item 1).
    pub(crate) fn token(&mut self, call: &Call<'_>) -> Answer {
        self.bend_request(call)?;
        let fields = self.fields(call)?;
        let grant = fields.required("grant_type")?;
        let client = self.authenticate_client(call, &fields)?;
        let grant = Grant::named(grant).ok_or_else(refusals::unsupported_grant_type)?;
        if grant.is_second_factor() && !self.client_settings(client).mfa_grant {
            return Err(refusals::grant_not_allowed());
        }
        match grant {
            Grant::Password => self.password(call, &fields, client),
            Grant::PasswordRealm => {
                self.check_realm(&fields)?;
                self.password(call, &fields, client)
            }
            Grant::ClientCredentials => self.client_credentials(call, &fields, client),
            Grant::RefreshToken => self.refresh(call, &fields, client),
            Grant::MfaOob => self.mfa_oob(call, client, &Oob::read(&fields)?, &fields),
            Grant::MfaOtp => self.mfa_otp(call, &fields, client),
            Grant::MfaRecoveryCode => self.mfa_recovery_code(call, &fields, client),
        }
    }

    fn check_realm(&self, fields: &Fields) -> Result<(), Refusal> {
        let is_known = fields.required("realm")? == self.settings.connection;
        is_known
            .then_some(())
            .ok_or_else(|| refusals::invalid_request("Unknown or invalid realm."))
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
        if self.has(Fault::RawGrantRefused) && is_raw() {
            return Err(refusals::unsupported_grant_type());
        }
        Ok(())
    }
}
