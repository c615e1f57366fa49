//! The grant `client_credentials`: a token of the Management API for a client that may have one.

use serde_json::json;

use crate::body::Fields;
use crate::call::Call;
use crate::client::ClientKey;
use crate::refusals;
use crate::reply::{Answer, Reply};
use crate::tenant::Tenant;

const MANAGEMENT_SCOPES: &str = "create:users read:users update:users delete:users";

impl Tenant {
    pub(crate) fn client_credentials(
        &mut self,
        call: &Call<'_>,
        fields: &Fields,
        client: ClientKey,
    ) -> Answer {
        let audience = fields.required("audience")?;
        let client = self.client_settings(client);
        if !client.management_api || client.secret.is_none() {
            return Err(refusals::grant_not_allowed());
        }
        if audience.trim_end_matches('/') != call.url("api/v2") {
            return Err(refusals::invalid_request(
                "invalid audience specified for client credentials exchange",
            ));
        }
        let lifetime = self.settings.lifetimes.access_token;
        let access = self.keys.sign(&json!({
            "iss": call.issuer(), "sub": format!("{}@clients", client.id), "aud": call.url("api/v2/"),
            "iat": call.now.as_secs(), "exp": (call.now + lifetime).as_secs(),
            "scope": MANAGEMENT_SCOPES, "azp": client.id, "gty": "client-credentials",
        }));
        Ok(Reply::ok(
            json!({ "access_token": access, "scope": MANAGEMENT_SCOPES,
            "expires_in": lifetime.as_secs(), "token_type": "Bearer" }),
        ))
    }
}
