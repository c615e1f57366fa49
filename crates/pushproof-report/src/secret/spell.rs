//! The ways in which a secret may stand in a text: [`spellings`].

use std::collections::BTreeSet;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

/// Every spelling of a secret that is searched for as such.
///
/// [`View`](super::view::View) undoes percent-, form- and JSON-encoding of the text, whichever characters
/// the writer chose to encode; the usual spellings stand here as well, because a view that starts to decode before the
/// secret (`…%4` and then `1…`) can lose its beginning.
pub(super) fn spellings(secret: &str) -> BTreeSet<Vec<u8>> {
    let bytes = secret.as_bytes();
    let mut spellings = BTreeSet::from([
        bytes.to_vec(),
        secret.replace('\'', r"'\''").into_bytes(), // between single quotes in a shell
        json(secret),
        percent(bytes, b"-._~", None, HEX_UPPER),
        percent(bytes, b"-._~", None, HEX_LOWER),
        percent(bytes, b"-._~!*'()", None, HEX_UPPER), // encodeURIComponent
        percent(bytes, b"*-._", Some(b'+'), HEX_UPPER),
        percent(bytes, b"*-._", Some(b'+'), HEX_LOWER),
        HEXLOWER.encode(bytes).into_bytes(),
        HEXUPPER.encode(bytes).into_bytes(),
    ]);
    for (standard, url) in [0, 1, 2].map(|offset| base64(bytes, offset)) {
        spellings.extend([standard, url]);
    }
    spellings.insert(BASE64_NOPAD.encode(bytes).into_bytes());
    spellings.insert(BASE64URL_NOPAD.encode(bytes).into_bytes());
    spellings
}

/// The stretch of base64 that a secret gives wherever it stands in a longer text, `offset` bytes (modulo 3)
/// from its beginning: a client secret within a `Basic` credential, for example. Characters that a neighbour
/// shares are left out, so an edge keeps up to six bits.
fn base64(bytes: &[u8], offset: usize) -> (Vec<u8>, Vec<u8>) {
    let mut shifted = vec![0; offset];
    shifted.extend_from_slice(bytes);
    let first = (offset * 8).div_ceil(6);
    let end = shifted.len() * 8 / 6;
    let cut = |text: String| text.as_bytes()[first..end].to_vec();
    (
        cut(BASE64_NOPAD.encode(&shifted)),
        cut(BASE64URL_NOPAD.encode(&shifted)),
    )
}

/// As it stands between the quotes of a JSON string.
fn json(secret: &str) -> Vec<u8> {
    let quoted = serde_json::Value::from(secret).to_string();
    quoted.as_bytes()[1..quoted.len() - 1].to_vec()
}

const HEX_UPPER: &[u8; 16] = b"0123456789ABCDEF";
const HEX_LOWER: &[u8; 16] = b"0123456789abcdef";

/// Percent-encoded, except letters, digits and `kept`.
fn percent(bytes: &[u8], kept: &[u8], space: Option<u8>, digits: &[u8; 16]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        match (byte, space) {
            (b' ', Some(space)) => out.push(space),
            _ if byte.is_ascii_alphanumeric() || kept.contains(&byte) => out.push(byte),
            _ => out.extend([
                b'%',
                digits[usize::from(byte >> 4)],
                digits[usize::from(byte & 15)],
            ]),
        }
    }
    out
}
