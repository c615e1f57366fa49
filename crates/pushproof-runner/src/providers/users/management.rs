//! Users by the vendor's Management API: `POST /api/v2/users`, `DELETE /api/v2/users/{id}`.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::rand;
use data_encoding::BASE32_NOPAD;
use http::{Method, Request, Response, StatusCode, header};
use pushproof_report::Secret;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{User, Want};
use crate::providers::hook::{Hook, HookError};
use crate::providers::template::percent_encode;
use crate::target::{Authority, Client};
use crate::transport::Transport;

/// What the endpoint is called from which the token comes. Where it fails, nothing is asked of the API itself.
pub(super) const TOKENS: &str = "management token";

/// Makes and deletes users, with a token that it fetches when it has none that works.
pub(super) struct Management {
    base_url: String,
    users: Hook,
    authority: Held,
    connection: String,
    run: String,
    made: AtomicU64,
}

/// Where the bearer token comes from.
enum Held {
    Token(Secret),
    Client {
        client: Client,
        tokens: Hook,
        token: Mutex<Option<Secret>>,
    },
}

impl Management {
    pub(super) fn new(
        base_url: &str,
        authority: &Authority,
        connection: &str,
        transport: &Transport,
        run: &str,
    ) -> Self {
        let hook = |name, path: &str| Hook::new(name, transport, &format!("{base_url}{path}"));
        let authority = match authority {
            Authority::Token(token) => Held::Token(token.clone()),
            Authority::Client(client) => Held::Client {
                client: client.clone(),
                tokens: hook(TOKENS, "/oauth/token"),
                token: Mutex::new(None),
            },
        };
        Self {
            base_url: base_url.to_owned(),
            users: hook("Management API", "/api/v2/users"),
            authority,
            connection: connection.to_owned(),
            run: run.to_owned(),
            made: AtomicU64::new(0),
        }
    }

    pub(super) async fn secrets(&self) -> Vec<(&'static str, Secret)> {
        const TOKEN: &str = "management_token";
        match &self.authority {
            Held::Token(token) => vec![(TOKEN, token.clone())],
            Held::Client { client, token, .. } => {
                let token = token.lock().await.clone().map(|token| (TOKEN, token));
                let own = client
                    .secret
                    .clone()
                    .map(|secret| ("client_secret", secret));
                own.into_iter().chain(token).collect()
            }
        }
    }

    pub(super) async fn create(&self, want: Want) -> Result<User, HookError> {
        self.create_named(want).await.0
    }

    /// With the name under which somebody was made, or may have been.
    pub(super) async fn create_named(&self, want: Want) -> (Result<User, HookError>, String) {
        let n = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        let email = format!("pushproof-{}-{n}@example.com", self.run);
        (self.create_as(&email, n, want).await, email)
    }

    async fn create_as(&self, email: &str, n: u64, want: Want) -> Result<User, HookError> {
        let password = password();
        let body = json!({
            "connection": self.connection,
            "email": email,
            "password": password.reveal(),
            "email_verified": want.email_verified,
        });
        let url = format!("{}/api/v2/users", self.base_url);
        let response = self.call(&Method::POST, &url, Some(&body)).await?;
        let answer = self.users.json(&Method::POST, &response)?;
        let id = answer.get("user_id").and_then(Value::as_str);
        let id = id.ok_or_else(|| {
            self.users
                .nonsense(&Method::POST, "answered a user without `user_id`")
        })?;
        Ok(User {
            id: Some(id.to_owned()),
            username: email.to_owned(),
            password,
            email: Some(email.to_owned()),
            phone: want.phone.then(|| made_up_number(n)),
            email_verified: Some(want.email_verified),
            is_leased: false,
            created: None,
        })
    }

    pub(super) async fn delete(&self, user: &User) -> Result<(), HookError> {
        let Some(id) = &user.id else { return Ok(()) };
        let url = format!("{}/api/v2/users/{}", self.base_url, percent_encode(id));
        match self.call(&Method::DELETE, &url, None).await {
            // Somebody else was quicker, perhaps the scenario itself: what was to be undone is undone.
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(()),
            result => result.map(drop),
        }
    }

    /// One call with the bearer token; a token of our own that has run out is replaced once.
    async fn call(
        &self,
        method: &Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Response<Vec<u8>>, HookError> {
        let token = self.token(None).await?;
        let first = self.call_with(&token, method, url, body).await;
        match &first {
            Err(error)
                if error.status() == Some(StatusCode::UNAUTHORIZED)
                    && matches!(self.authority, Held::Client { .. }) =>
            {
                let token = self.token(Some(&token)).await?;
                self.call_with(&token, method, url, body).await
            }
            Ok(_) | Err(_) => first,
        }
    }

    async fn call_with(
        &self,
        token: &Secret,
        method: &Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Response<Vec<u8>>, HookError> {
        let mut request = Request::builder().method(method).uri(url);
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()));
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body
            .map(|body| body.to_string().into_bytes())
            .unwrap_or_default();
        self.users.succeed(request.body(body)).await
    }

    /// The token that is held, or a new one if there is none, or if the one held is `refused`.
    async fn token(&self, refused: Option<&Secret>) -> Result<Secret, HookError> {
        let (client, tokens, held) = match &self.authority {
            Held::Token(token) => return Ok(token.clone()),
            Held::Client {
                client,
                tokens,
                token,
            } => (client, tokens, token),
        };
        // The lock is held while the token is fetched, so that many cases that start together fetch one.
        let mut held = held.lock().await;
        match &*held {
            Some(token) if Some(token) != refused => Ok(token.clone()),
            Some(_) | None => {
                let token = self.fetch_token(client, tokens).await?;
                Ok(held.insert(token).clone())
            }
        }
    }

    async fn fetch_token(&self, client: &Client, tokens: &Hook) -> Result<Secret, HookError> {
        let body = json!({
            "grant_type": "client_credentials",
            "client_id": client.id,
            "client_secret": client.secret.as_ref().map(Secret::reveal),
            "audience": format!("{}/api/v2/", self.base_url),
        });
        let response = tokens.post(&body).await?;
        let answer = tokens.json(&Method::POST, &response)?;
        let token = answer.get("access_token").and_then(Value::as_str);
        token
            .map(Secret::new)
            .ok_or_else(|| tokens.nonsense(&Method::POST, "answered without `access_token`"))
    }
}

/// Random, and with a character of every class that a password policy may ask for.
fn password() -> Secret {
    let mut bytes = [0; 15];
    rand::fill(&mut bytes).expect("the system has randomness");
    Secret::new(format!("aA1!{}", BASE32_NOPAD.encode(&bytes)))
}

/// A number that belongs to nobody: the line numbers 555-0100 to 555-0199 of any area are kept for fiction.
fn made_up_number(n: u64) -> String {
    format!("+1{}55501{:02}", 201 + n / 100 % 700, n % 100)
}
