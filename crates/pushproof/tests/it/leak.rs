//! No secret leaves by any way: not in ordinary runs, and not when an endpoint tells one before it gives it out.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use http::{HeaderValue, Request};
use pushproof_runner::clock::Clock;
use pushproof_runner::serve::Server;
use pushproof_tenant::{Keys, Settings, Tenant};
use tokio::runtime::Runtime;

use crate::command::Workshop;
use crate::host::{Host, example};

/// What the tenant gives out as the first `oob_code`.
const PLANTED: &str = "planted0oob0code0000";

fn workshop(target: &str) -> Workshop {
    let workshop = Workshop::new()
        .with(
            "SANDBOX_CLIENT_SECRET",
            pushproof_tenant::SANDBOX_CLIENT_SECRET,
        )
        .with(
            "SANDBOX_OTHER_SECRET",
            pushproof_tenant::OTHER_CLIENT_SECRET,
        )
        .with(
            "SANDBOX_RESTRICTED_SECRET",
            pushproof_tenant::RESTRICTED_CLIENT_SECRET,
        );
    workshop.write("target.yaml", target);
    workshop
}

const RUN: [&str; 11] = [
    "conformance",
    "--target",
    "target.yaml",
    "push.enrol.confirmed-while-polling",
    "-v",
    "--record",
    "run.jsonl",
    "--report-json",
    "run.json",
    "--report-junit",
    "run.xml",
];

/// A tenant that has every reply tell what its first `oob_code` will be.
fn indiscreet(told: &'static str) -> (Runtime, Server) {
    let tenant = Mutex::new(Tenant::new(Settings::default(), Keys::generate()));
    let real: Mutex<Option<String>> = Mutex::new(None);
    let handler = move |now: SystemTime, request: Request<Vec<u8>>| {
        let mut real = real.lock().unwrap();
        let (parts, body) = request.into_parts();
        let body = match real.as_ref().filter(|_| !body.is_empty()) {
            Some(real) => String::from_utf8_lossy(&body)
                .replace(PLANTED, real)
                .into_bytes(),
            None => body,
        };
        let reply = tenant
            .lock()
            .unwrap()
            .handle(now, Request::from_parts(parts, body));
        let (mut parts, body) = reply.into_parts();
        let mut text = String::from_utf8_lossy(&body).into_owned();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(code) = json["oob_code"].as_str() {
            real.get_or_insert_with(|| code.to_owned());
        }
        if let Some(real) = real.as_ref() {
            text = text.replace(real.as_str(), PLANTED);
        }
        parts.headers.remove("content-length");
        parts
            .headers
            .insert("x-trace", HeaderValue::from_static(told));
        http::Response::from_parts(parts, text.into_bytes())
    };
    let runtime = Runtime::new().unwrap();
    let server = runtime
        .block_on(Server::loopback(Arc::new(handler), Clock::real()))
        .unwrap();
    (runtime, server)
}

/// Before the tenant gives the code out, nobody can know that it is a secret; once it has, the record is worth nothing.
#[test]
fn an_endpoint_that_tells_a_secret_early() {
    let told = "cGxhbnRlZDBvb2IwY29kZTAwMDA=";
    let (runtime, server) = indiscreet(told);
    let target = example(&server.base_url()).replace("clock: {", "# clock: {");
    let workshop = workshop(&target);
    let done = workshop.run(&RUN);
    runtime.block_on(server.stop());
    assert_eq!(done.exit, 71, "{}{}", done.stdout, done.stderr);
    assert!(
        done.stderr
            .contains("secret `oob_code` stands in the record; the record was removed"),
        "{}",
        done.stderr
    );
    for name in ["run.jsonl", "run.json", "run.xml"] {
        assert!(!workshop.path(name).exists(), "{name} was left");
    }
    assert!(
        !done.stdout.contains(told),
        "it was printed: {}",
        done.stdout
    );
}

/// Every secret that passed over the wire, searched for in everything that the run left behind.
#[test]
fn an_ordinary_run_leaks_nothing() {
    let host = Host::virtual_time(Settings::default());
    let workshop = workshop(&host.target());
    let mut args = RUN.to_vec();
    args[3] = "push.challenge.approved";
    assert_eq!(workshop.run(&args).exit, 0);
    let done = workshop.run(&args);
    let mut secrets: Vec<String> = Vec::new();
    for exchange in host.seen() {
        let reply: serde_json::Value = serde_json::from_str(&exchange.reply).unwrap_or_default();
        let request: serde_json::Value =
            serde_json::from_str(&exchange.request).unwrap_or_default();
        for name in [
            "mfa_token",
            "oob_code",
            "access_token",
            "id_token",
            "refresh_token",
            "barcode_uri",
            "password",
            "client_secret",
        ] {
            let values = [&reply[name], &request[name]]
                .into_iter()
                .filter_map(|value| value.as_str());
            secrets.extend(values.map(str::to_owned));
        }
        secrets.extend(
            reply["recovery_codes"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|code| code.as_str())
                .map(str::to_owned),
        );
    }
    secrets.retain(|secret| secret.len() >= 12);
    assert!(secrets.len() > 10, "the wire was seen: {}", secrets.len());
    for (name, text) in [
        ("record", workshop.read("run.jsonl")),
        ("JSON", workshop.read("run.json")),
        ("JUnit", workshop.read("run.xml")),
        ("stdout", done.stdout),
        ("stderr", done.stderr),
    ] {
        for secret in &secrets {
            assert!(
                !text.contains(secret.as_str()),
                "a secret of {} characters stands in {name}",
                secret.len()
            );
        }
    }
}
