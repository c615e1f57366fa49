//! Values that stand beside a name which says that they are secret: [`Mask`] hides them, at any depth of a JSON value and in text that
//! nothing could parse. When in doubt it hides too much.

use std::collections::BTreeSet;

use serde_json::Value;

/// What says in a name of nobody's dialect that its value is a secret: its last letters, without case, `_` and `-`.
const ENDINGS: [&str; 19] = [
    "accesskey",
    "apikey",
    "assertion",
    "authorization",
    "barcodeuri",
    "bindingcode",
    "cookie",
    "credential",
    "credentials",
    "oobcode",
    "otp",
    "passphrase",
    "passwd",
    "privatekey",
    "pwd",
    "recoverycode",
    "recoverycodes",
    "token",
    "usercode",
];
/// The same, wherever they stand in it.
const PARTS: [&str; 2] = ["password", "secret"];

/// Whether a name says that its value is a secret, where no dialect tells: `client_secret`, `mfa_token`, `dbPassword`. Gives what to call it.
pub fn names_a_secret(name: &str) -> Option<&'static str> {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let part = PARTS.into_iter().find(|part| plain.contains(part));
    part.or_else(|| ENDINGS.into_iter().find(|end| plain.ends_with(end)))
}

/// An answer of somebody whom no dialect describes, such as a hook that failed, without what its own names call secret.
pub fn without_secrets(text: &str) -> String {
    let mut hide = |label: &str, _: &str| format!("‹{label}›");
    Mask::new(&|name| names_a_secret(name), &mut hide).text_or_json(text)
}

/// What stands for a secret, given its label and the secret.
type Hide<'a> = &'a mut dyn FnMut(&str, &str) -> String;

/// Hides values by their names.
pub struct Mask<'a> {
    /// What to call the value of a name, if it is a secret.
    label: &'a dyn Fn(&str) -> Option<&'a str>,
    hide: Hide<'a>,
    /// Our own placeholders, which are not hidden again.
    made: BTreeSet<String>,
}

impl<'a> Mask<'a> {
    /// A mask for the names to which `label` gives a label; `hide` makes the placeholder of a label and a secret.
    pub fn new(label: &'a dyn Fn(&str) -> Option<&'a str>, hide: Hide<'a>) -> Self {
        Self {
            label,
            hide,
            made: BTreeSet::new(),
        }
    }

    /// A text, as the JSON that it is or as it stands.
    pub fn text_or_json(&mut self, text: &str) -> String {
        match serde_json::from_str(text) {
            Ok(mut json) => {
                self.json(&mut json);
                json.to_string()
            }
            Err(_) => self.text(text),
        }
    }

    /// Hides what bears such a name, at any depth, and what does so in the texts of the value.
    pub fn json(&mut self, value: &mut Value) {
        match value {
            Value::String(text) if !self.made.contains(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(members) => {
                for (name, member) in members {
                    match (self.label)(name) {
                        Some(label) => self.all(label, member),
                        None => self.json(member),
                    }
                }
            }
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Hides every text below; a number or a boolean cannot be told from a harmless one and goes too.
    pub fn all(&mut self, label: &str, value: &mut Value) {
        let text = match value {
            Value::Array(items) => {
                return items.iter_mut().for_each(|item| self.all(label, item));
            }
            Value::Object(members) => {
                return members
                    .values_mut()
                    .for_each(|member| self.all(label, member));
            }
            Value::Null => return,
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
        };
        if !self.made.contains(&text) {
            *value = self.placeholder(label, &text).into();
        }
    }

    /// Hides what stands behind such a name in a text of any form: `"name": "…"`, `name=…`, `<name>…`, with or without quotes, escaped or not.
    pub fn text(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        while let Some((start, end)) = name(text, done) {
            let found = (self.label)(&text[start..end]).filter(|_| !text[..start].ends_with("</"));
            let value = found.and_then(|label| Some((label, value(text, end)?)));
            let Some((label, (from, to))) = value else {
                out.push_str(&text[done..end]);
                done = end;
                continue;
            };
            out.push_str(&text[done..from]);
            out.push_str(&self.placeholder(label, &text[from..to]));
            done = to;
        }
        out.push_str(&text[done..]);
        out
    }

    fn placeholder(&mut self, label: &str, secret: &str) -> String {
        let placeholder = (self.hide)(label, secret);
        self.made.insert(placeholder.clone());
        placeholder
    }
}

/// Quotes as they stand in JSON, in HTML and in URLs. The longest first, where one begins with another.
const QUOTES: [&str; 7] = ["\"", "'", "`", "&quot;", "&#34;", "&#39;", "%22"];
/// What stands between a name and its value.
const SEPARATORS: [&str; 7] = ["=>", ":", "=", ">", "%3D", "%3d", "%3A"];
/// Where a value without quotes ends.
const ENDS: &str = "\"'`\\,;&<>{}[]()";
/// Words before a value that is meant.
const SCHEMES: [&str; 3] = ["bearer", "basic", "dpop"];

/// Where the next name stands.
fn name(text: &str, from: usize) -> Option<(usize, usize)> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    let start = from + text[from..].find(is_letter)?;
    let rest = &text[start..];
    let len = rest.find(|letter| !is_letter(letter)).unwrap_or(rest.len());
    Some((start, start + len))
}

/// Where the value of a name that ends at `at` stands; `None` if none follows.
fn value(text: &str, at: usize) -> Option<(usize, usize)> {
    let (at, _) = quote(text, at);
    let at = spaces(text, at);
    let separator = SEPARATORS
        .into_iter()
        .find(|separator| text[at..].starts_with(separator))?;
    let at = spaces(text, at + separator.len());
    let (from, quote) = quote(text, at);
    let rest = &text[from..];
    let len = match (quote, rest.chars().next()?) {
        (Some(quote), _) => closing(rest, quote),
        (None, '[' | '{') => bracketed(rest),
        (None, _) => bare(rest),
    };
    (len > 0 && &rest[..len] != "null").then_some((from, from + len))
}

fn spaces(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    at + (rest.len() - rest.trim_start().len())
}

/// Past a quote, if one stands there, and the quote with the backslashes before it.
fn quote(text: &str, at: usize) -> (usize, Option<&str>) {
    let rest = &text[at..];
    let slashes = rest.len() - rest.trim_start_matches('\\').len();
    let quote = QUOTES
        .into_iter()
        .find(|quote| rest[slashes..].starts_with(quote));
    quote.map_or((at, None), |quote| {
        let len = slashes + quote.len();
        (at + len, Some(&rest[..len]))
    })
}

/// The length of what stands before the closing quote, which is one with as many backslashes; everything if there is none.
fn closing(text: &str, quote: &str) -> usize {
    let mut found = text.match_indices(quote);
    let closes = |(at, _): &(usize, &str)| !text[..*at].ends_with('\\');
    found.find(closes).map_or(text.len(), |(at, _)| at)
}

/// The length of a list or a map; everything if it does not end.
fn bracketed(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + letter.len_utf8();
        }
    }
    text.len()
}

/// The length of a value without quotes, with what a scheme such as `Bearer` stands before.
fn bare(text: &str) -> usize {
    let ends = |letter: char| letter.is_whitespace() || ENDS.contains(letter);
    let len = text.find(ends).unwrap_or(text.len());
    if SCHEMES.contains(&text[..len].to_ascii_lowercase().as_str()) {
        let next = spaces(text, len);
        return next + text[next..].find(ends).unwrap_or(text.len() - next);
    }
    len
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hook_that_answers_with_secrets() {
        let shown = |text| without_secrets(text);
        insta::assert_snapshot!(shown(r#"{"username":"zed","password":"S3cret","err":"db password=Top99, user=x"}"#), @r#"{"username":"zed","password":"‹password›","err":"db password=‹password›, user=x"}"#);
        insta::assert_snapshot!(shown(r#"{"error":"mfa_required","mfa_token":"aaaa","token_type":"Bearer"}"#), @r#"{"error":"mfa_required","mfa_token":"‹token›","token_type":"Bearer"}"#);
        insta::assert_snapshot!(shown(r#"{"a":[{"clientSecret":["x",1,null]}]}"#), @r#"{"a":[{"clientSecret":["‹secret›","‹secret›",null]}]}"#);
        insta::assert_snapshot!(shown("no such user, nothing to hide"), @"no such user, nothing to hide");
    }

    #[test]
    fn whatever_the_form() {
        let shown = |text| without_secrets(text);
        insta::assert_snapshot!(shown("\u{feff}{\"mfa_token\":\"a b\\\"c\",\"x\":1}").replace('\u{feff}', "BOM"), @r#"BOM{"mfa_token":"‹token›","x":1}"#);
        insta::assert_snapshot!(shown(r#"{"mfa_token": "abc"#), @r#"{"mfa_token": "‹token›"#);
        insta::assert_snapshot!(shown(r#"cb({'mfa_token' : 'abc', recovery_codes: ["a","b"], n: 1});"#), @"cb({'mfa_token' : '‹token›', recovery_codes: ‹recoverycodes›, n: 1});");
        insta::assert_snapshot!(shown(r#""{\"mfa_token\":\"abc\",\"n\":1}""#), @r#""{\"mfa_token\":\"‹token›\",\"n\":1}""#);
        insta::assert_snapshot!(shown("<pre>{&quot;mfa_token&quot;:&quot;abc&quot;}</pre>"), @"<pre>{&quot;mfa_token&quot;:&quot;‹token›&quot;}</pre>");
        insta::assert_snapshot!(shown("<mfa_token>abc</mfa_token>\n<error>no</error>"), @"
        <mfa_token>‹token›</mfa_token>
        <error>no</error>
        ");
        insta::assert_snapshot!(shown("error=x&mfa_token=abc%2F&expires_in=5"), @"error=x&mfa_token=‹token›&expires_in=5");
        insta::assert_snapshot!(shown("Authorization: Bearer abc def"), @"Authorization: ‹authorization› def");
        insta::assert_snapshot!(shown("mfa_token=null, mfa_token="), @"mfa_token=null, mfa_token=");
    }

    proptest! {
        #[test]
        fn the_value_of_a_secret_name_never_stays(
            secret in "[A-Za-z0-9]{12,40}",
            before in "[ -~]{0,10}[ ,{&]",
            form in 0_usize..7,
            after in "[ -~]{0,20}",
        ) {
            let forms = ["\"mfa_token\":\"S\"", "mfa_token=S&", "'mfa_token' : 'S'", "\\\"mfa_token\\\": \\\"S\\\"", "mfa-token: S ", "<mfaToken>S</mfaToken>", "\"mfa_token\":[\"S\"]"];
            let text = format!("{before}{}{after}", forms[form].replace('S', &secret));
            prop_assert!(!without_secrets(&text).contains(&secret), "{text}");
        }

        #[test]
        fn any_text_is_taken(text: String, odd in "[\\\\\"'&%=:>{}\\[\\]a-z token]{0,40}") {
            let _ = without_secrets(&text);
            let _ = without_secrets(&odd);
        }
    }
}
