//! The options of `serve`: what an application under test is configured by.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use http::Request;
use pushproof_tenant::{SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET};
use serde_json::Value;
use tokio::process::Command;

use crate::run::{run, tell_skipped, text};
use crate::sandbox::Sandbox;

const USAGE_LIMIT: Duration = Duration::from_secs(60);

/// A request for a Management API token, from an application that reaches the tenant as `origin`.
fn token_request(origin: &str) -> String {
    format!(
        r#"{{"grant_type":"client_credentials","client_id":"{SANDBOX_CLIENT_ID}","client_secret":"{SANDBOX_CLIENT_SECRET}","audience":"{origin}/api/v2/"}}"#
    )
}

/// Which issuer the sandbox is, by its discovery document, and whether it issues tokens for itself under that name.
async fn issuer(sandbox: &Sandbox, headers: &[(&str, &str)]) -> String {
    let with_headers = |mut request: http::request::Builder| {
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request
    };
    let discovery = with_headers(Request::get(
        sandbox.url("/.well-known/openid-configuration"),
    ));
    let (_, body) = sandbox.ask(discovery, "").await;
    let document: Value = serde_json::from_str(&body).unwrap();
    let issuer = document["issuer"].as_str().unwrap();
    let origin = issuer.strip_suffix('/').unwrap();
    assert_eq!(document["token_endpoint"], format!("{origin}/oauth/token"));
    let token = with_headers(Request::post(sandbox.url("/oauth/token")))
        .header("content-type", "application/json");
    let (status, _) = sandbox.ask(token, &token_request(origin)).await;
    assert_eq!(status, 200);
    issuer.replace(&sandbox.host, "localhost:[port]")
}

#[tokio::test]
async fn the_issuer_is_the_address_or_what_was_said() {
    let forwarded = &[
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "proxy.example.com"),
    ];
    let mut lines = Vec::new();
    for args in [
        &[][..],
        &["--issuer", "https://tenant.example.com/"],
        &["--trust-forwarded"],
    ] {
        let sandbox = Sandbox::start(args).await;
        let (plain, behind) = (
            issuer(&sandbox, &[]).await,
            issuer(&sandbox, forwarded).await,
        );
        lines.push(format!(
            "{}: {plain}, behind a proxy {behind}",
            args.join(" ")
        ));
    }
    insta::assert_snapshot!(lines.join("\n"), @"
    : https://localhost:[port]/, behind a proxy https://localhost:[port]/
    --issuer https://tenant.example.com/: https://tenant.example.com/, behind a proxy https://tenant.example.com/
    --trust-forwarded: https://localhost:[port]/, behind a proxy https://proxy.example.com/
    ");
}

#[tokio::test]
async fn the_access_log_names_no_secret_and_no_id() {
    let sandbox =
        Sandbox::start(&["--access-log", "--allow-origin", "http://localhost:3000"]).await;
    let origin = sandbox.url("");
    let token = Request::post(sandbox.url("/oauth/token?code=query-secret"))
        .header("content-type", "application/json");
    let (_, body) = sandbox.ask(token, &token_request(&origin)).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let bearer = format!("Bearer {}", body["access_token"].as_str().unwrap());
    let user = Request::get(sandbox.url("/api/v2/users/auth0%7C0123456789"))
        .header("authorization", bearer);
    sandbox.ask(user, "").await;
    sandbox
        .ask(
            Request::get(sandbox.url("/__control/messages/ada@example.com")),
            "",
        )
        .await;
    let page = Request::get(sandbox.url("/userinfo")).header("origin", "https://evil.example");
    sandbox.ask(page, "").await;
    let page = Request::get(sandbox.url("/userinfo")).header("origin", "http://localhost:3000");
    sandbox.ask(page, "").await;
    let log = sandbox.end().await;
    let timed = log.lines().map(|line| {
        let (rest, time) = line.strip_suffix(" ms").unwrap().rsplit_once(' ').unwrap();
        assert!(time.parse::<u64>().is_ok(), "{line}");
        rest
    });
    let shown: Vec<_> = timed.collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    POST /oauth/token 200
    GET /api/v2/users/* 404
    GET /__control/messages/* 200
    GET /userinfo 403
    GET /userinfo 401
    ");
}

#[tokio::test]
async fn only_the_authoritys_certificate_is_written() {
    let sandbox = Sandbox::start(&[]).await;
    let folder = sandbox.authority.parent().unwrap();
    let files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(files, ["ca.pem"]);
    let pem = fs::read_to_string(&sandbox.authority).unwrap();
    let labels: Vec<_> = pem
        .lines()
        .filter(|line| line.starts_with("-----"))
        .collect();
    assert_eq!(
        labels,
        ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"]
    );
}

#[tokio::test]
async fn it_is_reached_by_its_name_and_by_both_addresses() {
    let sandbox = Sandbox::start(&[]).await;
    let port = sandbox.host.strip_prefix("localhost:").unwrap();
    let mut heard = Vec::new();
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        if host == "[::1]" && std::net::TcpListener::bind("[::1]:0").is_err() {
            tell_skipped(
                "it_is_reached_by_both_addresses",
                "this machine has no IPv6",
            );
            return;
        }
        let keys = Request::get(format!("https://{host}:{port}/.well-known/jwks.json"));
        heard.push(sandbox.ask(keys, "").await);
    }
    assert!(
        heard[0].0 == 200 && heard[0].1.contains("RS256"),
        "{heard:?}"
    );
    assert!(heard.iter().all(|other| *other == heard[0]), "{heard:?}");
}

#[tokio::test]
async fn what_cannot_be_served_is_refused_before_anything_listens() {
    let folder = tempfile::tempdir().unwrap();
    let none = folder.path().join("none.pem");
    let words = folder.path().join("words.pem");
    fs::write(&words, "secret words").unwrap();
    let [none, words] = [&none, &words].map(|path| path.to_str().unwrap());
    let mut lines = Vec::new();
    for args in [
        &["--tls", "--tls-cert", words, "--tls-key", words][..],
        &["--tls-cert", words],
        &["--tls-dir", "somewhere"],
        &["--tls-cert", none, "--tls-key", words],
        &["--tls-cert", words, "--tls-key", words],
        &["--allow-origin", "http://localhost:3000/"],
        &["--issuer", "tenant.example.com"],
    ] {
        let mut serve = Command::new(env!("CARGO_BIN_EXE_pushproof"));
        serve
            .args(["serve", "--port", "0"])
            .args(args)
            .stdout(Stdio::piped());
        let output = run(&mut serve, USAGE_LIMIT).await.unwrap();
        let said = text(&output);
        let said = said.split("\n\n").next().unwrap().trim_end();
        lines.push(format!("exit {}\n{said}", output.status.code().unwrap()));
    }
    let lines = lines
        .join("\n\n")
        .replace(folder.path().to_str().unwrap(), "DIR");
    insta::assert_snapshot!(lines, @"
    exit 2
    error: the argument '--tls' cannot be used with '--tls-cert <FILE>'

    exit 2
    error: the following required arguments were not provided:
      --tls-key <FILE>

    exit 2
    error: the following required arguments were not provided:
      --tls

    exit 2
    error: reading `DIR/none.pem`: No such file or directory (os error 2)

    exit 2
    error: the certificate file holds no certificate in PEM form

    exit 2
    error: --allow-origin: `http://localhost:3000/` is not an origin
      help: an origin is a scheme, a host and perhaps a port, as in `http://localhost:3000`

    exit 2
    error: --issuer: `tenant.example.com` is not an http or https URL with a host
      help: an issuer is an address like `https://tenant.example.com/`
    ");
}
