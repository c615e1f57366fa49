//! The page at `/`: what is happening in the tenant, for a person who plays the phone. One document without any
//! network but the tenant itself; its policy allows its own style and script, by their digests, and nothing else.

use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::digest;
use data_encoding::BASE64;
use http::Response;
use http::header::{self, HeaderName, HeaderValue};

struct Page {
    html: String,
    policy: HeaderValue,
}

static PAGE: LazyLock<Page> = LazyLock::new(|| {
    let (style, script) = (include_str!("page/page.css"), include_str!("page/page.js"));
    let html = include_str!("page/page.html")
        .replace("{{style}}", style)
        .replace("{{script}}", script);
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; img-src data:; \
        base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        source(style),
        source(script)
    );
    Page {
        html,
        policy: HeaderValue::try_from(policy).expect("a policy is plain ASCII"),
    }
});

/// An element's content as a source of a content security policy (CSP3 §2.3.1).
fn source(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    format!("'sha256-{}'", BASE64.encode(digest.as_ref()))
}

pub(crate) fn served(now: Duration) -> Response<Vec<u8>> {
    let mut response = Response::new(PAGE.html.clone().into_bytes());
    let headers = response.headers_mut();
    let date = HeaderValue::try_from(crate::dates::http_date(now));
    headers.insert(header::DATE, date.expect("a date is plain ASCII"));
    headers.insert(header::CONTENT_SECURITY_POLICY, PAGE.policy.clone());
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
