//! The ways in which a secret may stand in a text: [`spellings`].

use std::collections::BTreeSet;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

/// Every spelling of a secret that is searched for as such. Percent-, form- and JSON-encoding are not among
/// them: a [`View`](super::view::View) undoes these, whichever characters the writer chose to encode.
pub(super) fn spellings(secret: &str) -> BTreeSet<Vec<u8>> {
    let bytes = secret.as_bytes();
    let mut spellings = BTreeSet::from([
        bytes.to_vec(),
        secret.replace('\'', r"'\''").into_bytes(), // between single quotes in a shell
        HEXLOWER.encode(bytes).into_bytes(),
        HEXUPPER.encode(bytes).into_bytes(),
        BASE64_NOPAD.encode(bytes).into_bytes(),
        BASE64URL_NOPAD.encode(bytes).into_bytes(),
    ]);
    spellings.extend((0..3).flat_map(|offset| within_base64(bytes, offset)));
    spellings
}

/// The stretch of base64 that a secret gives wherever it stands in a longer text, `offset` bytes (modulo 3)
/// from its beginning: a client secret within a `Basic` credential, for example. Characters that a neighbour
/// shares are left out, so an edge keeps up to six bits.
fn within_base64(bytes: &[u8], offset: usize) -> [Vec<u8>; 2] {
    let mut shifted = vec![0; offset];
    shifted.extend_from_slice(bytes);
    let first = (offset * 8).div_ceil(6);
    let end = shifted.len() * 8 / 6;
    [BASE64_NOPAD, BASE64URL_NOPAD]
        .map(|base64| base64.encode(&shifted).as_bytes()[first..end].to_vec())
}
