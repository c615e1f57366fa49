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
    insta::assert_snapshot!(reprint(text), @r#"
    any:       anything
    both:      null | array | object
      - array | map
        - time
        * integer
      member?: object
    constants: object
      "an odd\u0009name": "prompt"
      kinds:              null | uuid
    list:      array of array of null | object
      x: secret jwt
    scalars?:  null | boolean | number | string
    table:     map of array of url
    zero:      nothing
    "#);
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
    insta::assert_snapshot!(transcript, @r##"
    ""
        line 1, column 1: no shape here
    "# only this\n\n"
        line 1, column 1: no shape here
    "  a: string"
        line 1, column 3: indented by 2 instead of 0
    "a: string\n\tb: string"
        line 2, column 1: indented by a tab
    "a: object\n   b: string"
        line 2, column 4: indented by 3 instead of 2
    "a: string\n  b: string"
        line 2, column 3: nothing above takes this entry
    "a: string\na: integer"
        line 2, column 1: `a` stands here twice
    "a string"
        line 1, column 1: unknown word `a`
        hint: the words are anything, nothing, null, boolean, integer, number, string, uuid, url, jwt, time, secret, array, object, map
    "a: strng"
        line 1, column 4: unknown word `strng`
        hint: the words are anything, nothing, null, boolean, integer, number, string, uuid, url, jwt, time, secret, array, object, map
    "a: string | uuid"
        line 1, column 13: `string` stands here twice
    "a: integer | number"
        line 1, column 14: `number` stands here twice
    "a: string |"
        line 1, column 12: expected a shape
    "a:"
        line 1, column 3: expected a shape
    "a: | null"
        line 1, column 4: expected a shape
    "a: string string"
        line 1, column 11: expected `|` or the end of the line
    "a: \"unclosed"
        line 1, column 4: this quoted text is not a JSON string
        hint: escape a quote and a backslash with a backslash, a control character as `\u001b`
    "a: secret \"oob\""
        line 1, column 11: expected `string`, `uuid`, `url`, `jwt` or `time`
    "a: secret"
        line 1, column 10: expected `string`, `uuid`, `url`, `jwt` or `time`
    "a: anything | null"
        line 1, column 15: `anything` does not stand with others
    "a: array"
        line 1, column 1: no `- ` entry below this line
        hint: write `array of nothing` for an empty array
    "a: object | array of string"
        line 1, column 13: `array of` beside an array, an object or a map
        hint: write `array` alone, and what it holds as a `- ` entry below the line
    "a: array | map of string\n  - string"
        line 1, column 12: `map of` beside an array, an object or a map
        hint: write `map` alone, and what it holds as a `* ` entry below the line
    "a: map | object\n  * null"
        line 1, column 10: `object` stands here twice
    "a: array\n  - null\n  - null"
        line 3, column 3: `-` stands here twice
    "a: array of null\n  - null"
        line 2, column 3: nothing above takes this entry
    "ä: näll"
        line 1, column 4: unknown word `näll`
        hint: the words are anything, nothing, null, boolean, integer, number, string, uuid, url, jwt, time, secret, array, object, map
    "string\nstring"
        line 2, column 1: nothing above takes this entry
    "string\na: string"
        line 2, column 1: nothing above takes this entry
    "a: string\nstring"
        line 2, column 7: expected `:` after the member's name
    ": null"
        line 1, column 1: expected a shape
    "##);
}

/// Which of the one-letter strings of a reply a pattern makes constants.
#[test]
fn hints_find_their_places() {
    let reply =
        json!({ "a": { "kind": "u" }, "list": [{ "kind": "v", "0": "w" }], "a.b": "x", "*": "y" });
    let constants = |pattern: &str| {
        let shape = Shape::infer(&reply, &Hints::none().discriminating(pattern)).to_string();
        "uvwxy"
            .chars()
            .map(|value| {
                if shape.contains(&format!(" \"{value}\"")) {
                    value
                } else {
                    '-'
                }
            })
            .collect::<String>()
    };
    let patterns = [
        "a.kind",
        "*.kind",
        "list.0.kind",
        "list.*.*",
        r#"list.*."0""#,
        "list.*.0",
        "list.kind",
        r#""a.b""#,
        "a.b",
        r#""*""#,
        "*",
        "a.**",
        "**",
        "",
        "...",
        "\"unclosed",
    ];
    let table: String = patterns
        .iter()
        .map(|pattern| format!("{} {pattern}\n", constants(pattern)))
        .collect();
    insta::assert_snapshot!(table, @r#"
    u---- a.kind
    u---- *.kind
    -v--- list.0.kind
    -vw-- list.*.*
    --w-- list.*."0"
    ----- list.*.0
    ----- list.kind
    ---x- "a.b"
    ----- a.b
    ----y "*"
    ---xy *
    u---- a.**
    uvwxy **
    ----- 
    ----- ...
    ----- "unclosed
    "#);
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
