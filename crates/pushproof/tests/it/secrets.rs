//! No output holds a secret: every value that the tenant handed out or was given is looked for in everything that a run writes.

use std::collections::{BTreeMap, BTreeSet};

use pushproof_tenant::{Fault, Settings};
use serde_json::Value;

use crate::codes::aimed;
use crate::host::{Host, Seen};

/// Members and fields whose values are secrets by origin (design §7).
const SECRET: [&str; 15] = [
    "access_token",
    "barcode_uri",
    "challenge_response",
    "client_secret",
    "id_token",
    "mfa_token",
    "oob_code",
    "otp",
    "password",
    "recovery_code",
    "recovery_codes",
    "refresh_token",
    "secret",
    "token",
    "txtkn",
];

/// Beginnings and parts of sealed tokens, of JSON Web Tokens, of enrolment links.
const TRACES: [&str; 3] = ["Fe26.2", "eyJ", "enrollment_tx_id="];

/// The whole suite, in the most talkative way there is, against a clean tenant and one that repeats secrets in its errors.
#[test]
fn no_output_holds_a_secret() {
    for faults in [[].into(), [Fault::ErrorsEchoSecrets].into()] {
        let host = Host::virtual_time(Settings {
            faults,
            ..Settings::default()
        });
        let workshop = aimed(&host.target());
        let args = [
            "conformance",
            "--target",
            "target.yaml",
            "-v",
            "--record",
            "record.jsonl",
            "--report-json",
            "report.json",
        ];
        let done = workshop.run(&args);
        assert!(
            matches!(done.exit, 0 | 10),
            "exit {}\n{}",
            done.exit,
            done.stderr
        );
        let again = workshop.run(&["report", "-v", "record.jsonl"]);

        let mut secrets = collect(&host.seen());
        // What a scenario makes up to fill a field is no secret: it is one character over and over.
        secrets.retain(|secret, _| {
            secret
                .bytes()
                .any(|byte| Some(byte) != secret.bytes().next())
        });
        let kinds: BTreeSet<&str> = secrets.values().map(String::as_str).collect();
        for kind in [
            "password",
            "client_secret",
            "mfa_token",
            "oob_code",
            "barcode_uri",
            "access_token",
            "recovery_code",
            "otp",
        ] {
            assert!(kinds.contains(kind), "no `{kind}` among {kinds:?}");
        }
        let (record, report) = (workshop.read("record.jsonl"), workshop.read("report.json"));
        for (name, text) in [
            ("stdout", &done.stdout),
            ("stderr", &done.stderr),
            ("record", &record),
            ("JSON report", &report),
            ("report made again", &again.stdout),
        ] {
            for trace in TRACES {
                assert!(
                    !text.contains(trace),
                    "{name} holds `{trace}`: {}",
                    around(text, trace)
                );
            }
            for (secret, kind) in &secrets {
                for spelt in spellings(secret) {
                    assert!(
                        !text.contains(&spelt),
                        "{name} holds a secret, {kind} `{secret}`: {}",
                        around(text, &spelt)
                    );
                }
            }
        }
    }
}

/// Every secret in these exchanges, with what it is called there.
fn collect(seen: &[Seen]) -> BTreeMap<String, String> {
    let mut secrets = BTreeMap::new();
    for exchange in seen.iter().filter(|seen| seen.status < 500) {
        for body in [&exchange.request, &exchange.reply] {
            if let Ok(value) = serde_json::from_str::<Value>(body) {
                members(&value, None, &mut secrets);
            } else if !body.starts_with('<') {
                for (name, value) in url_pairs(body) {
                    members(
                        &Value::Object([(name, Value::String(value))].into_iter().collect()),
                        None,
                        &mut secrets,
                    );
                }
            }
        }
    }
    secrets
}

fn members(value: &Value, secret: Option<&str>, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members_) => {
            for (name, member) in members_ {
                let here = SECRET.contains(&name.as_str()).then_some(name.as_str());
                members(member, here.or(secret), into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, secret, into)),
        Value::String(text) => {
            if let Some(name) = secret.filter(|_| !text.is_empty() && !is_written(text)) {
                into.entry(text.clone()).or_insert_with(|| name.to_owned());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Values that stand in scenario files are no secrets.
fn is_written(value: &str) -> bool {
    pushproof_dialects::FILES
        .iter()
        .any(|(_, text)| text.contains(value))
}

/// A form's fields. Only what these tests need: names are plain.
pub(crate) fn url_pairs(body: &str) -> Vec<(String, String)> {
    body.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), decoded(value)))
        .collect()
}

fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let hex = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// How a secret may stand in a text. One of a few digits could stand anywhere, so it is looked for where a value stands.
fn spellings(secret: &str) -> Vec<String> {
    if secret.len() < 12 {
        return [
            format!("\"{secret}\""),
            format!("={secret}"),
            format!("\\\"{secret}\\\""),
        ]
        .into();
    }
    let json = serde_json::to_string(secret).unwrap();
    let form: String = secret
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    [secret.to_owned(), json.trim_matches('"').to_owned(), form].into()
}

fn around<'t>(text: &'t str, part: &str) -> &'t str {
    text.lines()
        .find(|line| line.contains(part))
        .map_or("", |line| line.get(..300).unwrap_or(line))
}
