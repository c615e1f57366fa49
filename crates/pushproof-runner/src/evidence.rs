//! What is shown of a request and a reply: bounded, and with placeholders where secrets stand.

use std::fmt::Write as _;

use pushproof_report::{Mask, Redactor, ShownReply, ShownRequest};
use pushproof_scenario::{Dialect, Operation, Root, Session, ShownCall, each_below};
use serde_json::Value;

/// Most of a body that a record keeps, in characters; what is judged is always the whole body.
const BODY_MAX: usize = 16_384;
/// Most of a header's value that a record keeps.
const HEADER_MAX: usize = 1_024;

/// A step's call as people see it. Every secret in it becomes known to the redactor on the way.
pub(crate) fn request(
    session: &Session,
    step: u16,
    base_url: &str,
    redactor: &Redactor,
) -> ShownRequest {
    let hide = |label: &str, secret: &str| {
        redactor.learn(label, secret);
        redactor.placeholder(label, secret)
    };
    let Some(call) = session.show(step, &hide) else {
        return ShownRequest {
            method: String::new(),
            url: base_url.to_owned(),
            headers: Vec::new(),
            body: String::new(),
            curl: String::new(),
        };
    };
    let url = format!("{base_url}{}", call.path);
    ShownRequest {
        curl: curl(&call, &url),
        method: call.method,
        url,
        headers: call.headers,
        body: bounded(&call.body, BODY_MAX),
    }
}

/// The command that sends it again, once the placeholders are filled in.
fn curl(call: &ShownCall, url: &str) -> String {
    let mut command = format!("curl -sS -i -X {} {}", call.method, quoted(url));
    let form = call.form.as_deref();
    for (name, value) in &call.headers {
        if form.is_none() || name != "content-type" {
            let _ = write!(command, " \\\n  -H {}", quoted(&format!("{name}: {value}")));
        }
    }
    for (name, value) in form.unwrap_or(&[]) {
        let _ = write!(
            command,
            " \\\n  --data-urlencode {}",
            quoted(&format!("{name}={value}"))
        );
    }
    if form.is_none() && !call.body.is_empty() {
        let _ = write!(command, " \\\n  --data {}", quoted(&call.body));
    }
    command
}

/// In single quotes, as a POSIX shell reads it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A reply as people see it: what the dialect calls a secret is hidden where it stands, and becomes known to the redactor. Where it stands is
/// where the operation has it, and wherever else its name stands in the body or in a header, in JSON or not.
pub(crate) fn reply(
    dialect: &Dialect,
    operation: &Operation,
    response: &http::Response<Vec<u8>>,
    redactor: &Redactor,
) -> ShownReply {
    let label = |name: &str| dialect.secret_name(name);
    let mut hide = |label: &str, secret: &str| {
        redactor.learn(label, secret);
        redactor.placeholder(label, secret)
    };
    let mut mask = Mask::new(&label, &mut hide);
    let body = match serde_json::from_slice::<Value>(response.body()) {
        Ok(mut json) => {
            let secrets = operation.secrets.iter().chain(&operation.hidden);
            for path in secrets.filter(|path| path.root == Root::Body) {
                let label = path.steps.last().map_or("body", String::as_str);
                each_below(&mut json, &path.steps, &mut |place| mask.all(label, place));
            }
            mask.json(&mut json);
            json.to_string()
        }
        Err(_) => mask.text(&String::from_utf8_lossy(response.body())),
    };
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        let value = mask.text(&String::from_utf8_lossy(value.as_bytes()));
        (
            name.as_str().to_owned(),
            bounded(&redactor.redact(&value), HEADER_MAX),
        )
    };
    let headers = response.headers().iter().map(header).collect();
    ShownReply {
        status: response.status().as_u16(),
        headers,
        body: bounded(&redactor.redact(&body), BODY_MAX),
    }
}

fn bounded(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some((cut, _)) => format!("{}… ({} more bytes)", &text[..cut], text.len() - cut),
    }
}
