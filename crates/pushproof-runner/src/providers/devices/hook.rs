//! Devices behind an endpoint of the tester's own: `POST {"action","user","with"}`, or a POST without a body to a URL with holes.

use http::{Request, header};
use pushproof_report::Secret;
use serde_json::{Map, Value, json};

use super::{Act, Acted, template};
use crate::providers::hook::{Hook, HookError};

/// Carries out an act: 2xx is acknowledged, 4xx refused, anything else unavailable.
pub(super) async fn act(hook: &Hook, url: &str, act: &Act) -> Acted {
    match hook.succeed(request(url, act)).await {
        Ok(response) => Acted {
            values: values(response.body()),
            ..Acted::acknowledged()
        },
        Err(error) if refuses(&error) => Acted::refused(error.to_string()),
        Err(error) => Acted::unavailable(error.to_string()),
    }
}

fn refuses(error: &HookError) -> bool {
    error
        .status()
        .is_some_and(|status| status.is_client_error())
}

fn request(url: &str, act: &Act) -> http::Result<Request<Vec<u8>>> {
    if template::has_holes(url) {
        let url = template::fill(url, |name| match name {
            "action" => Some(act.action.as_str()),
            "user" => Some(act.owner_username.as_str()),
            _ => act.with(name.strip_prefix("with.")?),
        });
        return Request::post(url).body(Vec::new());
    }
    let with: Map<String, Value> = act
        .with
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let user = Some(act.owner_username.as_str()).filter(|user| !user.is_empty());
    let body = json!({ "action": act.action, "user": user, "with": with });
    Request::post(url)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.to_string().into_bytes())
}

/// What an answer brings to light: the texts of a JSON object, such as `{"code": "123456"}`.
pub(super) fn values(answer: &[u8]) -> Vec<(String, Secret)> {
    let Ok(Value::Object(members)) = serde_json::from_slice(answer) else {
        return Vec::new();
    };
    let text = |(name, value): (String, Value)| Some((name, Secret::new(value.as_str()?)));
    members.into_iter().filter_map(text).collect()
}
