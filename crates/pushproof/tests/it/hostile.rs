//! Endpoints and hooks that say what nobody expects: the run ends with its verdict, its record stays, and no secret is shown.

use serde_json::{Value, json};

use crate::codes::aimed;
use crate::command::{Done, Workshop};
use crate::host::Host;

const RUN: [&str; 11] = [
    "conformance",
    "--target",
    "target.yaml",
    "login.password",
    "push.challenge.approved[decide_after=1]",
    "recovery.rotation",
    "-v",
    "--report-json",
    "run.json",
    "--report-junit",
    "run.xml",
];

/// The guardian of the example, replaced by a hook.
fn with_hook(host: &Host, url: &str) -> String {
    let target = host.target();
    let guardian = target
        .lines()
        .find(|line| line.starts_with("devices:"))
        .unwrap();
    let hook = format!(
        "devices: {{ driver: hook, url: \"{}{url}\" }}",
        host.base_url
    );
    target.replace(guardian, &hook)
}

/// The run, with everything that it wrote.
fn run(workshop: &Workshop) -> (Done, String) {
    let args = [&RUN[..], &["--record", "run.jsonl"]].concat();
    let done = workshop.run(&args);
    let written = ["run.jsonl", "run.json", "run.xml"].map(|name| {
        let path = workshop.path(name);
        assert!(path.exists(), "{name} is gone: {}", done.stderr);
        workshop.read(name)
    });
    let all = format!("{}{}{}", done.stdout, done.stderr, written.concat());
    (done, all)
}

/// The sandbox's own device hook acknowledges with a word of twelve letters; so does the same behind a template.
#[test]
fn devices_behind_a_hook() {
    let by_url = "/device/{action}/{user}?oob_code={with.oob_code}&barcode_uri={with.barcode_uri}";
    for url in ["/__control/device", by_url] {
        let host = Host::bent(|_, reply| reply.to_string().into_bytes());
        let workshop = aimed(&with_hook(&host, url));
        let (done, all) = run(&workshop);
        assert_eq!(done.exit, 0, "{url}: {}{}", done.stdout, done.stderr);
        assert!(all.contains("\"result\":\"acknowledged\""), "{url}");
        let doctor = workshop.run(&["target", "doctor", "target.yaml"]);
        assert!(
            doctor.stdout.contains("enrol was acknowledged"),
            "{url}: {}",
            doctor.stdout
        );
    }
}

/// A tenant cannot have the evidence withheld by calling a token what everything is called.
#[test]
fn tokens_that_are_ordinary_words() {
    for (member, word) in [
        ("access_token", "access_token"),
        ("mfa_token", "mfa_required"),
        ("mfa_token", "authenticator"),
        ("oob_code", "application/json"),
        ("access_token", "sandbox-client"),
        ("mfa_token", "push.challenge.approved[decide_after=1]"),
        ("oob_code", "not-applicable"),
        ("access_token", "acknowledged"),
        ("access_token", "\",\"verdict\":\"pass\""),
        ("mfa_token", "requirements"),
        ("access_token", "interrupted run"),
        ("mfa_token", "</testcase>\n"),
    ] {
        let host = Host::bent(move |_, mut reply| {
            if reply.get(member).is_some() {
                reply[member] = word.into();
            }
            reply.to_string().into_bytes()
        });
        let (done, all) = run(&aimed(&host.target()));
        assert!(
            matches!(done.exit, 0 | 5 | 10 | 20),
            "{member} {word}: exit {}: {}",
            done.exit,
            done.stderr
        );
        assert!(
            all.contains("push.challenge.approved[decide_after=1]"),
            "{member} {word}"
        );
    }
}

/// Each way of a reply to be nearly what it should be.
fn nearly(form: &str, reply: &Value) -> String {
    let plain = reply.to_string();
    match form {
        "BOM" => format!("\u{feff}{plain}"),
        "comma" => format!("{},}}", &plain[..plain.len() - 1]),
        "cut" => plain[..plain.len() - 1].to_owned(),
        "JSONP" => format!("callback({plain});"),
        "HTML" => format!("<html><pre>{}</pre></html>", plain.replace('"', "&quot;")),
        "form" => {
            let pairs = reply.as_object().unwrap().iter();
            let pair = |(name, value): (&String, &Value)| {
                format!(
                    "{name}={}",
                    value.as_str().unwrap_or_default().replace(' ', "+")
                )
            };
            pairs.map(pair).collect::<Vec<_>>().join("&")
        }
        "deeper" => json!({ "data": { "inner": [reply] } }).to_string(),
        "list" => json!([reply]).to_string(),
        "text" => Value::from(plain).to_string(),
        "camel" => plain
            .replace("mfa_token", "mfaToken")
            .replace("oob_code", "oob-code"),
        _ => unreachable!("{form} is none of the forms"),
    }
}

#[test]
fn secrets_in_replies_of_nearly_the_right_form() {
    for form in [
        "BOM", "comma", "cut", "JSONP", "HTML", "form", "deeper", "list", "text", "camel",
    ] {
        let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let tell = std::sync::Arc::clone(&told);
        let host = Host::bent(move |path, reply| {
            for name in ["mfa_token", "oob_code"] {
                let secret = reply.get(name).and_then(Value::as_str);
                tell.lock().unwrap().extend(secret.map(str::to_owned));
            }
            let fetched = path == "/oauth/token" && reply.get("token_type").is_some();
            if fetched || !reply.is_object() {
                return reply.to_string().into_bytes();
            }
            nearly(form, &reply).into_bytes()
        });
        let (_, all) = run(&aimed(&host.target()));
        let told = told.lock().unwrap();
        assert!(!told.is_empty(), "{form}: nothing was handed out");
        for secret in told.iter() {
            // The head is what a cut line would show.
            assert!(!all.contains(&secret[..24]), "{form}: a secret is shown");
        }
    }
}

/// Those who make users, move phones and give tokens may fail with their hands full.
#[test]
fn secrets_in_the_errors_of_hooks() {
    let host = Host::virtual_time(pushproof_tenant::Settings::default());
    let failing = Failing::start(
        500,
        r#"{"username":"zed","password":"S3cretPassw0rd-of-hook","err":"db password=TopSecretDb99"}"#,
    );
    let target = host.target();
    let guardian = target
        .lines()
        .find(|line| line.starts_with("devices:"))
        .unwrap();
    let users = target.find("users:\n").unwrap();
    let end = target[users..].find("\n\n").unwrap() + users;
    let by_users = target.replace(
        &target[users..end],
        &format!(
            "users: {{ provider: hook, url: \"{}/\" }}",
            failing.base_url
        ),
    );
    let by_device = target.replace(
        guardian,
        &format!(
            "devices: {{ driver: hook, url: \"{}/\" }}",
            failing.base_url
        ),
    );
    for target in [by_users, by_device] {
        let workshop = aimed(&target);
        let (done, all) = run(&workshop);
        let doctor = workshop.run(&["target", "doctor", "target.yaml"]);
        let all = format!("{all}{}{}", doctor.stdout, doctor.stderr);
        assert!(
            all.contains("answered 500"),
            "{}{}",
            done.stdout,
            done.stderr
        );
        for secret in ["S3cretPassw0rd", "TopSecretDb99"] {
            assert!(!all.contains(secret), "{secret}: {all}");
        }
    }
}

/// Somebody who answers everything in one way.
struct Failing {
    base_url: String,
    server: Option<pushproof_runner::serve::Server>,
    runtime: tokio::runtime::Runtime,
}

impl Failing {
    fn start(status: u16, body: &'static str) -> Self {
        let handler = move |_, _| {
            let mut reply = http::Response::new(body.as_bytes().to_vec());
            *reply.status_mut() = status.try_into().unwrap();
            reply
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let clock = pushproof_runner::clock::Clock::real();
        let server = pushproof_runner::serve::Server::loopback(std::sync::Arc::new(handler), clock);
        let server = runtime.block_on(server).unwrap();
        Self {
            base_url: server.base_url(),
            server: Some(server),
            runtime,
        }
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop());
        }
    }
}
