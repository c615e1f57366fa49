//! Compression of replies, for clients that accept it: [`compress`].

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, VARY};
use http::{HeaderMap, HeaderValue, Response};

/// Bytes of a body that is not worth compressing, nor any shorter one.
const LEN_MIN: usize = 500;

/// Whether a client takes gzip (RFC 9110 section 12.5.3): it names it, or anything, and not with a weight of nothing.
pub(super) fn is_accepted(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(ACCEPT_ENCODING).iter();
    let entries = lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','));
    let mut by_any = false;
    for entry in entries {
        let (coding, weight) = entry.split_once(';').unwrap_or((entry, ""));
        let is_refused = weight
            .trim()
            .strip_prefix("q=")
            .is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0));
        match coding.trim() {
            name if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => {
                return !is_refused;
            }
            "*" => by_any = !is_refused,
            _ => {}
        }
    }
    by_any
}

/// Compresses a body that is long enough, where it gets shorter by it. Says in any case that it might have been.
pub(super) fn compress(accepted: bool, response: &mut Response<Vec<u8>>) {
    response
        .headers_mut()
        .append(VARY, HeaderValue::from_static("accept-encoding"));
    let is_encoded = response.headers().contains_key(CONTENT_ENCODING);
    if !accepted || is_encoded || response.body().len() <= LEN_MIN {
        return;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder
        .write_all(response.body())
        .and_then(|()| encoder.finish());
    let compressed = written.expect("writing to memory does not fail");
    if compressed.len() < response.body().len() {
        *response.body_mut() = compressed;
        let headers = response.headers_mut();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        headers.remove(CONTENT_LENGTH);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_by_name_or_by_any_and_never_at_weight_nothing() {
        let lines = [
            "",
            "gzip",
            "GZip",
            "br, gzip;q=0.5",
            "gzip;q=0",
            "gzip; q=0.000",
            "*",
            "*;q=0",
            "*, gzip;q=0",
            "gzip, *;q=0",
            "br",
            "identity",
            "x-gzip",
            "gzip;q=banana",
        ]
        .map(|list| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, list.parse().unwrap());
            format!("{list:15} {}", is_accepted(&headers))
        });
        insta::assert_snapshot!(lines.join("\n"), @"
                        false
        gzip            true
        GZip            true
        br, gzip;q=0.5  true
        gzip;q=0        false
        gzip; q=0.000   false
        *               true
        *;q=0           false
        *, gzip;q=0     false
        gzip, *;q=0     true
        br              false
        identity        false
        x-gzip          true
        gzip;q=banana   true
        ");
    }
}
