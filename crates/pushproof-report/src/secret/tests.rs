//! The law: what was learnt does not survive, however it is spelt. The examples: how that reads.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use proptest::prelude::*;

use super::*;

const KEY: [u8; 32] = [7; 32];
const TOKEN: &str = "Fe26.2**0c/d=4+f \"q\"";

fn knowing(secrets: &[&str]) -> Redactor {
    let redactor = Redactor::new(KEY);
    for (number, secret) in secrets.iter().enumerate() {
        redactor.learn(&format!("secret_{number}"), secret);
    }
    redactor
}

/// Every encoding that the design names, each by an encoder of its own.
fn encodings(secret: &str) -> Vec<(&'static str, String)> {
    let all = |spell: fn(u8) -> String| secret.bytes().map(spell).collect::<String>();
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let some = |spell: fn(u8) -> String| -> String {
        let letter = |byte| match unreserved(byte) {
            true => char::from(byte).to_string(),
            false => spell(byte),
        };
        secret.bytes().map(letter).collect()
    };
    let utf16 = |secret: &str| {
        secret
            .encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect()
    };
    let quoted = serde_json::to_string(secret).unwrap();
    let quoted = &quoted[1..quoted.len() - 1];
    vec![
        ("raw", secret.to_owned()),
        ("percent, upper", some(|byte| format!("%{byte:02X}"))),
        ("percent, lower", some(|byte| format!("%{byte:02x}"))),
        ("percent, every byte", all(|byte| format!("%{byte:02X}"))),
        (
            "form, upper",
            some(|byte| format!("%{byte:02X}")).replace("%20", "+"),
        ),
        (
            "form, lower",
            some(|byte| format!("%{byte:02x}")).replace("%20", "+"),
        ),
        ("base64", BASE64.encode(secret.as_bytes())),
        ("base64, no padding", BASE64_NOPAD.encode(secret.as_bytes())),
        ("base64url", BASE64URL.encode(secret.as_bytes())),
        (
            "base64url, no padding",
            BASE64URL_NOPAD.encode(secret.as_bytes()),
        ),
        (
            "base64, then percent",
            BASE64
                .encode(secret.as_bytes())
                .replace('+', "%2B")
                .replace('/', "%2F")
                .replace('=', "%3D"),
        ),
        ("hex, lower", HEXLOWER.encode(secret.as_bytes())),
        ("hex, upper", HEXUPPER.encode(secret.as_bytes())),
        ("JSON", quoted.to_owned()),
        ("JSON, slashes", quoted.replace('/', "\\/")),
        ("JSON, every unit", utf16(secret)),
    ]
}

#[test]
fn a_placeholder_stands_wherever_the_secret_stood_and_equal_secrets_have_equal_marks() {
    let redactor = Redactor::new(KEY);
    redactor.learn("mfa_token", TOKEN);
    let shown: Vec<_> = encodings(TOKEN)
        .into_iter()
        .map(|(name, text)| format!("{name:21} a={} b", redactor.redact(&format!("{text}&"))))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    raw                   a=‹mfa_token: 20 chars, #7b8c›& b
    percent, upper        a=‹mfa_token: 20 chars, #7b8c›& b
    percent, lower        a=‹mfa_token: 20 chars, #7b8c›& b
    percent, every byte   a=‹mfa_token: 20 chars, #7b8c›& b
    form, upper           a=‹mfa_token: 20 chars, #7b8c›& b
    form, lower           a=‹mfa_token: 20 chars, #7b8c›& b
    base64                a=‹mfa_token: 20 chars, #7b8c›=& b
    base64, no padding    a=‹mfa_token: 20 chars, #7b8c›& b
    base64url             a=‹mfa_token: 20 chars, #7b8c›=& b
    base64url, no padding a=‹mfa_token: 20 chars, #7b8c›& b
    base64, then percent  a=‹mfa_token: 20 chars, #7b8c›%3D& b
    hex, lower            a=‹mfa_token: 20 chars, #7b8c›& b
    hex, upper            a=‹mfa_token: 20 chars, #7b8c›& b
    JSON                  a=‹mfa_token: 20 chars, #7b8c›& b
    JSON, slashes         a=‹mfa_token: 20 chars, #7b8c›& b
    JSON, every unit      a=‹mfa_token: 20 chars, #7b8c›& b
    ");
}

#[test]
fn the_mark_depends_on_the_key_of_the_run() {
    let of = |key: u8| Redactor::new([key; 32]).placeholder("otp", "123456");
    insta::assert_snapshot!(of(1), @"‹otp: 6 chars, #a25c›");
    insta::assert_snapshot!(of(2), @"‹otp: 6 chars, #6aff›");
}

#[test]
fn short_secrets_are_left_to_their_type() {
    let redactor = knowing(&["12345678901", "123456789012"]);
    insta::assert_snapshot!(redactor.redact("12345678901 123456789012"), @"12345678901 ‹secret_1: 12 chars, #45d1›");
    insta::assert_snapshot!(format!("{} {:?}", Secret::new("4711"), Secret::new("4711")), @"‹secret› ‹secret›");
}

#[test]
fn secrets_within_and_across_others_go_as_one_stretch() {
    let redactor = knowing(&["bbbbccccdddd", "aaaabbbbccccddddeeee", "ddddeeeeffff"]);
    insta::assert_snapshot!(redactor.redact("<aaaabbbbccccddddeeee>"), @"<‹secret_1: 20 chars, #9b57›>");
    insta::assert_snapshot!(redactor.redact("<bbbbccccddddeeeeffff>"), @"<‹secret_0: 12 chars, #4ffd›>");
    insta::assert_snapshot!(redactor.redact("<bbbbccccdddd ddddeeeeffff>"), @"<‹secret_0: 12 chars, #4ffd› ‹secret_2: 12 chars, #08be›>");
}

#[test]
fn a_secret_within_a_basic_credential_is_found_at_every_alignment() {
    let redactor = knowing(&["correct horse battery"]);
    let shown: Vec<_> = ["", "a", "ab", "abc"]
        .map(|id| BASE64.encode(format!("{id}:correct horse battery").as_bytes()))
        .iter()
        .map(|text| redactor.redact(&format!("Basic {text}")))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    Basic Om‹secret_0: 21 chars, #d6a8›Q==
    Basic YTp‹secret_0: 21 chars, #d6a8›k=
    Basic YWI6‹secret_0: 21 chars, #d6a8›
    Basic YWJjOm‹secret_0: 21 chars, #d6a8›Q==
    ");
}

#[test]
fn scan_names_the_label_and_nothing_else() {
    let redactor = knowing(&["correct horse battery"]);
    assert_eq!(redactor.scan("correct horse"), None);
    assert_eq!(
        redactor.scan("q=correct+horse+battery"),
        Some("secret_0".to_owned())
    );
    assert!(!format!("{redactor:?}").contains("horse"));
}

#[test]
fn a_secret_that_every_placeholder_spells_takes_the_whole_text_with_it() {
    let redactor = Redactor::new(KEY);
    redactor.learn("correct horse battery", "correct horse");
    insta::assert_snapshot!(redactor.redact("say correct horse"), @"‹withheld›");
}

#[test]
fn the_redactor_is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Redactor::new(KEY));
}

/// Secrets as they occur, and as nobody would make them.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9_-]{12,60}",
        "[ -~]{12,40}",
        "[%+\\\\/\"'0-9a-f]{12,40}",
        "\\PC{12,30}",
        proptest::collection::vec(any::<char>(), 12..30).prop_map(String::from_iter),
    ]
}

fn surroundings() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,20}", "[%+\\\\/\"'0-9a-fu]{0,9}", ".{0,20}"]
}

proptest! {
    #[test]
    fn a_planted_secret_never_survives(
        secret in secret(), other in secret(), before in surroundings(), after in surroundings(),
    ) {
        let redactor = knowing(&[&secret, &other]);
        for (name, planted) in encodings(&secret) {
            let text = format!("{before}{planted}{after}");
            let shown = redactor.redact(&text);
            prop_assert!(!shown.contains(&planted), "{}: {:?} became {:?}", name, text, shown);
            prop_assert_eq!(redactor.scan(&shown), None, "{}: {:?} became {:?}", name, text, shown);
            prop_assert!(redactor.scan(&text).is_some(), "{}: {:?}", name, text);
        }
    }

    #[test]
    fn text_without_secrets_stays_as_it_is(secret in "[A-M]{12,20}", text in "[^A-M]{0,80}") {
        prop_assert_eq!(knowing(&[&secret]).redact(&text), text);
    }

    #[test]
    fn the_text_around_a_secret_stays_as_it_is(secret in "[A-M]{12,20}", before in "[n-z ]{0,20}", after in "[n-z ]{0,20}") {
        let redactor = knowing(&[&secret]);
        let expected = format!("{before}{}{after}", redactor.placeholder("secret_0", &secret));
        prop_assert_eq!(redactor.redact(&format!("{before}{secret}{after}")), expected);
    }

    #[test]
    fn a_secret_prints_the_same_whatever_it_is(value: String) {
        let secret = Secret::new(value);
        prop_assert_eq!(format!("{secret}{secret:?}{secret:>40}{secret:#?}"), "‹secret›‹secret›‹secret›‹secret›");
    }
}

#[test]
fn what_stands_in_a_spared_text_is_no_secret() {
    let redactor = Redactor::new(KEY);
    redactor.spare("error: authorization_pending # ask \"again\" later");
    for word in [
        "authorization_pending",
        "ask \"again\" later",
        "ask \\\"again\\\" later",
        "not-applicable",
    ] {
        redactor.learn("mfa_token", word);
        let text = format!("it said {word}");
        assert_eq!(
            (redactor.redact(&text), redactor.scan(&text)),
            (text.clone(), None)
        );
    }
    // Longer than the word, it is one.
    redactor.learn("mfa_token", "authorization_pending_1");
    assert_eq!(
        redactor.scan("authorization_pending_1").as_deref(),
        Some("mfa_token")
    );
}

proptest! {
    /// However an endpoint chooses its tokens, a text that is to be spared is shown as it is.
    #[test]
    fn a_spared_text_is_never_touched(
        text in "[ -~]{20,60}",
        from in 0_usize..8,
        length in 12_usize..20,
        spelt in 0_usize..4,
    ) {
        let redactor = Redactor::new(KEY);
        redactor.spare(&text);
        let piece = &text[from..(from + length).min(text.len())];
        let decoded = match spelt {
            0 => Some(piece.as_bytes().to_vec()),
            1 => BASE64_NOPAD.decode(piece.as_bytes()).ok(),
            2 => BASE64URL_NOPAD.decode(piece.as_bytes()).ok(),
            _ => HEXLOWER.decode(piece.as_bytes()).ok(),
        };
        if let Some(secret) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
            redactor.learn("mfa_token", &secret);
        }
        prop_assert_eq!(redactor.redact(&text), text);
    }
}
