//! Colour, and text that fits: [`Paint`], [`wrap`], [`shorten`].

use anstyle::{AnsiColor, Effects, Style as Ansi};

use super::Style;
use crate::{Verdict, sanitize};

/// The longest text of an endpoint or a scenario that a line is made of.
const CHARS_MAX: usize = 2000;

/// Text fit for a terminal.
pub(super) fn visible(text: &str) -> String {
    sanitize(text, CHARS_MAX)
}

/// Paints words, if the style wants colour.
pub(super) struct Paint {
    color: bool,
}

impl Paint {
    pub(super) fn new(style: &Style) -> Self {
        Self { color: style.color }
    }

    /// A word of a verdict in its colour.
    pub(super) fn verdict(&self, verdict: Verdict, word: &str) -> String {
        self.with(verdict_style(verdict), word)
    }

    pub(super) fn strong(&self, word: &str) -> String {
        self.with(Ansi::new().bold(), word)
    }

    pub(super) fn faint(&self, word: &str) -> String {
        self.with(Ansi::new().dimmed(), word)
    }

    fn with(&self, ansi: Ansi, word: &str) -> String {
        match self.color {
            true => format!("{ansi}{word}{ansi:#}"),
            false => word.to_owned(),
        }
    }
}

pub(super) fn verdict_style(verdict: Verdict) -> Ansi {
    let (color, effects) = match verdict {
        Verdict::Fail => (AnsiColor::Red, Effects::BOLD),
        Verdict::Flaky => (AnsiColor::Magenta, Effects::BOLD),
        Verdict::Warn => (AnsiColor::Yellow, Effects::BOLD),
        Verdict::Known => (AnsiColor::Cyan, Effects::new()),
        Verdict::Inconclusive | Verdict::CouldNotRun => (AnsiColor::Yellow, Effects::new()),
        Verdict::Pass => (AnsiColor::Green, Effects::new()),
        Verdict::NotApplicable => (AnsiColor::White, Effects::DIMMED),
    };
    color.on_default() | effects
}

/// The text in lines of at most `width` characters, broken at spaces; a longer word is broken anywhere.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(20);
    let mut lines = vec![String::new()];
    let mut room = width;
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        if room < width {
            if word.len() < room {
                lines.last_mut().expect("never empty").push(' ');
                room -= 1;
            } else {
                lines.push(String::new());
                room = width;
            }
        }
        while word.len() > room {
            let rest = word.split_off(room);
            lines.last_mut().expect("never empty").extend(word);
            lines.push(String::new());
            room = width;
            word = rest;
        }
        room -= word.len();
        lines.last_mut().expect("never empty").extend(word);
    }
    lines
}

/// The text in at most `width` characters, with `…` for what is left out.
pub(super) fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_wrap_and_long_words_break() {
        let wrapped = wrap(
            "one two three four five sixseveneightnineteneleven twelve",
            20,
        );
        insta::assert_snapshot!(wrapped.join("\n"), @"
        one two three four
        five
        sixseveneightnineten
        eleven twelve
        ");
    }

    proptest! {
        #[test]
        fn wrapping_fits_and_loses_nothing_but_spaces(text in "[a-zß ]{0,200}", width in 20_usize..60) {
            let lines = wrap(&text, width);
            prop_assert!(lines.iter().all(|line| line.chars().count() <= width), "{lines:?}");
            let letters = |text: &str| text.replace(' ', "");
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }

        #[test]
        fn a_shortened_text_fits(text in ".{0,50}", width in 1_usize..50) {
            prop_assert!(shorten(&text, width).chars().count() <= width);
        }
    }
}
