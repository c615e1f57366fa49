//! The access log of `serve`: one line a request on standard error, without secrets and ids.

use std::sync::Arc;

use pushproof_runner::serve::{Access, OnAccess};

/// The words that stand in the sandbox's own paths. Whatever else stands in a path came from the client and may be an id, an address or a token.
const WORDS: &[&str] = &[
    ".well-known",
    "__control",
    "api",
    "appliance-mfa",
    "associate",
    "authenticators",
    "challenge",
    "clock",
    "device",
    "device-accounts",
    "enroll",
    "inbox",
    "jwks.json",
    "messages",
    "mfa",
    "oauth",
    "openid-configuration",
    "recovery-code-regeneration",
    "resolve-transaction",
    "settings",
    "token",
    "userinfo",
    "users",
    "v2",
];

/// Characters of a method that are shown; the longest of HTTP's own has seven.
const METHOD_LEN_MAX: usize = 10;

/// Parts of a path that are shown; the sandbox's own have at most five.
const PARTS_MAX: usize = 8;

/// Writes the log.
pub(super) fn log() -> OnAccess {
    Arc::new(|access| anstream::eprintln!("{}", line(access)))
}

fn line(access: Access<'_>) -> String {
    let method: String = access
        .method
        .as_str()
        .chars()
        .take(METHOD_LEN_MAX)
        .collect();
    let status = access.status.as_u16();
    format!(
        "{method} {} {status} {} ms",
        masked(access.path),
        access.took.as_millis()
    )
}

/// A path with all but its known words replaced.
fn masked(path: &str) -> String {
    let shown = |part| match part {
        "" => "",
        known if WORDS.contains(&known) => known,
        _ => "*",
    };
    path.split('/')
        .take(PARTS_MAX + 1)
        .map(shown)
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{Method, StatusCode};

    use super::*;

    #[test]
    fn only_the_words_of_the_sandbox_are_shown() {
        let paths = [
            "/",
            "/oauth/token",
            "/mfa/authenticators/push%7Cdev_0123456789abcdef",
            "/api/v2/users/auth0%7C5f0000000000000000000001/recovery-code-regeneration",
            "/__control/messages/+15550101",
            "/__control/inbox/phone-1",
            "/secret\u{1b}[31m",
            "//x",
        ];
        let lines = paths.map(|path| {
            line(Access {
                method: &Method::GET,
                path,
                status: StatusCode::OK,
                took: Duration::from_micros(3400),
            })
        });
        insta::assert_snapshot!(lines.join("\n"), @"
        GET / 200 3 ms
        GET /oauth/token 200 3 ms
        GET /mfa/authenticators/* 200 3 ms
        GET /api/v2/users/*/recovery-code-regeneration 200 3 ms
        GET /__control/messages/* 200 3 ms
        GET /__control/inbox/* 200 3 ms
        GET /* 200 3 ms
        GET //* 200 3 ms
        ");
    }
}
