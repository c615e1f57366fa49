//! URLs with holes: `http://127.0.0.1:4010/inbox/{push_token}`.

/// The template with each `{name}` replaced by its value, percent-encoded; a name without a value is left out.
pub(super) fn fill<'a>(template: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut url = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        url.push_str(before);
        url.push_str(&percent_encode(value(name).unwrap_or_default()));
        rest = after;
    }
    url.push_str(rest);
    url
}

/// Whether there is anything to fill in.
pub(super) fn has_holes(template: &str) -> bool {
    template
        .split_once('{')
        .is_some_and(|(_, rest)| rest.contains('}'))
}

/// The template as it may be shown: without user information and query. Its holes are empty, so it holds no value of theirs.
pub(super) fn shown(template: &str) -> String {
    let url = template.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

/// Everything but the unreserved characters of RFC 3986 section 2.3 is encoded.
pub(super) fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str) -> String {
        fill(template, |name| match name {
            "user" => Some("ada@example.com"),
            "with.oob_code" => Some("a/b?c&d {e} é"),
            _ => None,
        })
    }

    #[test]
    fn holes_are_filled_with_encoded_values() {
        let url = filled("http://h/{user}/do?code={with.oob_code}&none={with.absent}");
        insta::assert_snapshot!(url, @"http://h/ada%40example.com/do?code=a%2Fb%3Fc%26d%20%7Be%7D%20%C3%A9&none=");
        assert_eq!(filled("http://h/{unclosed"), "http://h/{unclosed");
        assert!(
            has_holes("http://h/{user}")
                && !has_holes("http://h/plain")
                && !has_holes("http://h/{")
        );
    }

    #[test]
    fn what_is_shown_holds_no_secret() {
        insta::assert_snapshot!(shown("https://me:pass@h:1/in/{push_token}?key=abc#d"), @"https://h:1/in/{push_token}");
        insta::assert_snapshot!(shown("http://h"), @"http://h");
        insta::assert_snapshot!(shown("http://h/path@x"), @"http://h/path@x");
    }
}
