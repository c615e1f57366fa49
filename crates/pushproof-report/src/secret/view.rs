//! A text with its encoding undone, and the way back: [`View`].

use std::borrow::Cow;
use std::ops::Range;

/// A text as it reads decoded. Each byte remembers where in the original its spelling begins.
pub(super) struct View<'a> {
    bytes: Cow<'a, [u8]>,
    /// `None`: the text itself. Otherwise one start for each byte, and the length of the original.
    starts: Option<Vec<usize>>,
}

/// Writes what the head of a text spells and says how many bytes it took; 0 if it spells nothing special.
type Decoder = fn(&[u8], &mut Vec<u8>) -> usize;

impl<'a> View<'a> {
    /// The text itself, and each decoding that would change something.
    pub(super) fn all(text: &'a str) -> Vec<Self> {
        let text = text.as_bytes();
        let mut views = vec![Self {
            bytes: Cow::Borrowed(text),
            starts: None,
        }];
        let decoders: [(u8, Decoder); 3] = [(b'%', percent), (b'+', form), (b'\\', json)];
        for (sign, decoder) in decoders {
            if text.contains(&sign) {
                views.push(Self::decode(text, decoder));
            }
        }
        views
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where a stretch of the view stands in the original.
    pub(super) fn original(&self, at: Range<usize>) -> Range<usize> {
        match &self.starts {
            None => at,
            Some(starts) => starts[at.start]..starts[at.end],
        }
    }

    fn decode(text: &[u8], decoder: Decoder) -> Self {
        let mut bytes = Vec::with_capacity(text.len());
        let mut starts = Vec::with_capacity(text.len() + 1);
        let mut at = 0;
        while at < text.len() {
            let start = at;
            at += match decoder(&text[at..], &mut bytes) {
                0 => {
                    bytes.push(text[at]);
                    1
                }
                taken => taken,
            };
            starts.resize(bytes.len(), start);
        }
        starts.push(text.len());
        Self {
            bytes: Cow::Owned(bytes),
            starts: Some(starts),
        }
    }
}

/// `%2F` (RFC 3986 section 2.1).
fn percent(text: &[u8], out: &mut Vec<u8>) -> usize {
    let [b'%', high, low, ..] = *text else {
        return 0;
    };
    let (Some(high), Some(low)) = (digit(high), digit(low)) else {
        return 0;
    };
    out.push((high * 16 + low) as u8);
    3
}

/// `application/x-www-form-urlencoded`: `%2F`, and `+` for a space.
fn form(text: &[u8], out: &mut Vec<u8>) -> usize {
    if text[0] == b'+' {
        out.push(b' ');
        return 1;
    }
    percent(text, out)
}

/// `\n`, `\/`, `\u00fc`, `\ud83d\ude00` (RFC 8259 section 7).
fn json(text: &[u8], out: &mut Vec<u8>) -> usize {
    let [b'\\', sign, ..] = *text else { return 0 };
    let plain = match sign {
        b'"' | b'\\' | b'/' => sign,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return json_unicode(text, out),
        _ => return 0,
    };
    out.push(plain);
    2
}

fn json_unicode(text: &[u8], out: &mut Vec<u8>) -> usize {
    let Some(first) = code_unit(text) else {
        return 0;
    };
    let pair = [first, code_unit(&text[6..]).unwrap_or_default()];
    let Some(Ok(letter)) = char::decode_utf16(pair).next() else {
        return 0;
    };
    out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    6 * letter.len_utf16()
}

/// The UTF-16 code unit that `\u00fc` at the head of the text spells.
fn code_unit(text: &[u8]) -> Option<u16> {
    let [b'\\', b'u', a, b, c, d, ..] = *text else {
        return None;
    };
    [a, b, c, d]
        .into_iter()
        .try_fold(0, |unit, sign| Some(unit * 16 + digit(sign)? as u16))
}

fn digit(sign: u8) -> Option<u32> {
    char::from(sign).to_digit(16)
}
