//! The notation: every construct once, and what is said about a text that is no shape.

use proptest::prelude::*;
use pushproof_shape::{Hints, Shape};
use serde_json::json;

fn reprint(text: &str) -> String {
    let shape: Shape = text.parse().unwrap();
    shape.to_string()
}

#[test]
fn everything_there_is() {
    let text = r#"
# scenarios/shapes/everything.shape
zero: nothing
any:anything
scalars?: string | number | boolean | null
constants:     object
  "an odd\tname": "prompt"
  kinds: null | uuid
list: array of array of null | object
  x: secret jwt
table: map of array of url
both: object | array | null
  - array | map
    - time
    * integer
  member?: object
"#;
    insta::assert_snapshot!(reprint(text), @"");
}

#[test]
fn tops_that_are_no_plain_object() {
    for text in [
        "nothing\n",
        "anything\n",
        "object\n",
        "array of nothing\n",
        "map of null\n",
        "\"oob\"\n",
        "null | object\n  a: null\n",
    ] {
        assert_eq!(reprint(text), text);
    }
}

#[test]
fn a_text_with_every_mistake() {
    let texts = [
        "",
        "# only this\n\n",
        "  a: string",
        "a: string\n\tb: string",
        "a: object\n   b: string",
        "a: string\n  b: string",
        "a: string\na: integer",
        "a string",
        "a: strng",
        "a: string | uuid",
        "a: integer | number",
        "a: string |",
        "a:",
        "a: | null",
        "a: string string",
        "a: \"unclosed",
        "a: secret \"oob\"",
        "a: secret",
        "a: anything | null",
        "a: array",
        "a: object | array of string",
        "a: array | map of string\n  - string",
        "a: map | object\n  * null",
        "a: array\n  - null\n  - null",
        "a: array of null\n  - null",
        "ä: näll",
        "string\nstring",
        "string\na: string",
        "a: string\nstring",
        ": null",
    ];
    let mut transcript = String::new();
    for text in texts {
        let error = text.parse::<Shape>().unwrap_err();
        transcript.push_str(&format!("{text:?}\n    {error}\n"));
        if let Some(hint) = error.hint() {
            transcript.push_str(&format!("    hint: {hint}\n"));
        }
    }
    insta::assert_snapshot!(transcript, @"");
}

#[test]
fn hints_find_their_places() {
    let reply =
        json!({ "a": { "kind": "x" }, "list": [{ "kind": "y", "0": "z" }], "a.b": "c", "*": "d" });
    let check =
        |pattern: &str| Shape::infer(&reply, &Hints::none().discriminating(pattern)).to_string();
    let constants = |pattern: &str| {
        check(pattern)
            .split('"')
            .skip(1)
            .filter(|part| part.len() == 1 && *part != "*")
            .collect::<Vec<_>>()
            .join(" ")
    };
    let patterns = [
        "a.kind",
        "*.kind",
        "list.0.kind",
        "list.*.*",
        r#"list.*."0""#,
        r#""a.b""#,
        "a.b",
        r#""*""#,
        "*",
        "a.**",
        "**",
        "",
        "list.kind",
    ];
    let table: String = patterns
        .iter()
        .map(|pattern| format!("{pattern:<12} {}\n", constants(pattern)))
        .collect();
    insta::assert_snapshot!(table, @"");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1024) })]

    #[test]
    fn no_text_makes_the_parser_panic(text in "([a-c]|array|map|object| of |secret |null|string|[:?|*\"\\\\ -]|\n|\n  |\n    |\u{e9}|\t){0,30}") {
        match text.parse::<Shape>() {
            // whatever is read can be printed and read again
            Ok(shape) => prop_assert_eq!(shape.to_string().parse(), Ok(shape)),
            Err(error) => prop_assert!(error.line as usize <= text.lines().count().max(1)),
        }
    }

    #[test]
    fn no_arbitrary_text_makes_the_parser_panic(text in "\\PC{0,40}") {
        let _ = text.parse::<Shape>();
    }
}
