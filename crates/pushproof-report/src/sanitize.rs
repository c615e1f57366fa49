//! Text that came from an endpoint is hostile: [`sanitize`] makes it fit for a terminal and for a line.

use std::fmt::Write;

/// The text with everything that could act on a terminal or hide from a reader made visible, and bounded.
///
/// Control characters (so: terminal escapes, carriage returns, line ends) become `\u{1b}`, `\r`, `\n`; so do
/// bidirectional controls, which reorder what a person reads, and characters of no width. At most
/// `chars_max` characters of the text are kept; then ` … (N more characters)` says how many are not.
///
/// ```
/// # use pushproof_report::sanitize;
/// assert_eq!(sanitize("\u{1b}[2Jgone\r\n", 80), r"\u{1b}[2Jgone\r\n");
/// assert_eq!(sanitize("abcdefgh", 3), "abc… (5 more characters)");
/// ```
pub fn sanitize(text: &str, chars_max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(chars_max));
    for letter in text.chars().take(chars_max) {
        match letter {
            '\n' | '\r' | '\t' => out.extend(letter.escape_default()),
            _ if acts(letter) => out.extend(letter.escape_unicode()),
            _ => out.push(letter),
        }
    }
    let more = text.chars().skip(chars_max).count();
    if more > 0 {
        write!(out, "… ({more} more characters)").expect("writing to a string cannot fail");
    }
    out
}

/// Whether a character does something instead of showing something.
pub(crate) fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}'                                                          // soft hyphen
            | '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' // bidi
            | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{feff}'             // no width
            | '\u{2028}'..='\u{2029}'                                         // line and paragraph separators
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'             // annotations, tags
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_acts_becomes_visible() {
        let shown = |text| sanitize(text, 100);
        insta::assert_snapshot!(shown("plain ünïcode ✓ ‹secret›"), @"plain ünïcode ✓ ‹secret›");
        insta::assert_snapshot!(shown("\u{1b}]0;owned\u{7}"), @r"\u{1b}]0;owned\u{7}");
        insta::assert_snapshot!(shown("\u{9b}31m"), @r"\u{9b}31m");
        insta::assert_snapshot!(shown("user\u{202e}gpj.exe"), @r"user\u{202e}gpj.exe");
        insta::assert_snapshot!(shown("a\u{200b}b\u{feff}\tc\n"), @r"a\u{200b}b\u{feff}\tc\n");
    }

    proptest! {
        #[test]
        fn no_character_acts_and_the_length_is_bounded(text: String, chars_max in 0_usize..50) {
            let shown = sanitize(&text, chars_max);
            prop_assert!(!shown.chars().any(acts), "{:?}", shown);
            prop_assert!(shown.chars().count() <= chars_max * 9 + 40);
        }

        #[test]
        fn what_is_fit_already_stays_as_it_is(text in "[a-zäöü ✓]{0,40}") {
            prop_assert_eq!(sanitize(&text, 40), text);
        }

        #[test]
        fn twice_is_once(text: String) {
            let once = sanitize(&text, usize::MAX);
            prop_assert_eq!(sanitize(&once, usize::MAX), once);
        }
    }
}
