//! The protocol is data: [`check`] finds words of a dialect in Rust code that must not know any.
//!
//! The words are derived from every `scenarios/*/dialect.yaml`, so a second dialect is guarded from its first day.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::checked::Checked;
use crate::root::Root;
use crate::rust_source::{Kind, Token, tokens, without_tests};

/// Where no dialect may be known.
const GUARDED: &[&str] = &[
    "crates/pushproof-polling/src",
    "crates/pushproof-shape/src",
    "crates/pushproof-report/src",
    "crates/pushproof-scenario/src",
    "crates/pushproof-runner/src",
    "crates/pushproof-load/src",
];

/// Files within them that speak to one vendor by nature.
const EXEMPT: &[&str] = &["crates/pushproof-runner/src/providers"];

/// Error words of a dialect that are words of the scenario language too.
const LANGUAGE: &[(&str, &str)] = &[(
    "slow_down",
    "in every dialect a reply can mean this (`means: slow_down`), and the class `throttled` holds it",
)];

/// No guarded file contains a path, an error word or a URI of a dialect outside its tests and comments.
///
/// # Errors
///
/// If a file cannot be read.
pub(crate) fn check(root: &Root) -> Result<Checked> {
    let mut words = Words::default();
    for path in root.files("scenarios", &["dialect.yaml"])? {
        words.add(&root.read(&path)?);
    }
    let mut files = BTreeMap::new();
    for folder in GUARDED {
        for path in root.files(folder, &[".rs"])? {
            let text = root.read(&path)?;
            files.insert(path, text);
        }
    }
    Ok(judge(&words, &files))
}

fn judge(words: &Words, files: &BTreeMap<String, String>) -> Checked {
    let mut checked = Checked::default();
    if words.len() == 0 {
        checked.problems.push(
            "no words in any `scenarios/*/dialect.yaml`: this check would find nothing".to_owned(),
        );
    }
    let lexed: BTreeMap<&str, Vec<Token<'_>>> = files
        .iter()
        .map(|(path, text)| (path.as_str(), tokens(text)))
        .collect();
    let left: BTreeMap<_, _> = lexed
        .iter()
        .map(|(path, tokens)| (*path, without_tests(tokens)))
        .collect();
    let of_tests: Vec<String> = left
        .iter()
        .flat_map(|(path, left)| left.test_modules.iter().map(|name| module_path(path, name)))
        .collect();
    let is_of_tests = |path: &str| of_tests.iter().any(|module| is_module(path, module));
    let is_exempt = |path: &str| EXEMPT.iter().any(|module| is_module(path, module));
    for (path, left) in left
        .iter()
        .filter(|(path, _)| !is_of_tests(path) && !is_exempt(path))
    {
        for token in &left.tokens {
            if let Some(word) = words.found_in(token) {
                checked.problems.push(format!(
                    "{path}:{}: `{word}` is a word of a dialect; it belongs into its YAML",
                    token.line
                ));
            }
        }
    }
    checked.note = format!("{} words of dialects in {} files", words.len(), left.len());
    checked
}

/// The path without `.rs` of a module that `path` declares.
fn module_path(path: &str, name: &str) -> String {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    match file.trim_end_matches(".rs") {
        "lib" | "main" | "mod" => format!("{folder}/{name}"),
        parent => format!("{folder}/{parent}/{name}"),
    }
}

/// Whether a file is the module at `module` (a path without `.rs`) or below it.
fn is_module(path: &str, module: &str) -> bool {
    path.strip_prefix(module)
        .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// The words that only a dialect's YAML may know.
#[derive(Default)]
struct Words {
    /// `/oauth/token`: forbidden inside any text.
    paths: BTreeSet<String>,
    /// URIs such as grant types: forbidden inside any text.
    uris: BTreeSet<String>,
    /// `authorization_pending`: forbidden inside any text, and as a name in any spelling.
    errors: BTreeSet<String>,
    /// Error words that are plain English (`unauthorized`): forbidden as a whole text only.
    plain_errors: BTreeSet<String>,
}

impl Words {
    fn len(&self) -> usize {
        self.paths.len() + self.uris.len() + self.errors.len() + self.plain_errors.len()
    }

    /// Adds the words of one `dialect.yaml`, read line by line: the language fixes the forms that matter.
    fn add(&mut self, dialect: &str) {
        for line in dialect.lines().map(without_comment) {
            for error in values(line, "error") {
                self.add_error(error);
            }
            for request in values(line, "http") {
                self.add_path(request);
            }
            self.add_uris(line);
        }
    }

    fn add_error(&mut self, error: &str) {
        let is_told = LANGUAGE.iter().any(|(told, _)| *told == error);
        if is_told || error.is_empty() || error.starts_with('$') {
            return;
        }
        let is_plain = error.chars().all(char::is_alphabetic);
        let errors = if is_plain {
            &mut self.plain_errors
        } else {
            &mut self.errors
        };
        errors.insert(error.to_owned());
    }

    /// `DELETE /mfa/authenticators/$id` → `/mfa/authenticators`.
    fn add_path(&mut self, request: &str) {
        let path = request.split_whitespace().nth(1).unwrap_or_default();
        let fixed = path.split(['$', '{']).next().unwrap_or_default();
        let fixed = fixed.trim_end_matches('/');
        if fixed.starts_with('/') {
            self.paths.insert(fixed.to_owned());
        }
    }

    fn add_uris(&mut self, line: &str) {
        let pieces = line.split(|c: char| c.is_whitespace() || "\"'{}[],".contains(c));
        let is_uri = |piece: &&str| {
            ["http://", "https://", "urn:"]
                .iter()
                .any(|scheme| piece.starts_with(scheme))
        };
        self.uris.extend(pieces.filter(is_uri).map(str::to_owned));
    }

    fn found_in(&self, token: &Token<'_>) -> Option<&str> {
        let found = match token.kind {
            Kind::Text => {
                let paths = self
                    .paths
                    .iter()
                    .find(|path| contains_word(token.text, path, false));
                let uris = || {
                    self.uris
                        .iter()
                        .find(|uri| token.text.contains(uri.as_str()))
                };
                let errors = || {
                    self.errors
                        .iter()
                        .find(|error| contains_word(token.text, error, true))
                };
                let plain = || {
                    self.plain_errors
                        .iter()
                        .find(|error| token.text == error.as_str())
                };
                paths.or_else(uris).or_else(errors).or_else(plain)
            }
            Kind::Word => {
                let name = spelling(token.text);
                self.errors.iter().find(|error| spelling(error) == name)
            }
            _ => None,
        };
        found.map(String::as_str)
    }
}

/// `InvalidGrant`, `INVALID_GRANT` and `invalid_grant` are one name.
fn spelling(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn without_comment(line: &str) -> &str {
    let line = if line.trim_start().starts_with('#') {
        ""
    } else {
        line
    };
    line.split(" #").next().unwrap_or(line)
}

/// The scalar values of `key:` in a line, in block or flow style; those of a longer key that ends the same are not meant.
fn values<'a>(line: &'a str, key: &str) -> Vec<&'a str> {
    let mut values = Vec::new();
    for (at, _) in line.match_indices(key) {
        let Some(value) = line[at + key.len()..].strip_prefix(':') else {
            continue;
        };
        let before = line[..at].chars().next_back();
        let is_key = before.is_none_or(|c| c.is_whitespace() || c == '{' || c == ',');
        if !is_key || !(value.is_empty() || value.starts_with(' ')) {
            continue;
        }
        let value = value.trim_start();
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split(quote).next(),
            _ => value.split([',', '}']).next(),
        };
        values.extend(value.map(str::trim));
    }
    values
}

/// Whether `word` stands in `text` and does not go on; with `also_in_front`, nor begin earlier.
fn contains_word(text: &str, word: &str, also_in_front: bool) -> bool {
    let is_part = |c: char| c == '_' || c == '-' || c.is_alphanumeric();
    text.match_indices(word).any(|(at, _)| {
        let begins_earlier = text[..at].chars().next_back().is_some_and(is_part);
        let goes_on = text[at + word.len()..].starts_with(is_part);
        !goes_on && (!also_in_front || !begins_earlier)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = r#"
operations:
  token.mfa_oob:
    http: POST /oauth/token
    form:
      grant_type: http://auth0.com/oauth/grant-type/mfa-oob   # not http://example.com/comment
  authenticators.remove:
    http: "DELETE /mfa/authenticators/$authenticator_id"
profiles:
  documented:
    pending:   { any: [ { status: 400, error: authorization_pending }, { status: 403, error: "authorization_pending", level: should } ] }
    slow_down: { status: [400, 429], error: slow_down, means: slow_down }
    refused:   { any: [{error: 'invalid_grant'}, { status: 401, error: unauthorized }], has: [error, error_description] }
    expired:
      error: expired_token   # RFC 8628
      means: final
    given:     { error: $error, wait: [body.error, body.interval] }
"#;
    const SECOND: &str = "operations:\n  token.ciba:\n    http: POST /bc-authorize\n    form: { grant_type: \"urn:openid:params:grant-type:ciba\" }\n";

    fn words() -> Words {
        let mut words = Words::default();
        words.add(FIRST);
        words.add(SECOND);
        words
    }

    fn problems(path: &str, text: &str) -> Vec<String> {
        judge(
            &words(),
            &BTreeMap::from([(path.to_owned(), text.to_owned())]),
        )
        .problems
    }

    fn is_clean(text: &str) -> bool {
        let problems = problems("crates/pushproof-scenario/src/session.rs", text);
        problems.is_empty()
    }

    #[test]
    fn words_come_from_every_dialect() {
        let words = words();
        let list = |words: &BTreeSet<String>| words.iter().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(
            list(&words.paths),
            "/bc-authorize /mfa/authenticators /oauth/token"
        );
        assert_eq!(
            list(&words.uris),
            "http://auth0.com/oauth/grant-type/mfa-oob urn:openid:params:grant-type:ciba"
        );
        assert_eq!(
            list(&words.errors),
            "authorization_pending expired_token invalid_grant"
        );
        assert_eq!(list(&words.plain_errors), "unauthorized");
    }

    #[test]
    fn a_planted_word_is_found_with_its_place() {
        assert_eq!(
            problems(
                "crates/pushproof-runner/src/drive.rs",
                "//! x\nfn f(e: &str) -> bool {\n    e == \"invalid_grant\"\n}"
            ),
            [
                "crates/pushproof-runner/src/drive.rs:3: `invalid_grant` is a word of a dialect; it belongs into its YAML"
            ]
        );
    }

    #[test]
    fn words_hide_nowhere() {
        assert!(!is_clean(
            r#"const URL: &str = "https://x.example/oauth/token?a=b";"#
        ));
        assert!(!is_clean(
            r##"let body = r#"grant_type=urn:openid:params:grant-type:ciba"#;"##
        ));
        assert!(!is_clean(
            "#[serde(rename_all = \"snake_case\")] enum E { AuthorizationPending }"
        ));
        assert!(!is_clean("const INVALID_GRANT: u8 = 1;"));
        assert!(!is_clean(r#"if error == "unauthorized" {}"#));
    }

    #[test]
    fn longer_words_and_sentences_are_not_meant() {
        assert!(is_clean(
            r#"let a = "slow_down_adds"; let b = "slow_down"; enum M { SlowDown }"#
        ));
        assert!(is_clean(
            r#"let a = "/oauth/tokens"; let b = "my_invalid_grant_2";"#
        ));
        assert!(is_clean(r#"let a = "the client is unauthorized";"#));
    }

    #[test]
    fn comments_and_tests_may_give_examples() {
        assert!(is_clean(
            "/// For example `/oauth/token` or `invalid_grant`.\nfn a() {}"
        ));
        assert!(is_clean(
            "#[cfg(test)]\nmod tests {\n    const A: &str = \"invalid_grant\";\n}"
        ));
    }

    #[test]
    fn test_modules_in_their_own_files_are_tests() {
        let word = "const A: &str = \"invalid_grant\";".to_owned();
        let files = |declared: &str| {
            BTreeMap::from([
                (
                    "crates/pushproof-scenario/src/lib.rs".to_owned(),
                    declared.to_owned(),
                ),
                (
                    "crates/pushproof-scenario/src/samples/one.rs".to_owned(),
                    word.clone(),
                ),
                (
                    "crates/pushproof-scenario/src/samples.rs".to_owned(),
                    word.clone(),
                ),
            ])
        };
        assert_eq!(
            judge(&words(), &files("#[cfg(test)]\nmod samples;")).problems,
            Vec::<String>::new()
        );
        assert_eq!(judge(&words(), &files("mod samples;")).problems.len(), 2);
    }

    #[test]
    fn providers_are_exempt_and_nothing_beside_them() {
        let word = "const A: &str = \"invalid_grant\";";
        assert!(problems("crates/pushproof-runner/src/providers/users.rs", word).is_empty());
        assert!(problems("crates/pushproof-runner/src/providers.rs", word).is_empty());
        assert_eq!(
            problems("crates/pushproof-runner/src/providers_of_words.rs", word).len(),
            1
        );
    }

    #[test]
    fn without_a_dialect_the_check_fails() {
        assert!(!judge(&Words::default(), &BTreeMap::new()).holds());
    }
}
