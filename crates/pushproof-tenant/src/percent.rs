//! Forms and percent escapes: [`form_pairs`], [`form_decode`], [`percent_decode`], [`percent_encode`].
//!
//! Every poll brings a form of 3 kB, nearly all of it two long tokens, so octets that mean only themselves are looked at sixteen at a time.

/// Octets that are looked at together.
const TOGETHER: usize = 16;

/// The names and values of a form, not decoded. A name without `=` has an empty value.
pub(crate) fn form_pairs(form: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = form;
    let pairs = std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (pair, after) = rest.split_at(len_before(rest, |octet| octet == b'&'));
        rest = after.get(1..).unwrap_or_default();
        Some(pair)
    });
    pairs.filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_at(len_before(pair, |octet| octet == b'='));
        (name, value.get(1..).unwrap_or_default())
    })
}

/// Decodes one name or value of a form: `+` is a space; else as [`percent_decode`].
pub(crate) fn form_decode(text: &[u8]) -> Option<String> {
    decode(text, b' ')
}

/// Decodes percent escapes; `None` when they are cut short, are no hexadecimal or give no UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    decode(text.as_bytes(), b'+')
}

fn decode(text: &[u8], plus: u8) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        let plain = len_before(rest, |octet| octet == b'%' || octet == b'+');
        let (plain, special) = rest.split_at(plain);
        decoded.extend_from_slice(plain);
        rest = match special {
            [] => break,
            [b'+', after @ ..] => {
                decoded.push(plus);
                after
            }
            [_, high, low, after @ ..] => {
                decoded.push(digit(*high)? << 4 | digit(*low)?);
                after
            }
            _ => return None,
        };
    }
    String::from_utf8(decoded).ok()
}

/// How many octets stand before the first special one.
fn len_before(octets: &[u8], is_special: impl Fn(u8) -> bool) -> usize {
    let (chunks, _) = octets.as_chunks::<TOGETHER>();
    // Without an early end within a chunk, which makes it a few instructions for all of it.
    let is_plain = |chunk: &&[u8; TOGETHER]| {
        let special = chunk.iter().map(|octet| u8::from(is_special(*octet)));
        special.fold(0, |any, special| any | special) == 0
    };
    let len = chunks.iter().take_while(is_plain).count() * TOGETHER;
    let rest = octets[len..].iter();
    len + rest.take_while(|octet| !is_special(**octet)).count()
}

fn digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).map(|digit| digit as u8)
}

/// Encodes all but the unreserved characters of RFC 3986.
pub(crate) fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            encoded.push(char::from(octet));
        } else {
            encoded += &format!("%{octet:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As slow and plain as can be.
    fn plainly(text: &str) -> Option<String> {
        let mut octets = text.bytes();
        let mut decoded = Vec::new();
        while let Some(octet) = octets.next() {
            decoded.push(match octet {
                b'+' => b' ',
                b'%' => {
                    let hex = [octets.next()?, octets.next()?];
                    let hex = str::from_utf8(&hex).ok()?;
                    let is_hex = hex.bytes().all(|octet| octet.is_ascii_hexdigit());
                    u8::from_str_radix(hex, 16).ok().filter(|_| is_hex)?
                }
                octet => octet,
            });
        }
        String::from_utf8(decoded).ok()
    }

    proptest! {
        #[test]
        fn percent_coding_is_reversible(text in ".{0,40}") {
            prop_assert_eq!(percent_decode(&percent_encode(&text)), Some(text));
        }

        #[test]
        fn what_is_looked_at_together_reads_as_one_by_one(text in "([a-z]{0,20}|[+&=]|%[0-9a-f+]{0,2}|.){0,12}") {
            prop_assert_eq!(form_decode(text.as_bytes()), plainly(&text));
            let pairs: Vec<_> = form_pairs(text.as_bytes()).collect();
            let plain = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            let plain: Vec<_> = plain.map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
            prop_assert_eq!(pairs, plain);
        }
    }
}
