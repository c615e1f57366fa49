//! `--issuer`: an address that the tenant claims as its own, whatever the address it is reached by.

use http::Uri;

use crate::command::Problem;

/// An issuer URL (OpenID Connect Core section 2: no query, no fragment), without a slash at the end; the tenant writes it with one.
pub(super) fn read(text: &str) -> Result<String, Problem> {
    let problem = |why: &str| {
        Problem::usage(format!("--issuer: `{text}` {why}"))
            .hint("an issuer is an address like `https://tenant.example.com/`")
    };
    // `http::Uri` would drop a fragment without a word.
    if text.contains(['?', '#']) {
        return Err(problem("has a query or a fragment"));
    }
    let uri: Uri = text.parse().map_err(|_| problem("is no URL"))?;
    let authority = uri
        .authority()
        .filter(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'));
    match (uri.scheme_str(), authority) {
        (Some("http" | "https"), Some(_)) => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err(problem("is not an http or https URL with a host")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_issuer() {
        let lines = [
            "https://tenant.example.com/",
            "https://tenant.example.com",
            "http://localhost:4010/",
            "https://tenant.example.com/eu/",
            "tenant.example.com",
            "ftp://tenant.example.com/",
            "https://",
            "https://user@tenant.example.com/",
            "https://tenant.example.com/?a=1",
            "https://tenant.example.com/#a",
            "https://a b/",
        ]
        .map(|text| read(text).unwrap_or_else(|problem| format!("{problem:?}")));
        insta::assert_snapshot!(lines.join("\n"), @r#"
        https://tenant.example.com
        https://tenant.example.com
        http://localhost:4010
        https://tenant.example.com/eu
        Problem { code: 2, message: "--issuer: `tenant.example.com` is not an http or https URL with a host", hint: Some("an issuer is an address like `https://tenant.example.com/`") }
        Problem { code: 2, message: "--issuer: `ftp://tenant.example.com/` is not an http or https URL with a host", hint: Some("an issuer is an address like `https://tenant.example.com/`") }
        Problem { code: 2, message: "--issuer: `https://` is no URL", hint: Some("an issuer is an address like `https://tenant.example.com/`") }
        Problem { code: 2, message: "--issuer: `https://user@tenant.example.com/` is not an http or https URL with a host", hint: Some("an issuer is an address like `https://tenant.example.com/`") }
        Problem { code: 2, message: "--issuer: `https://tenant.example.com/?a=1` has a query or a fragment", hint: Some("an issuer is an address like `https://tenant.example.com/`") }
        Problem { code: 2, message: "--issuer: `https://tenant.example.com/#a` has a query or a fragment", hint: Some("an issuer is an address like `https://tenant.example.com/`") }
        Problem { code: 2, message: "--issuer: `https://a b/` is no URL", hint: Some("an issuer is an address like `https://tenant.example.com/`") }
        "#);
    }
}
