//! Who the client is: by the body, by HTTP Basic, or by its bare id when it is public (RFC 6749 §2.3).

use data_encoding::BASE64;

use crate::body::{Fields, form_decode};
use crate::call::Call;
use crate::refusals;
use crate::reply::Refusal;
use crate::settings::Client;
use crate::tenant::Tenant;

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

    fn client(
        &self,
        id: &str,
        secret: Option<&str>,
        by_header: bool,
    ) -> Result<ClientKey, Refusal> {
        let client = self.client_named(id).filter(|key| {
            let expected = self.client_settings(*key).secret.as_deref();
            expected.is_none_or(|expected| secret == Some(expected))
        });
        client.ok_or_else(|| refusals::invalid_client(by_header))
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
    Some((form_decode(id).ok()?, form_decode(secret).ok()?))
}
