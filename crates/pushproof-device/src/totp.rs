//! Time-based one-time codes (RFC 6238), in the forms that the MFA API hands out.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use data_encoding::{Encoding, Specification};

use crate::barcode::parameter;
use crate::error::DeviceError;
use crate::secret::Secret;

const DIGITS: u32 = 6;
const PERIOD_SECONDS: u64 = 30;
/// RFC 4226 §5.3 asks for at least 6 digits; no app shows more than 8.
const DIGITS_ALLOWED: std::ops::RangeInclusive<u32> = 6..=8;

/// The hash under the code's HMAC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Hash {
    /// SHA-1, what everybody uses.
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Hash {
    fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }
}

/// A seed with its numbers: everything that makes codes but the time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Totp {
    secret: Secret,
    hash: Hash,
    digits: u32,
    period: Duration,
}

impl Totp {
    /// A seed in base32, with SHA-1, 6 digits and 30 seconds. Lower case, spaces and `=` are taken too, as people type them.
    ///
    /// # Errors
    /// [`DeviceError::OneTimeCode`] when the seed is not base32, or empty.
    pub fn new(secret_base32: &str) -> Result<Self, DeviceError> {
        match decode(secret_base32) {
            None => Err(wrong("the seed", "is not base32")),
            Some(seed) if seed.is_empty() => Err(wrong("the seed", "is empty")),
            Some(_) => Ok(Self {
                secret: Secret::new(secret_base32),
                hash: Hash::default(),
                digits: DIGITS,
                period: Duration::from_secs(PERIOD_SECONDS),
            }),
        }
    }

    /// The same seed with other numbers.
    ///
    /// # Errors
    /// [`DeviceError::OneTimeCode`] for a number of digits outside 6 to 8, and for a period shorter than a second.
    pub fn with(self, hash: Hash, digits: u32, period: Duration) -> Result<Self, DeviceError> {
        if !DIGITS_ALLOWED.contains(&digits) {
            return Err(wrong("the number of digits", "is not between 6 and 8"));
        }
        if period.as_secs() == 0 {
            return Err(wrong("the period", "is shorter than a second"));
        }
        Ok(Self {
            hash,
            digits,
            period,
            ..self
        })
    }

    /// Reads `otpauth://totp/…?secret=…` with `algorithm`, `digits` and `period` where they are given.
    ///
    /// # Errors
    /// [`DeviceError::OneTimeCode`] when there is no seed, or one of the numbers is unusable.
    pub fn from_uri(barcode_uri: &str) -> Result<Self, DeviceError> {
        let number = |name, missing: u64, what| match parameter(barcode_uri, name) {
            None => Ok(missing),
            Some(text) => text.parse().map_err(|_| wrong(what, "is no number")),
        };
        let secret =
            parameter(barcode_uri, "secret").ok_or_else(|| wrong("the seed", "is missing"))?;
        let hash = match parameter(barcode_uri, "algorithm") {
            None => Hash::default(),
            Some(name) => hash(&name)?,
        };
        let digits = number("digits", DIGITS.into(), "the number of digits")?;
        let period = number("period", PERIOD_SECONDS, "the period")?;
        Self::new(&secret)?.with(
            hash,
            u32::try_from(digits).unwrap_or(u32::MAX),
            Duration::from_secs(period),
        )
    }

    /// The code at `now`, moved by `shift` seconds. Instants before 1970 count as 1970.
    #[must_use]
    pub fn code(&self, now: SystemTime, shift: i64) -> String {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let seconds = since.as_secs().saturating_add_signed(shift);
        let step = seconds / self.period.as_secs();
        let seed = decode(self.secret.reveal()).expect("the seed was decoded when it came in");
        let tag = hmac::sign(
            &hmac::Key::new(self.hash.hmac(), &seed),
            &step.to_be_bytes(),
        );
        let width = self.digits as usize;
        format!(
            "{:0width$}",
            truncated(tag.as_ref()) % 10_u32.pow(self.digits)
        )
    }

    /// The seed in base32, as it came. Secret.
    pub(crate) fn seed(&self) -> &str {
        self.secret.reveal()
    }
}

/// The code that a seed in base32 gives at `now`, moved by `shift` seconds: SHA-1, 6 digits, 30 seconds.
///
/// # Errors
/// [`DeviceError::OneTimeCode`] when the seed is not base32, or empty.
pub fn totp(secret_base32: &str, now: SystemTime, shift: i64) -> Result<String, DeviceError> {
    Ok(Totp::new(secret_base32)?.code(now, shift))
}

/// A hash by its name in either case: Guardian's own SDKs disagree about it.
pub(crate) fn hash(name: &str) -> Result<Hash, DeviceError> {
    Hash::named(name).ok_or_else(|| wrong("the algorithm", "is none of SHA1, SHA256, SHA512"))
}

/// RFC 4226 §5.3: four bytes from where the last half-byte points, without the sign.
fn truncated(tag: &[u8]) -> u32 {
    let last = *tag.last().expect("an HMAC is not empty");
    let start = usize::from(last & 0x0f);
    let four: [u8; 4] = tag[start..start + 4]
        .try_into()
        .expect("the shortest HMAC has 20 bytes, and 15 + 4 < 20");
    u32::from_be_bytes(four) & 0x7fff_ffff
}

fn decode(secret_base32: &str) -> Option<Vec<u8>> {
    BASE32.decode(secret_base32.as_bytes()).ok()
}

/// Base32 as people and apps write it: any case, spaces and padding ignored, a short last group allowed.
static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    specification
        .translate
        .from
        .push_str("abcdefghijklmnopqrstuvwxyz");
    specification
        .translate
        .to
        .push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    specification.ignore.push_str(" -=");
    specification.check_trailing_bits = false;
    specification
        .encoding()
        .expect("the specification is a constant")
});

fn wrong(what: &'static str, why: &'static str) -> DeviceError {
    DeviceError::OneTimeCode { what, why }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn the_published_codes() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_767_225_600, "745690"),
        ] {
            assert_eq!(
                totp(SEED, at(seconds), 0).as_deref(),
                Ok(code),
                "at {seconds}"
            );
        }
    }

    /// RFC 6238, appendix B: 8 digits, and a seed as long as the hash.
    #[test]
    fn the_codes_of_the_rfc() {
        let seeds = [
            (
                Hash::Sha1,
                SEED.to_owned(),
                ["94287082", "07081804", "65353130"],
            ),
            (
                Hash::Sha256,
                seed_of(32),
                ["46119246", "68084774", "77737706"],
            ),
            (
                Hash::Sha512,
                seed_of(64),
                ["90693936", "25091201", "47863826"],
            ),
        ];
        for (hash, seed, codes) in seeds {
            let totp = Totp::new(&seed)
                .and_then(|totp| totp.with(hash, 8, Duration::from_secs(30)))
                .expect("good numbers");
            for (seconds, code) in [59, 1_111_111_109, 20_000_000_000].into_iter().zip(codes) {
                assert_eq!(totp.code(at(seconds), 0), code, "{hash:?} at {seconds}");
            }
        }
    }

    fn seed_of(bytes: usize) -> String {
        let seed: Vec<u8> = b"1234567890".iter().copied().cycle().take(bytes).collect();
        data_encoding::BASE32_NOPAD.encode(&seed)
    }

    #[test]
    fn uris() {
        let uris = [
            "otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme&algorithm=SHA1&digits=6&period=30",
            "otpauth://totp/Acme:ada?secret=gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
            "otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=8",
            "otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=99999999999",
            "otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=0",
            "otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=half",
            "otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=MD5",
            "otpauth://totp/Acme:ada?secret=not%20base32!",
            "otpauth://totp/Acme:ada?secret=",
            "otpauth://totp/Acme:ada",
        ];
        let table: Vec<String> = uris
            .iter()
            .map(|uri| match Totp::from_uri(uri) {
                Ok(totp) => format!("{uri}\n  -> {}", totp.code(at(59), 0)),
                Err(error) => format!("{uri}\n  error: {error}"),
            })
            .collect();
        insta::assert_snapshot!(table.join("\n"), @"
        otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme&algorithm=SHA1&digits=6&period=30
          -> 287082
        otpauth://totp/Acme:ada?secret=gezdgnbvgy3tqojqgezdgnbvgy3tqojq
          -> 287082
        otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=8
          -> 94287082
        otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=99999999999
          error: the number of digits of the one-time code is not between 6 and 8
        otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=0
          error: the period of the one-time code is shorter than a second
        otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=half
          error: the period of the one-time code is no number
        otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=MD5
          error: the algorithm of the one-time code is none of SHA1, SHA256, SHA512
        otpauth://totp/Acme:ada?secret=not%20base32!
          error: the seed of the one-time code is not base32
        otpauth://totp/Acme:ada?secret=
          error: the seed of the one-time code is empty
        otpauth://totp/Acme:ada
          error: the seed of the one-time code is missing
        ");
    }

    proptest! {
        #[test]
        fn a_shift_is_a_move_in_time(seconds in 0_u64..1 << 40, shift in -100_000_i64..100_000) {
            let moved = at(seconds.saturating_add_signed(shift));
            prop_assert_eq!(totp(SEED, at(seconds), shift), totp(SEED, moved, 0));
        }

        #[test]
        fn a_code_has_its_digits(seed in "[A-Za-z2-7 ]{2,40}", digits in 6_u32..=8, seconds in any::<u32>(), shift in any::<i64>()) {
            let made = Totp::new(&seed).and_then(|totp| totp.with(Hash::Sha1, digits, Duration::from_secs(30)));
            if let Ok(totp) = made {
                let code = totp.code(at(seconds.into()), shift);
                prop_assert_eq!(code.len(), digits as usize);
                prop_assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
            }
        }

        #[test]
        fn the_seed_is_not_shown(seed in "[A-Z2-7]{16,40}") {
            let shown = format!("{:?} {:?}", Totp::new(&seed), Totp::new(&format!("{seed}!")));
            prop_assert!(!shown.contains(&seed), "{}", shown);
        }
    }
}
