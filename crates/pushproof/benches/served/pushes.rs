//! Makes users with an enrolled phone and a pending push, as an application would; gives a poll for each.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pushproof_tenant::{
    PUBLIC_CLIENT_ID, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, SANDBOX_CONNECTION,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Connection, FORM, post};

pub(crate) async fn pending(address: &str, pushes: usize, connections: usize) -> Vec<Vec<u8>> {
    let manager = Arc::new(manager(&mut Connection::open(address).await).await);
    let begun = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let (manager, begun, mut connection) = (
            Arc::clone(&manager),
            Arc::clone(&begun),
            Connection::open(address).await,
        );
        tasks.spawn(async move {
            let mut polls = Vec::new();
            loop {
                let n = begun.fetch_add(1, Ordering::Relaxed);
                if n >= pushes {
                    return polls;
                }
                polls.push(push(&mut connection, &manager, n).await);
            }
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

async fn manager(connection: &mut Connection) -> String {
    let body = format!(
        "grant_type=client_credentials&client_id={SANDBOX_CLIENT_ID}&client_secret={SANDBOX_CLIENT_SECRET}&audience=http://localhost/api/v2/"
    );
    text(
        &connection
            .ask(&post("/oauth/token", None, FORM, &body))
            .await
            .body,
        "access_token",
    )
}

/// The poll of a fresh user who has been sent a push.
async fn push(connection: &mut Connection, manager: &str, n: usize) -> Vec<u8> {
    let email = format!("user-{n}@example.com");
    let user = json!({ "connection": SANDBOX_CONNECTION, "email": email, "password": "x" });
    send(connection, "/api/v2/users", Some(manager), &user).await;
    let login =
        format!("grant_type=password&username={email}&password=x&client_id={PUBLIC_CLIENT_ID}");
    let mfa_token = text(
        &connection
            .ask(&post("/oauth/token", None, FORM, &login))
            .await
            .body,
        "mfa_token",
    );
    let types = json!({ "authenticator_types": ["oob"], "oob_channels": ["auth0"] });
    let associated = send(connection, "/mfa/associate", Some(&mfa_token), &types).await;
    let enrol = json!({ "user": email, "action": "enrol", "with": { "barcode_uri": associated["barcode_uri"] } });
    send(connection, "/__control/device", None, &enrol).await;
    let challenge =
        json!({ "client_id": PUBLIC_CLIENT_ID, "mfa_token": mfa_token, "challenge_type": "oob" });
    let challenged = send(connection, "/mfa/challenge", None, &challenge).await;
    let [mfa_token, oob_code] =
        [mfa_token, text(&challenged, "oob_code")].map(|sealed| sealed.replace('*', "%2A"));
    let poll = format!(
        "grant_type=http%3A%2F%2Fauth0.com%2Foauth%2Fgrant-type%2Fmfa-oob&client_id={PUBLIC_CLIENT_ID}&mfa_token={mfa_token}&oob_code={oob_code}"
    );
    post("/oauth/token", None, FORM, &poll)
}

async fn send(
    connection: &mut Connection,
    path: &str,
    bearer: Option<&str>,
    body: &Value,
) -> Value {
    let reply = connection
        .ask(&post(path, bearer, "application/json", &body.to_string()))
        .await;
    assert!(reply.status < 300, "{path}: {}", reply.body);
    reply.body
}

fn text(body: &Value, member: &str) -> String {
    body[member]
        .as_str()
        .unwrap_or_else(|| panic!("no `{member}` in {body}"))
        .to_owned()
}
