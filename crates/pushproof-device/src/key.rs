//! The phone's RSA key: its public half as a JWK, and signing.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};

/// An RSA-2048 key pair. Cloning shares it: making one takes about a tenth of a second, so a process makes a few and
/// lends them to its phones.
#[derive(Clone)]
pub struct KeyPair(Arc<RsaKeyPair>);

impl KeyPair {
    /// Makes a new pair from the system's random numbers.
    ///
    /// # Panics
    /// If the system has no random numbers.
    #[must_use]
    pub fn generate() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048)
            .expect("an RSA key needs memory and random numbers only");
        Self(Arc::new(pair))
    }

    /// The public half with exactly the members that the device API takes: `kty`, `alg`, `use`, `e`, `n`.
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        self.jwk(false)
    }

    /// As [`Self::public_jwk`], with the modulus's leading zero octet that Android sends although RFC 7518 §6.3.1.1 forbids it.
    pub(crate) fn public_jwk_padded(&self) -> Value {
        self.jwk(true)
    }

    fn jwk(&self, padded: bool) -> Value {
        let public = self.0.public_key();
        let modulus = public.modulus();
        let mut n = if padded { vec![0] } else { Vec::new() };
        n.extend_from_slice(modulus.big_endian_without_leading_zero());
        let exponent = public.exponent();
        json!({
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "e": BASE64URL_NOPAD.encode(exponent.big_endian_without_leading_zero()),
            "n": BASE64URL_NOPAD.encode(&n),
        })
    }

    /// The public half as PEM text, the form that a careless verifier takes for an HMAC key (RFC 8725 §2.1).
    pub(crate) fn public_pem(&self) -> String {
        let der: PublicKeyX509Der<'_> = self
            .0
            .public_key()
            .as_der()
            .expect("the public key was made by the library that encodes it");
        let text = BASE64.encode(der.as_ref());
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        for line in text.as_bytes().chunks(64) {
            pem.extend(line.iter().copied().map(char::from));
            pem.push('\n');
        }
        pem.push_str("-----END PUBLIC KEY-----\n");
        pem
    }

    /// A signed JWT in its compact form (RFC 7515 §7.1): RSASSA-PKCS1-v1_5 with SHA-256, whatever the header says.
    #[must_use]
    pub fn sign_rs256(&self, claims: &Value, header: &Value) -> String {
        let input = signing_input(header, claims);
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                input.as_bytes(),
                &mut signature,
            )
            .expect("the buffer is as long as the modulus");
        with_signature(input, &signature)
    }
}

/// `BASE64URL(header).BASE64URL(claims)`.
pub(crate) fn signing_input(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    format!("{}.{}", encode(header), encode(claims))
}

/// The third part of a compact JWT, put behind the first two.
pub(crate) fn with_signature(input: String, signature: &[u8]) -> String {
    let mut jwt = input;
    jwt.push('.');
    BASE64URL_NOPAD.encode_append(signature, &mut jwt);
    jwt
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(RSA-2048)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pem_holds_the_modulus() {
        let key = KeyPair::generate();
        let pem = key.public_pem();
        let lines: Vec<&str> = pem.lines().collect();
        let [first, body @ .., last] = &lines[..] else {
            panic!("{pem}")
        };
        assert_eq!(
            (*first, *last),
            ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")
        );
        assert!(body.iter().all(|line| line.len() <= 64), "{pem}");
        let der = BASE64
            .decode(body.concat().as_bytes())
            .expect("base64 in lines");
        let jwk = key.public_jwk();
        let n = BASE64URL_NOPAD
            .decode(jwk["n"].as_str().expect("a text").as_bytes())
            .expect("base64url");
        assert_eq!(n.len(), 256);
        assert!(der.windows(n.len()).any(|window| window == n));
    }

    #[test]
    fn clones_share_the_key() {
        let key = KeyPair::generate();
        assert_eq!(key.clone().public_jwk(), key.public_jwk());
        assert_ne!(KeyPair::generate().public_jwk(), key.public_jwk());
    }
}
