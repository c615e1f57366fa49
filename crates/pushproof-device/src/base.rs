//! Where the device API stands: the path rule, and the URLs made from it.

use http::Uri;

use crate::error::DeviceError;

/// The path under which every host but Guardian's own offers the device API.
const PREFIX: &str = "appliance-mfa";

/// The device API's base URL, without a slash at its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Base(String);

impl Base {
    /// Applies the path rule (requirement DEV-001): Guardian's own hosts serve at the root, every other host under `/appliance-mfa`,
    /// which is added unless the path ends in it already.
    pub(crate) fn parse(base: &str) -> Result<Self, DeviceError> {
        let uri: Uri = base.parse().map_err(|_| wrong("is no URL"))?;
        let scheme = uri.scheme_str().ok_or_else(|| wrong("has no scheme"))?;
        if !matches!(scheme, "http" | "https") {
            return Err(wrong("is neither http nor https"));
        }
        let authority = uri.authority().ok_or_else(|| wrong("has no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("holds credentials"));
        }
        if uri.query().is_some() || base.contains('#') {
            return Err(wrong("has a query or a fragment"));
        }
        let path = uri.path().trim_end_matches('/');
        let whole = format!("{scheme}://{authority}{path}");
        if is_guardian(authority.host()) || path.rsplit('/').next() == Some(PREFIX) {
            return Ok(Self(whole));
        }
        Ok(Self(format!("{whole}/{PREFIX}")))
    }

    /// Where a phone enrols.
    pub(crate) fn enroll(&self) -> String {
        format!("{}/api/enroll", self.0)
    }

    /// Where a phone answers; also the `aud` of its answers.
    pub(crate) fn resolve_transaction(&self) -> String {
        format!("{}/api/resolve-transaction", self.0)
    }

    /// The `aud` of a phone that speaks about its own account.
    pub(crate) fn device_accounts(&self) -> String {
        format!("{}/api/device-accounts", self.0)
    }

    /// One device account.
    pub(crate) fn device_account(&self, id: &str) -> String {
        format!("{}/{}", self.device_accounts(), percent_encode(id))
    }
}

/// `…guardian.auth0.com` and `…guardian.<region>.auth0.com`, compared label by label.
fn is_guardian(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let labels: Vec<&str> = host.rsplit('.').collect();
    matches!(
        labels[..],
        ["com", "auth0", "guardian", ..] | ["com", "auth0", _, "guardian", ..]
    )
}

/// Keeps RFC 3986's unreserved characters and encodes the rest, so that an id cannot change the path around it.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn wrong(why: &'static str) -> DeviceError {
    DeviceError::BaseUrl { why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(base: &str) -> String {
        match Base::parse(base) {
            Ok(base) => base.enroll(),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn the_path_rule() {
        let bases = [
            "https://acme.guardian.auth0.com",
            "https://guardian.auth0.com/",
            "https://acme.guardian.eu.auth0.com",
            "https://ACME.Guardian.US.Auth0.com",
            "https://acme.eu.auth0.com",
            "https://acme.auth0.com",
            "https://myguardian.auth0.com",
            "https://guardian.auth0.com.example.com",
            "https://guardian.example.com",
            "https://tenant.example.com",
            "https://tenant.example.com/",
            "https://tenant.example.com/appliance-mfa",
            "https://tenant.example.com/appliance-mfa/",
            "https://tenant.example.com/old-appliance-mfa",
            "https://tenant.example.com/t/acme",
            "http://127.0.0.1:4010",
            "http://[::1]:4010",
            "tenant.example.com",
            "ftp://tenant.example.com",
            "/appliance-mfa",
            "https://ada:secret@tenant.example.com",
            "https://tenant.example.com/?a=b",
            "https://tenant.example.com/#top",
            "https://tenant example.com",
            "",
        ];
        let table: Vec<String> = bases
            .iter()
            .map(|base| format!("{base} -> {}", shown(base)))
            .collect();
        insta::assert_snapshot!(table.join("\n"), @"
        https://acme.guardian.auth0.com -> https://acme.guardian.auth0.com/api/enroll
        https://guardian.auth0.com/ -> https://guardian.auth0.com/api/enroll
        https://acme.guardian.eu.auth0.com -> https://acme.guardian.eu.auth0.com/api/enroll
        https://ACME.Guardian.US.Auth0.com -> https://ACME.Guardian.US.Auth0.com/api/enroll
        https://acme.eu.auth0.com -> https://acme.eu.auth0.com/appliance-mfa/api/enroll
        https://acme.auth0.com -> https://acme.auth0.com/appliance-mfa/api/enroll
        https://myguardian.auth0.com -> https://myguardian.auth0.com/appliance-mfa/api/enroll
        https://guardian.auth0.com.example.com -> https://guardian.auth0.com.example.com/appliance-mfa/api/enroll
        https://guardian.example.com -> https://guardian.example.com/appliance-mfa/api/enroll
        https://tenant.example.com -> https://tenant.example.com/appliance-mfa/api/enroll
        https://tenant.example.com/ -> https://tenant.example.com/appliance-mfa/api/enroll
        https://tenant.example.com/appliance-mfa -> https://tenant.example.com/appliance-mfa/api/enroll
        https://tenant.example.com/appliance-mfa/ -> https://tenant.example.com/appliance-mfa/api/enroll
        https://tenant.example.com/old-appliance-mfa -> https://tenant.example.com/old-appliance-mfa/appliance-mfa/api/enroll
        https://tenant.example.com/t/acme -> https://tenant.example.com/t/acme/appliance-mfa/api/enroll
        http://127.0.0.1:4010 -> http://127.0.0.1:4010/appliance-mfa/api/enroll
        http://[::1]:4010 -> http://[::1]:4010/appliance-mfa/api/enroll
        tenant.example.com -> error: the phone's base URL has no scheme
        ftp://tenant.example.com -> error: the phone's base URL is neither http nor https
        /appliance-mfa -> error: the phone's base URL has no scheme
        https://ada:secret@tenant.example.com -> error: the phone's base URL holds credentials
        https://tenant.example.com/?a=b -> error: the phone's base URL has a query or a fragment
        https://tenant.example.com/#top -> error: the phone's base URL has a query or a fragment
        https://tenant example.com -> error: the phone's base URL is no URL
         -> error: the phone's base URL is no URL
        ");
    }

    #[test]
    fn an_id_stays_one_segment() {
        let base = Base::parse("https://tenant.example.com").expect("a good URL");
        insta::assert_snapshot!(base.device_account("dev_1/../x?y#z é"), @"https://tenant.example.com/appliance-mfa/api/device-accounts/dev_1%2F..%2Fx%3Fy%23z%20%C3%A9");
    }
}
