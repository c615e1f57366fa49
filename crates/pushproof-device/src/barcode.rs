//! The code that a phone scans: `otpauth://totp/…?enrollment_tx_id=…&base_url=…`.

use crate::error::DeviceError;

/// The enrolment ticket of a scanned code. Secret: it lets whoever has it enrol a device.
///
/// Like the SDKs it reads nothing else of the code, above all not `base_url`: a phone asks the host it was
/// configured with. A bare ticket, which the Android SDK takes too, is taken as it stands.
///
/// # Errors
/// [`DeviceError::Barcode`] when the code holds no ticket, or one that cannot stand in a header.
pub fn ticket(barcode_uri: &str) -> Result<String, DeviceError> {
    let ticket = match barcode_uri.split_once(':') {
        None => barcode_uri.to_owned(),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("otpauth") => {
            parameter(rest, "enrollment_tx_id").ok_or_else(|| wrong("has no `enrollment_tx_id`"))?
        }
        Some(_) => return Err(wrong("is no `otpauth:` URI")),
    };
    if ticket.is_empty() {
        return Err(wrong("has an empty `enrollment_tx_id`"));
    }
    if !ticket.bytes().all(is_quotable) {
        return Err(wrong(
            "has an `enrollment_tx_id` that cannot stand in a header",
        ));
    }
    Ok(ticket)
}

/// The first value of a query parameter, decoded. `None`: no such parameter, or not decodable to UTF-8.
pub(crate) fn parameter(uri: &str, name: &str) -> Option<String> {
    let query = uri.split('#').next()?.split_once('?')?.1;
    let raw = query
        .split('&')
        .find_map(|pair| match pair.split_once('=') {
            Some((key, value)) if key == name => Some(value),
            Some(_) | None => None,
        })?;
    form_decode(raw)
}

fn form_decode(raw: &str) -> Option<String> {
    let mut bytes = raw.bytes();
    let mut decoded = Vec::with_capacity(raw.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            _ => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

/// Visible ASCII that needs no escape between quotes.
fn is_quotable(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'
}

fn wrong(why: &'static str) -> DeviceError {
    DeviceError::Barcode { why }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tickets() {
        let codes = [
            "otpauth://totp/Acme:ada%40example.com?enrollment_tx_id=T1&base_url=https%3A%2F%2Ftenant.example%2Fappliance-mfa",
            "OTPAUTH://totp/Acme?base_url=x&enrollment_tx_id=T%2B1",
            "otpauth://totp/Acme?enrollment_tx_id=T1&enrollment_tx_id=T2#f",
            "T1-bare_ticket",
            "otpauth://totp/Acme?secret=ABC",
            "otpauth://totp/Acme?enrollment_tx_id=",
            "otpauth://totp/Acme?enrollment_tx_id=a%22b",
            "otpauth://totp/Acme?enrollment_tx_id=a%0d%0ab",
            "otpauth://totp/Acme?enrollment_tx_id=a+b",
            "otpauth://totp/Acme?enrollment_tx_id=%f",
            "https://tenant.example/?enrollment_tx_id=T1",
            "",
        ];
        let table: Vec<String> = codes
            .iter()
            .map(|code| match ticket(code) {
                Ok(ticket) => format!("{code}\n  -> {ticket}"),
                Err(error) => format!("{code}\n  error: {error}"),
            })
            .collect();
        insta::assert_snapshot!(table.join("\n"), @"
        otpauth://totp/Acme:ada%40example.com?enrollment_tx_id=T1&base_url=https%3A%2F%2Ftenant.example%2Fappliance-mfa
          -> T1
        OTPAUTH://totp/Acme?base_url=x&enrollment_tx_id=T%2B1
          -> T+1
        otpauth://totp/Acme?enrollment_tx_id=T1&enrollment_tx_id=T2#f
          -> T1
        T1-bare_ticket
          -> T1-bare_ticket
        otpauth://totp/Acme?secret=ABC
          error: `barcode_uri` has no `enrollment_tx_id`
        otpauth://totp/Acme?enrollment_tx_id=
          error: `barcode_uri` has an empty `enrollment_tx_id`
        otpauth://totp/Acme?enrollment_tx_id=a%22b
          error: `barcode_uri` has an `enrollment_tx_id` that cannot stand in a header
        otpauth://totp/Acme?enrollment_tx_id=a%0d%0ab
          error: `barcode_uri` has an `enrollment_tx_id` that cannot stand in a header
        otpauth://totp/Acme?enrollment_tx_id=a+b
          error: `barcode_uri` has an `enrollment_tx_id` that cannot stand in a header
        otpauth://totp/Acme?enrollment_tx_id=%f
          error: `barcode_uri` has no `enrollment_tx_id`
        https://tenant.example/?enrollment_tx_id=T1
          error: `barcode_uri` is no `otpauth:` URI

          error: `barcode_uri` has an empty `enrollment_tx_id`
        ");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC*", query in "[%+&=#a-f0-9?\u{e9}]*") {
            let _ = ticket(&text);
            if let Ok(ticket) = ticket(&format!("otpauth://totp/x?enrollment_tx_id={query}")) {
                prop_assert!(!ticket.is_empty() && ticket.bytes().all(is_quotable));
            }
        }
    }
}
