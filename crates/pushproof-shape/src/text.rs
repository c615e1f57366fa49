//! [`Kind`]: the kinds of string worth telling apart; and what a shape says about a string.
//!
//! The kinds form a tree: a constant lies below the kind that it has, every kind below `string`. So two constants join
//! in their kind if they share one, else in `string`.

use std::fmt;

/// A kind of string, decided by its form alone.
///
/// Only forms that a service does not leave by accident are kinds. Codes and identifiers of a vendor's own are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Any string.
    String,
    /// `8-4-4-4-12` hexadecimal digits (RFC 9562 §4).
    Uuid,
    /// A scheme, `://` and something behind it without blanks or control characters (RFC 3986 §3); `otpauth://` counts.
    Url,
    /// Three base64url parts joined by dots, the first a JSON object (RFC 7519 §3, compact JWS). The last may be empty.
    Jwt,
    /// A date and time with offset (RFC 3339 §5.6).
    Time,
}

impl Kind {
    /// The kinds in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::String, Self::Uuid, Self::Url, Self::Jwt, Self::Time];

    /// The narrowest kind that a string has.
    pub fn of(text: &str) -> Self {
        if is_uuid(text) {
            Self::Uuid
        } else if is_time(text) {
            Self::Time
        } else if is_jwt(text) {
            Self::Jwt
        } else if is_url(text) {
            Self::Url
        } else {
            Self::String
        }
    }

    /// The word for it in the notation.
    pub fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Uuid => "uuid",
            Self::Url => "url",
            Self::Jwt => "jwt",
            Self::Time => "time",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether every string of the other kind is of this one.
    pub(crate) fn covers(self, other: Self) -> bool {
        self == Self::String || self == other
    }

    fn join(self, other: Self) -> Self {
        if self == other { self } else { Self::String }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a shape says about the strings at a place. A secret is never a constant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Text {
    pub(crate) secret: bool,
    pub(crate) says: Says,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Says {
    Constant(String),
    Kind(Kind),
}

impl Says {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Constant(constant) => Kind::of(constant),
            Self::Kind(kind) => *kind,
        }
    }

    /// Whether every string that the other admits is admitted here.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match self {
            Self::Constant(_) => self == other,
            Self::Kind(kind) => kind.covers(other.kind()),
        }
    }
}

impl Text {
    pub(crate) fn of_kind(kind: Kind) -> Self {
        Self {
            secret: false,
            says: Says::Kind(kind),
        }
    }

    pub(crate) fn join(self, other: Self) -> Self {
        let secret = self.secret || other.secret;
        if self.says == other.says && !secret {
            return self;
        }
        // `says` may still be a constant where it meets a secret: it is dropped for its kind
        Self {
            secret,
            says: Says::Kind(self.says.kind().join(other.says.kind())),
        }
    }

    pub(crate) fn admits(&self, text: &str) -> bool {
        match &self.says {
            Says::Constant(constant) => constant == text,
            Says::Kind(kind) => kind.covers(Kind::of(text)),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !rest.is_empty()
        && !rest.contains(|char: char| char.is_whitespace() || char.is_control())
}

fn is_jwt(text: &str) -> bool {
    // `{"` in base64url, with which every JOSE header begins
    if !text.starts_with("eyJ") {
        return false;
    }
    let mut parts = text.split('.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let is_base64url = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    !claims.is_empty() && [header, claims, signature].into_iter().all(is_base64url)
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !text.is_ascii() || !(20..=40).contains(&bytes.len()) {
        return false;
    }
    let (date_time, rest) = bytes.split_at(19);
    matches_pattern(date_time, b"dddd-dd-ddTdd:dd:dd")
        && in_range(&date_time[5..7], 1, 12)
        && in_range(&date_time[8..10], 1, 31)
        && in_range(&date_time[11..13], 0, 23)
        && in_range(&date_time[14..16], 0, 59)
        && in_range(&date_time[17..19], 0, 60)
        && is_offset(without_fraction(rest))
}

/// `.` and digits taken off the front; untouched if there is a dot without digits, which is no offset.
fn without_fraction(rest: &[u8]) -> &[u8] {
    let Some(fraction) = rest.strip_prefix(b".") else {
        return rest;
    };
    let digits = fraction
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if digits == 0 {
        rest
    } else {
        &fraction[digits..]
    }
}

fn is_offset(offset: &[u8]) -> bool {
    match offset {
        b"Z" | b"z" => true,
        [b'+' | b'-', clock @ ..] => {
            matches_pattern(clock, b"dd:dd")
                && in_range(&clock[..2], 0, 23)
                && in_range(&clock[3..], 0, 59)
        }
        _ => false,
    }
}

/// `d` stands for a digit; `T` also for `t` (RFC 3339 §5.6).
fn matches_pattern(text: &[u8], pattern: &[u8]) -> bool {
    text.len() == pattern.len()
        && text
            .iter()
            .zip(pattern)
            .all(|(byte, expected)| match expected {
                b'd' => byte.is_ascii_digit(),
                b'T' => byte.eq_ignore_ascii_case(&b'T'),
                _ => byte == expected,
            })
}

fn in_range(digits: &[u8], least: u32, most: u32) -> bool {
    let number = digits
        .iter()
        .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    (least..=most).contains(&number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_form() {
        let texts = [
            "oob",
            "",
            "123456",
            "Fe26.2*SERVER_1700000000*6b0c*Qm*Zk*1700000600000*9f*Xy",
            "push|dev_0123456789abcdef",
            "3F2504E0-4F89-11D3-9A0C-0305E82C3301",
            "3F2504E0_4F89-11D3-9A0C-0305E82C3301",
            "3F2504E0-4F89-11D3-9A0C-0305E82C330ß",
            "otpauth://totp/Acme%20Test:ada%40example.com?base_url=x",
            "https://",
            "see https://example.com",
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
            "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln",
            "eyJhbGciOiJkaXIifQ..aXY.Y3Q.dGFn",
            "eyJ…",
            "2026-11-24T06:58:02Z",
            "2026-11-24t06:58:02.123456+01:00",
            "2026-11-24T06:58:02.Z",
            "2026-13-24T06:58:02Z",
            "2026-11-24T06:58:02",
            "2026-11-24",
        ];
        let table: String = texts
            .iter()
            .map(|text| format!("{:<7} {text}\n", Kind::of(text).word()))
            .collect();
        insta::assert_snapshot!(table, @"
        string  oob
        string  
        string  123456
        string  Fe26.2*SERVER_1700000000*6b0c*Qm*Zk*1700000600000*9f*Xy
        string  push|dev_0123456789abcdef
        uuid    3F2504E0-4F89-11D3-9A0C-0305E82C3301
        string  3F2504E0_4F89-11D3-9A0C-0305E82C3301
        string  3F2504E0-4F89-11D3-9A0C-0305E82C330ß
        url     otpauth://totp/Acme%20Test:ada%40example.com?base_url=x
        string  https://
        string  see https://example.com
        jwt     eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.
        jwt     eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln
        string  eyJhbGciOiJkaXIifQ..aXY.Y3Q.dGFn
        string  eyJ…
        time    2026-11-24T06:58:02Z
        time    2026-11-24t06:58:02.123456+01:00
        string  2026-11-24T06:58:02.Z
        string  2026-13-24T06:58:02Z
        string  2026-11-24T06:58:02
        string  2026-11-24
        ");
    }
}
