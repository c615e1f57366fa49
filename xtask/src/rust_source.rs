//! Just enough of Rust's surface to tell code, text and comments apart: [`tokens`], [`without_tests`], [`functions`].

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A name or a keyword; of a raw one the name.
    Word,
    /// What stands between the quotes of a string, escapes as written.
    Text,
    /// A comment with its marks; doc comments are comments.
    Comment,
    /// One character of punctuation.
    Mark,
    /// A number, a character or a lifetime.
    Other,
}

/// A piece of source text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    /// 1-based, where it begins.
    pub(crate) line: usize,
    /// 1-based, where it ends.
    pub(crate) line_end: usize,
}

impl Token<'_> {
    fn is_mark(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.text == mark
    }

    fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text == word
    }
}

/// The tokens of a file. Never fails: what is not Rust comes out as marks and words.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = source;
    let mut line = 1;
    while let Some(c) = rest.chars().next() {
        let (kind, len) = if c.is_whitespace() {
            (None, c.len_utf8())
        } else {
            shape_of(rest, c)
        };
        let (piece, tail) = rest.split_at(len);
        let line_end = line + piece.matches('\n').count();
        if let Some(kind) = kind {
            let text = match kind {
                Kind::Text => between_quotes(piece),
                Kind::Word => piece.strip_prefix("r#").unwrap_or(piece),
                _ => piece,
            };
            tokens.push(Token {
                kind,
                text,
                line,
                line_end,
            });
        }
        (rest, line) = (tail, line_end);
    }
    tokens
}

/// Kind and length in bytes of the token that begins `rest` with `c`.
fn shape_of(rest: &str, c: char) -> (Option<Kind>, usize) {
    if rest.starts_with("//") {
        return (Some(Kind::Comment), rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Some(Kind::Comment), block_comment(rest));
    }
    if let Some(len) = string(rest) {
        return (Some(Kind::Text), len);
    }
    if c == '\'' || rest.starts_with("b'") {
        return (Some(Kind::Other), character_or_lifetime(rest));
    }
    if c.is_numeric() {
        return (Some(Kind::Other), word_length(rest));
    }
    if rest.starts_with("r#") && rest[2..].starts_with(is_word_char) {
        return (Some(Kind::Word), 2 + word_length(&rest[2..]));
    }
    if is_word_char(c) {
        return (Some(Kind::Word), word_length(rest));
    }
    (Some(Kind::Mark), c.len_utf8())
}

fn is_word_char(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn word_length(rest: &str) -> usize {
    rest.find(|c| !is_word_char(c)).unwrap_or(rest.len())
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a string literal of any kind, if one begins here.
fn string(rest: &str) -> Option<usize> {
    let after_prefix = rest.strip_prefix(['b', 'c']).unwrap_or(rest);
    if let Some(raw) = after_prefix.strip_prefix('r') {
        let n_hashes = raw.len() - raw.trim_start_matches('#').len();
        let body = raw[n_hashes..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(n_hashes));
        let end = body.find(&close).map_or(body.len(), |at| at + close.len());
        return Some(rest.len() - body.len() + end);
    }
    let body = after_prefix.strip_prefix('"')?;
    Some(rest.len() - body.len() + until_quote(body, '"'))
}

/// The length up to and with the quote that is not escaped.
fn until_quote(body: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    body.len()
}

fn character_or_lifetime(rest: &str) -> usize {
    let prefix = if rest.starts_with('b') { 2 } else { 1 };
    let body = &rest[prefix..];
    let first = body.chars().next().map_or(0, char::len_utf8);
    if body.starts_with('\\') || body[first..].starts_with('\'') {
        return prefix + until_quote(body, '\'');
    }
    prefix + word_length(body)
}

fn between_quotes(literal: &str) -> &str {
    let begin = literal.find('"').map_or(0, |at| at + 1);
    let body = &literal[begin..];
    let body = body.trim_end_matches('#');
    body.strip_suffix('"').unwrap_or(body)
}

/// What is left of a file without its tests.
pub(crate) struct WithoutTests<'a> {
    /// The tokens that are built into the product.
    pub(crate) tokens: Vec<Token<'a>>,
    /// Names of the modules in files of their own that only tests build (`#[cfg(test)] mod NAME;`).
    pub(crate) test_modules: Vec<&'a str>,
}

/// Takes away what only a test build sees: items under `#[cfg(test)]` or `#[test]`, and everything in a file that says
/// `#![cfg(test)]`.
pub(crate) fn without_tests<'a>(tokens: &[Token<'a>]) -> WithoutTests<'a> {
    let code: Vec<Token<'a>> = tokens
        .iter()
        .copied()
        .filter(|token| token.kind != Kind::Comment)
        .collect();
    let mut left = WithoutTests {
        tokens: Vec::new(),
        test_modules: Vec::new(),
    };
    let mut at = 0;
    while at < code.len() {
        let Some(attribute) = attribute(&code[at..]) else {
            left.tokens.push(code[at]);
            at += 1;
            continue;
        };
        if !attribute.is_test {
            left.tokens.extend(&code[at..at + attribute.len]);
            at += attribute.len;
        } else if attribute.is_inner {
            left.tokens.clear();
            break;
        } else {
            at += attribute.len;
            let item = item(&code[at..]);
            left.test_modules.extend(module_in_its_own_file(item));
            at += item.len();
        }
    }
    left
}

struct Attribute {
    len: usize,
    is_inner: bool,
    is_test: bool,
}

/// The attribute that begins here, if one does.
fn attribute(code: &[Token<'_>]) -> Option<Attribute> {
    let is_inner = code.get(1).is_some_and(|token| token.is_mark("!"));
    let open = if is_inner { 2 } else { 1 };
    if !code.first()?.is_mark("#") || !code.get(open)?.is_mark("[") {
        return None;
    }
    let len = open + bracketed(&code[open..]);
    let body = &code[open + 1..len - 1];
    let names_test = body.iter().any(|token| token.is_word("test"));
    let is_test = match body.first() {
        Some(first) if first.is_word("cfg") => {
            names_test && !body.iter().any(|token| token.is_word("not"))
        }
        Some(first) => first.is_word("test") && body.len() == 1,
        None => false,
    };
    Some(Attribute {
        len,
        is_inner,
        is_test,
    })
}

/// The item after an attribute, further attributes included: up to its closing brace, its semicolon, or, for a field or
/// a variant, its comma.
fn item<'s, 'a>(code: &'s [Token<'a>]) -> &'s [Token<'a>] {
    const BEGINS_ITEM: &[&str] = &[
        "pub",
        "fn",
        "mod",
        "use",
        "struct",
        "enum",
        "impl",
        "trait",
        "const",
        "static",
        "type",
        "async",
        "unsafe",
        "extern",
        "macro_rules",
        "let",
    ];
    let mut at = 0;
    while let Some(attribute) = attribute(&code[at..]) {
        at += attribute.len;
    }
    let ends_at_comma = !code
        .get(at)
        .is_some_and(|token| BEGINS_ITEM.contains(&token.text));
    while let Some(token) = code.get(at) {
        match token.text {
            _ if token.kind != Kind::Mark => at += 1,
            "{" => return &code[..at + bracketed(&code[at..])],
            "(" | "[" => at += bracketed(&code[at..]),
            ";" => return &code[..=at],
            "," if ends_at_comma => return &code[..=at],
            "}" | ")" | "]" => break,
            _ => at += 1,
        }
    }
    &code[..at]
}

/// The number of tokens from an opening bracket to its partner, both included.
fn bracketed(code: &[Token<'_>]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in code
        .iter()
        .enumerate()
        .filter(|(_, token)| token.kind == Kind::Mark)
    {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

fn module_in_its_own_file<'a>(item: &[Token<'a>]) -> Option<&'a str> {
    let at = item.iter().position(|token| token.is_word("mod"))?;
    item.get(at + 2).filter(|token| token.is_mark(";"))?;
    Some(item[at + 1].text)
}

/// A function with a body.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Function<'a> {
    pub(crate) name: &'a str,
    /// 1-based, of the word `fn`.
    pub(crate) line: usize,
    /// From the word `fn` to the closing brace.
    pub(crate) n_lines: usize,
}

/// The functions of a file, inner ones too.
pub(crate) fn functions<'a>(tokens: &[Token<'a>]) -> Vec<Function<'a>> {
    let code: Vec<Token<'a>> = tokens
        .iter()
        .copied()
        .filter(|token| token.kind != Kind::Comment)
        .collect();
    let mut functions = Vec::new();
    for (at, pair) in code.windows(2).enumerate() {
        if pair[0].is_word("fn") && pair[1].kind == Kind::Word {
            let item = item(&code[at..]);
            if let Some(last) = item.last().filter(|token| token.is_mark("}")) {
                let n_lines = last.line_end - pair[0].line + 1;
                functions.push(Function {
                    name: pair[1].text,
                    line: pair[0].line,
                    n_lines,
                });
            }
        }
    }
    functions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &[&str]) {
        let shown: Vec<_> = tokens(source)
            .iter()
            .map(|token| format!("{:?} {}", token.kind, token.text))
            .collect();
        assert_eq!(shown, expected);
    }

    fn left(source: &str) -> String {
        let tokens = tokens(source);
        let left = without_tests(&tokens).tokens;
        left.iter()
            .map(|token| token.text)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn strings_are_told_from_comments() {
        check(
            "\"// no\" // \"yes\"\nx",
            &["Text // no", "Comment // \"yes\"", "Word x"],
        );
        check(
            "/* a /* b */ \" */ x",
            &["Comment /* a /* b */ \" */", "Word x"],
        );
        check(r#""a\"b" b"c" "#, &[r#"Text a\"b"#, "Text c"]);
    }

    #[test]
    fn raw_strings_end_where_their_hashes_do() {
        check(
            r###"r#"a"b"# r"c\" br##"d"#"## x"###,
            &["Text a\"b", "Text c\\", "Text d\"#", "Word x"],
        );
        check("r#type", &["Word type"]);
    }

    #[test]
    fn characters_are_told_from_lifetimes() {
        check(
            "'\"' 'a '\\'' b'x' 'é' x",
            &[
                "Other '\"'",
                "Other 'a",
                "Other '\\''",
                "Other b'x'",
                "Other 'é'",
                "Word x",
            ],
        );
    }

    #[test]
    fn lines_are_counted_through_texts_and_comments() {
        let tokens = tokens("/*\n*/ \"\n\n\" x");
        let lines: Vec<_> = tokens
            .iter()
            .map(|token| (token.line, token.line_end))
            .collect();
        assert_eq!(lines, [(1, 2), (2, 4), (4, 4)]);
    }

    #[test]
    fn test_items_go_and_the_rest_stays() {
        assert_eq!(
            left("fn a() {} #[cfg(test)] mod tests { fn b() {} } fn c() {}"),
            "fn a ( ) { } fn c ( ) { }"
        );
        assert_eq!(
            left(
                "#[cfg(all(test, unix))] #[expect(x)] pub fn b<A, B>(a: A) { b } const C: u8 = 1;"
            ),
            "const C : u8 = 1 ;"
        );
        assert_eq!(left("#[cfg(test)] const A: [u8; 2] = [1, 2]; x"), "x");
        assert_eq!(
            left("struct S { #[cfg(test)] a: (u8, u8), b: u8 }"),
            "struct S { b : u8 }"
        );
        assert_eq!(
            left("struct S { a: u8, #[cfg(test)] b: u8 } y"),
            "struct S { a : u8 , } y"
        );
        assert_eq!(left("#[test] fn a() {} x"), "x");
    }

    #[test]
    fn what_tests_lack_and_products_have_stays() {
        assert_eq!(
            left("#[cfg(not(test))] fn a() {}"),
            "# [ cfg ( not ( test ) ) ] fn a ( ) { }"
        );
        assert_eq!(left("#[test_case(1)] x"), "# [ test_case ( 1 ) ] x");
    }

    #[test]
    fn a_file_for_tests_only_is_empty() {
        assert_eq!(left("//! x\n#![cfg(test)]\nfn a() {}"), "");
    }

    #[test]
    fn test_modules_in_their_own_files_are_named() {
        let tokens = tokens(
            "#[cfg(test)]\nmod tests;\n#[cfg(test)] pub(crate) mod helpers; mod product; #[cfg(test)] mod inline {}",
        );
        assert_eq!(without_tests(&tokens).test_modules, ["tests", "helpers"]);
    }

    #[test]
    fn functions_are_measured() {
        let source = "fn a(x: [u8; 2]) -> impl Fn(u8)\nwhere X: Y,\n{\n  fn b() {}\n}\ntrait T { fn c(&self); }\ntype F = fn(u8);";
        let found: Vec<_> = functions(&tokens(source))
            .iter()
            .map(|f| format!("{} {} {}", f.name, f.line, f.n_lines))
            .collect();
        assert_eq!(found, ["a 1 5", "b 4 1"]);
    }

    #[test]
    fn anything_can_be_cut_anywhere() {
        let source = "/* é */ r#\"a\"# b'\\'' \"\\\" ' #[cfg(test)] mod { fn x(";
        for end in (0..=source.len()).filter(|end| source.is_char_boundary(*end)) {
            let tokens = tokens(&source[..end]);
            functions(&tokens);
            without_tests(&tokens);
        }
    }
}
