//! One-time codes: SHA-1, six digits, thirty seconds (RFC 6238; `protocol.md` §2.2).

use std::time::Duration;

use aws_lc_rs::hmac;

/// The shared secret of an authenticator app, 20 octets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TotpSecret(pub(crate) [u8; 20]);

const STEP_S: u64 = 30;

impl TotpSecret {
    /// The form people see: 32 characters of base32.
    pub(crate) fn base32(&self) -> String {
        data_encoding::BASE32.encode(&self.0)
    }

    /// The code of a step.
    pub(crate) fn code(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let digest = tag.as_ref();
        let offset = usize::from(digest[digest.len() - 1] & 0x0f);
        let word = digest[offset..offset + 4]
            .iter()
            .fold(0_u32, |word, octet| word << 8 | u32::from(*octet));
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }
}

/// The step that an instant lies in.
pub(crate) fn step_at(at: Duration) -> u64 {
    at.as_secs() / STEP_S
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of `protocol.md` §8.5.
    #[test]
    fn known_codes() {
        let secret = TotpSecret(*b"12345678901234567890");
        assert_eq!(secret.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let code = |s| secret.code(step_at(Duration::from_secs(s)));
        assert_eq!(
            [code(59), code(1_111_111_109), code(1_767_225_600)],
            ["287082", "081804", "745690"]
        );
    }
}
