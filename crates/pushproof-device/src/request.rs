//! The requests of a phone: absolute URL, the headers that the SDKs send, a JSON body.

use data_encoding::BASE64URL_NOPAD;
use http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{Method, Request};
use serde_json::{Value, json};

use crate::error::DeviceError;
use crate::platform::Platform;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `POST` with a JSON body. `authorization` is marked sensitive, so that no `Debug` output shows it.
pub(crate) fn post(
    url: &str,
    authorization: &str,
    body: &Value,
    platform: Platform,
) -> Result<Request<Vec<u8>>, DeviceError> {
    let mut request = bare(Method::POST, url, authorization)?;
    request.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static(platform.content_type()),
    );
    *request.body_mut() = body.to_string().into_bytes();
    Ok(request)
}

/// `DELETE` without a body.
pub(crate) fn delete(url: &str, authorization: &str) -> Result<Request<Vec<u8>>, DeviceError> {
    bare(Method::DELETE, url, authorization)
}

fn bare(method: Method, url: &str, authorization: &str) -> Result<Request<Vec<u8>>, DeviceError> {
    let mut credential =
        HeaderValue::try_from(authorization).map_err(|_| DeviceError::Unsendable {
            what: "the phone's credential",
        })?;
    credential.set_sensitive(true);
    Request::builder()
        .method(method)
        .uri(url)
        .header(AUTHORIZATION, credential)
        .header("auth0-client", auth0_client())
        .header(USER_AGENT, format!("pushproof/{VERSION}"))
        .header(ACCEPT_LANGUAGE, "en")
        .body(Vec::new())
        .map_err(|_| DeviceError::Unsendable {
            what: "the phone's URL",
        })
}

/// What the SDKs tell about themselves, told about this program.
fn auth0_client() -> String {
    let about = json!({ "name": "pushproof", "version": VERSION, "env": {} });
    BASE64URL_NOPAD.encode(about.to_string().as_bytes())
}
