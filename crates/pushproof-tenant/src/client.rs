//! Who the client is: by the body, by HTTP Basic, by an assertion that it signed, or by its bare id when it is public
//! (RFC 6749 §2.3, RFC 7523).

use data_encoding::BASE64;

use crate::bearer::is_for;
use crate::body::Fields;
use crate::call::Call;
use crate::fault::Fault;
use crate::jwt::{Jwt, RsaKey};
use crate::percent::form_decode;
use crate::refusals;
use crate::reply::Refusal;
use crate::settings::Client;
use crate::tenant::Tenant;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client of the settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ClientKey(usize);

impl Tenant {
    /// The client of a request that must name one.
    pub(crate) fn authenticate_client(
        &self,
        call: &Call<'_>,
        fields: &Fields,
    ) -> Result<ClientKey, Refusal> {
        if fields.text("client_assertion_type")? == Some(ASSERTION_TYPE) {
            return self.client_by_assertion(call, fields);
        }
        match call.credentials("Basic") {
            Some(credentials) => {
                let (id, secret) =
                    basic(credentials).ok_or_else(|| refusals::invalid_client(true))?;
                if fields.text("client_id")?.is_some_and(|other| other != id) {
                    return Err(refusals::invalid_request(
                        "The client is named in two ways that differ.",
                    ));
                }
                self.client(&id, Some(&secret), true)
            }
            None => self.client(
                fields.required("client_id")?,
                fields.text("client_secret")?,
                false,
            ),
        }
    }

    /// The client of a request that may leave it out; what is said must be true.
    pub(crate) fn optional_client(&self, fields: &Fields) -> Result<Option<ClientKey>, Refusal> {
        let Some(id) = fields.text("client_id")? else {
            return Ok(None);
        };
        let secret = fields.text("client_secret")?;
        match self.client_named(id) {
            Some(client) if secret.is_none() => Ok(Some(client)),
            _ => self.client(id, secret, false).map(Some),
        }
    }

    /// The client that signed an assertion for this tenant (RFC 7523 §3).
    fn client_by_assertion(&self, call: &Call<'_>, fields: &Fields) -> Result<ClientKey, Refusal> {
        let jwt = Jwt::parse(fields.required("client_assertion")?);
        let jwt = jwt.ok_or_else(|| refusals::invalid_client(false))?;
        let id = jwt.claims["iss"].as_str().unwrap_or_default();
        let client = self.client_named(id).filter(|key| {
            let key = self.client_settings(*key).key.as_ref();
            let key = key.and_then(|jwk| RsaKey::from_jwk(jwk).ok());
            let is_here = |audience: &str| is_for(&jwt.claims, audience);
            key.is_some_and(|key| jwt.alg() == Some("RS256") && jwt.is_signed_by(&key))
                && jwt.claims["sub"] == *id
                && (is_here(&call.issuer()) || is_here(&call.url("oauth/token")))
                && jwt.claims["exp"]
                    .as_f64()
                    .is_some_and(|exp| call.now.as_secs_f64() < exp)
        });
        if fields.text("client_id")?.is_some_and(|other| other != id) {
            return Err(refusals::invalid_client(false));
        }
        client.ok_or_else(|| refusals::invalid_client(false))
    }

    fn client(
        &self,
        id: &str,
        secret: Option<&str>,
        by_header: bool,
    ) -> Result<ClientKey, Refusal> {
        let client = self.client_named(id).filter(|key| {
            let client = self.client_settings(*key);
            match &client.secret {
                Some(expected) => secret == Some(expected),
                None => client.key.is_none(),
            }
        });
        client.ok_or_else(|| self.bent_client_refusal(by_header))
    }

    /// A wrong client is 401 (PWD-012), and told the scheme if it used a header (HTTP-009), but for two faults.
    fn bent_client_refusal(&self, by_header: bool) -> Refusal {
        if self.has(Fault::WrongSecretIs403) {
            return refusals::grant_not_allowed();
        }
        refusals::invalid_client(by_header && !self.has(Fault::HeaderUnchallenged))
    }

    pub(crate) fn client_named(&self, id: &str) -> Option<ClientKey> {
        self.settings
            .clients
            .iter()
            .position(|client| client.id == id)
            .map(ClientKey)
    }

    pub(crate) fn client_settings(&self, ClientKey(index): ClientKey) -> &Client {
        &self.settings.clients[index]
    }
}

fn basic(credentials: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64.decode(credentials.as_bytes()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decode(id.as_bytes())?, form_decode(secret.as_bytes())?))
}
