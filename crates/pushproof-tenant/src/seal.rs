//! Opaque strings that nobody else can make: [`Sealer`].
//!
//! `mfa_token` and `oob_code` look like hapi *iron* seals (`protocol.md` §1.2): `Fe26.2`, a key id, eight fields. Here
//! the third field names an entry of a server-side table, the sixth the expiry, and the last is a MAC over all that
//! stands before it, so a string altered in any character is known to be malformed and no table has to remember it.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use aws_lc_rs::{constant_time, hmac};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

/// Names what a sealed string stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SealId(pub(crate) u128);

impl Hash for SealId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self(name) = self;
        state.write_u64((name ^ (name >> 64)) as u64);
    }
}

/// Hashes a [`SealId`] to itself. The names are random and no client chooses them, so nobody can make them collide.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct SealHasher(u64);

impl Hasher for SealHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = self.0.rotate_left(8) ^ u64::from(*octet);
        }
    }

    fn write_u64(&mut self, name: u64) {
        self.0 = name;
    }
}

/// What a sealed string is for; one cannot stand in for another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// The credential between the first and the second factor, about 2 kB.
    MfaToken,
    /// The name of an out-of-band transaction, some hundred characters.
    OobCode,
    /// The bearer that a phone gets with a push.
    PushToken,
}

impl Purpose {
    fn tag(self) -> &'static [u8] {
        match self {
            Self::MfaToken => b"mfa_token:",
            Self::OobCode => b"oob_code:",
            Self::PushToken => b"txtkn:",
        }
    }

    /// How many octets of filler make the string as long as the recorded ones.
    fn filler(self) -> usize {
        match self {
            Self::MfaToken => 1350,
            Self::OobCode => 150,
            Self::PushToken => 48,
        }
    }
}

const PREFIX: &str = "Fe26.2*SERVER_1700000000*";

pub(crate) struct Sealer {
    key: hmac::Key,
}

impl Sealer {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
        }
    }

    /// The sealed string; the same for the same arguments.
    pub(crate) fn seal(&self, purpose: Purpose, id: SealId, expires: Duration) -> String {
        let SealId(name) = id;
        let mut chance = fastrand::Rng::with_seed((name as u64) ^ ((name >> 64) as u64));
        let mut field = |octets: usize| {
            let mut bytes = vec![0; octets];
            chance.fill(&mut bytes);
            bytes
        };
        let salt = HEXLOWER.encode(&field(16));
        let iv = BASE64URL_NOPAD.encode(&field(16));
        let filler = BASE64URL_NOPAD.encode(&field(purpose.filler()));
        let mac_salt = HEXLOWER.encode(&field(32));
        let mut text = format!(
            "{PREFIX}{name:032x}{salt}*{iv}*{filler}*{}*{mac_salt}*",
            expires.as_millis()
        );
        text += &self.mac(purpose, &text);
        text
    }

    /// What the string stands for, or `None` when this sealer did not make it for this purpose.
    pub(crate) fn unseal(&self, purpose: Purpose, text: &str) -> Option<SealId> {
        let body_len = text.rfind('*')? + 1;
        let (body, mac) = text.split_at(body_len);
        constant_time::verify_slices_are_equal(self.mac(purpose, body).as_bytes(), mac.as_bytes())
            .ok()?;
        Self::claimed(body)
    }

    /// What the string claims to stand for. Not checked, so only for showing.
    pub(crate) fn claimed(text: &str) -> Option<SealId> {
        let name = text.strip_prefix(PREFIX)?.as_bytes().get(..32)?;
        let mut octets = [0; 16];
        HEXLOWER.decode_mut(name, &mut octets).ok()?;
        Some(SealId(u128::from_be_bytes(octets)))
    }

    fn mac(&self, purpose: Purpose, body: &str) -> String {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(purpose.tag());
        context.update(body.as_bytes());
        BASE64URL_NOPAD.encode(context.sign().as_ref())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sealer() -> Sealer {
        Sealer::new(&[7; 32])
    }

    #[test]
    fn the_lengths_are_those_of_the_recordings() {
        let expires = Duration::from_secs(1_700_000_600);
        let len = |purpose| sealer().seal(purpose, SealId(1), expires).len();
        assert_eq!(
            (
                len(Purpose::MfaToken),
                len(Purpose::OobCode),
                len(Purpose::PushToken)
            ),
            (2036, 436, 300)
        );
    }

    proptest! {
        #[test]
        fn only_the_very_string_opens(id in any::<u128>(), at in any::<prop::sample::Index>(), other in "[0-9A-Za-z*_-]") {
            let sealed = sealer().seal(Purpose::OobCode, SealId(id), Duration::from_secs(9));
            prop_assert_eq!(sealer().unseal(Purpose::OobCode, &sealed), Some(SealId(id)));
            prop_assert_eq!(sealer().unseal(Purpose::MfaToken, &sealed), None);
            let at = at.index(sealed.len());
            let mut altered = sealed.clone();
            altered.replace_range(at..=at, &other);
            prop_assert_eq!(sealer().unseal(Purpose::OobCode, &altered).is_some(), altered == sealed);
        }

        #[test]
        fn arbitrary_text_does_not_open(text in ".{0,400}") {
            prop_assert_eq!(sealer().unseal(Purpose::MfaToken, &text), None);
        }
    }
}
