//! Endpoints and hooks that say what nobody expects: the run ends with its verdict, its record stays, and no secret is shown.

use std::io::{Read, Write};

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

/// The example with another section in the place of one.
fn with_section(target: &str, name: &str, section: &str) -> String {
    let begins = target.find(&format!("\n{name}:")).unwrap() + 1;
    let line = target[begins..].find('\n').unwrap() + begins + 1;
    let rest = target[line..].lines();
    let more: usize = rest
        .take_while(|line| line.starts_with(' '))
        .map(|line| line.len() + 1)
        .sum();
    format!("{}{section}\n{}", &target[..begins], &target[line + more..])
}

/// Whoever was never asked for, or turned away at the door, is not left behind.
#[test]
fn users_who_cannot_have_been_made() {
    let left = |target: &str| {
        let workshop = aimed(target);
        run(&workshop);
        let report: Value = serde_json::from_str(&workshop.read("run.json")).unwrap();
        report["left_behind"].as_array().unwrap().len()
    };
    let no_token = Host::bent(|path, reply| match path {
        "/oauth/token" => b"<html>welcome</html>".to_vec(),
        _ => reply.to_string().into_bytes(),
    });
    assert_eq!(left(&no_token.target()), 0);
    let host = Host::virtual_time(pushproof_tenant::Settings::default());
    for (status, least) in [(503, 0), (501, 0), (403, 0), (500, 1)] {
        let failing = Failing::start(status, "{}");
        let users = format!(
            "users: {{ provider: hook, url: \"{}/\" }}",
            failing.base_url
        );
        let left = left(&with_section(&host.target(), "users", &users));
        assert_eq!(left > 0, least > 0, "{status}: {left}");
    }
}

#[test]
fn a_user_without_a_name_is_none() {
    let host = Host::virtual_time(pushproof_tenant::Settings::default());
    for answer in [
        r#"{"username":"","password":"x"}"#,
        r#"{"username":"x","password":""}"#,
    ] {
        let hook = Failing::start(200, answer);
        let users = format!("users: {{ provider: hook, url: \"{}/\" }}", hook.base_url);
        let (done, all) = run(&aimed(&with_section(&host.target(), "users", &users)));
        assert_eq!(done.exit, 20, "{}", done.stdout);
        assert!(all.contains("answered a user without `"), "{}", done.stdout);
    }
}

/// A clock hook that moves nothing is found out before the first case, and nobody is accused.
#[test]
fn clocks_that_do_not_move() {
    let host = Host::virtual_time(pushproof_tenant::Settings::default());
    for answer in [
        "<html>moved</html>",
        r#"{"now_ms":"abc"}"#,
        r#"{"now_ms":-5}"#,
        r#"{"now_ms":null}"#,
        "{}",
        "",
    ] {
        let clock = format!("clock: {{ advance: \"{}/\" }}", timeless(answer));
        let workshop = aimed(&with_section(&host.target(), "clock", &clock));
        for args in [
            ["conformance", "--target", "target.yaml"],
            ["target", "doctor", "target.yaml"],
        ] {
            let done = workshop.run(&args);
            assert_eq!(done.exit, 20, "{answer}: {}{}", done.stdout, done.stderr);
        }
    }
}

/// Somebody who answers everything in one way and dates nothing. They go with the process.
fn timeless(body: &'static str) -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            // The rest of the request is taken in, so that the answer is not lost with the connection.
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    base_url
}

/// The machines behind a clock that jumps are as slow as any: the limit holds in real time, for users and phones too.
#[test]
fn the_limit_of_requests_holds_on_a_clock_that_jumps() {
    let host = Host::virtual_time(pushproof_tenant::Settings::default());
    let target = host.target();
    let limits = "limits: { concurrency: 8, wait: 30s, timeout: 10s, requests_per_second: 10 }";
    let workshop = aimed(&with_section(&target, "limits", limits));
    let (done, _) = run(&workshop);
    assert_eq!(done.exit, 0, "{}", done.stdout);
    let seen = host.seen();
    let requests = seen
        .iter()
        .filter(|seen| !seen.path.starts_with("/__control/"));
    let requests = u64::try_from(requests.count()).unwrap();
    assert!(requests > 30, "{requests}");
    let report: Value = serde_json::from_str(&workshop.read("run.json")).unwrap();
    let took_ms = report["run"]["took_ms"].as_u64().unwrap();
    assert!(
        took_ms >= (requests - 1) / 10 * 1000,
        "{requests} requests in {took_ms} ms"
    );
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
