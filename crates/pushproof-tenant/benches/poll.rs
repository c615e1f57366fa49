//! What one poll costs the tenant while the push is unanswered: the path that load lives on. The goal is 15 µs.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http::{Request, Response};
use pushproof_tenant::{
    Keys, PUBLIC_CLIENT_ID, Rate, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, Settings, Tenant,
};
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

fn post(
    path: &str,
    media_type: &str,
    bearer: Option<&str>,
    body: impl Into<Vec<u8>>,
) -> Request<Vec<u8>> {
    let mut request = Request::post(path)
        .header("host", "localhost")
        .header("content-type", media_type);
    if let Some(bearer) = bearer {
        request = request.header("authorization", format!("Bearer {bearer}"));
    }
    request.body(body.into()).expect("the parts are sound")
}

fn body(reply: &Response<Vec<u8>>) -> Value {
    serde_json::from_slice(reply.body()).expect("the tenant speaks JSON")
}

fn text(value: &Value) -> String {
    value.as_str().expect("the member is a text").to_owned()
}

/// A tenant whose approved transaction can be redeemed again and again, and the poll that redeems it.
fn approved() -> (Tenant, SystemTime, Request<Vec<u8>>) {
    let (mut tenant, now, poll) = pending(1);
    let switches = json!({ "faults": ["DEF-016", "DEF-039"] }).to_string();
    tenant.handle(
        now,
        post("/__control/settings", "application/json", None, switches),
    );
    (tenant, now, poll)
}

/// A tenant with some users, and the poll of one who has begun to enrol a phone.
fn pending(users: u32) -> (Tenant, SystemTime, Request<Vec<u8>>) {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let mut settings = Settings::default();
    settings.buckets.poll = Rate::new(u32::MAX, 5);
    let mut tenant = Tenant::new(settings, Keys::generate());
    let manager = format!(
        "grant_type=client_credentials&client_id={SANDBOX_CLIENT_ID}&client_secret={SANDBOX_CLIENT_SECRET}\
        &audience=http://localhost/api/v2/"
    );
    let manager =
        text(&body(&tenant.handle(now, post("/oauth/token", FORM, None, manager)))["access_token"]);
    let mut poll = None;
    for n in 0..users {
        let user = json!({ "connection": "Username-Password-Authentication", "email": format!("u{n}@example.com"),
            "password": "x" });
        tenant.handle(
            now,
            post(
                "/api/v2/users",
                "application/json",
                Some(&manager),
                user.to_string(),
            ),
        );
        let login = format!(
            "grant_type=password&username=u{n}@example.com&password=x&client_id={PUBLIC_CLIENT_ID}"
        );
        let mfa_token =
            text(&body(&tenant.handle(now, post("/oauth/token", FORM, None, login)))["mfa_token"]);
        let push = json!({ "authenticator_types": ["oob"], "oob_channels": ["auth0"] }).to_string();
        let begun = tenant.handle(
            now,
            post("/mfa/associate", "application/json", Some(&mfa_token), push),
        );
        let oob_code = text(&body(&begun)["oob_code"]);
        poll = Some(format!(
            "grant_type=http%3A%2F%2Fauth0.com%2Foauth%2Fgrant-type%2Fmfa-oob&client_id={PUBLIC_CLIENT_ID}\
            &mfa_token={}&oob_code={}",
            mfa_token.replace('*', "%2A"),
            oob_code.replace('*', "%2A"),
        ));
    }
    let poll = post(
        "/oauth/token",
        FORM,
        None,
        poll.expect("there is at least one user"),
    );
    (tenant, now, poll)
}

fn bench(c: &mut Criterion) {
    for users in [1, 10_000] {
        let (mut tenant, now, poll) = pending(users);
        let reply = tenant.handle(now, poll.clone());
        assert_eq!(body(&reply)["error"], "authorization_pending");
        c.bench_function(&format!("pending poll, {users} users"), |b| {
            b.iter_batched(
                || poll.clone(),
                |poll| black_box(tenant.handle(now, poll)),
                BatchSize::SmallInput,
            );
        });
    }
}

/// What the tokens cost beside it: nearly all of it is one RSA signature.
fn bench_tokens(c: &mut Criterion) {
    let (mut tenant, now, poll) = approved();
    assert!(body(&tenant.handle(now, poll.clone()))["access_token"].is_string());
    c.bench_function("poll that gets tokens", |b| {
        b.iter_batched(
            || poll.clone(),
            |poll| black_box(tenant.handle(now, poll)),
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, bench, bench_tokens);
criterion_main!(benches);
