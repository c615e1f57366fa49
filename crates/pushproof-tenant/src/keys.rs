//! The tenant's signing key: [`Keys`]. Made once per process, since an RSA key takes a tenth of a second.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::jwt::{Jwt, RsaKey};

/// An RS256 key pair, shared by all tenants of a process.
pub struct Keys {
    pair: RsaKeyPair,
    public: RsaKey,
    kid: String,
}

impl Keys {
    /// Makes a key pair of 2048 bits.
    ///
    /// # Panics
    ///
    /// When the system has no randomness to give.
    #[must_use]
    pub fn generate() -> Arc<Self> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048)
            .expect("RSA key generation fails only without randomness");
        let components = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        let kid = BASE64URL_NOPAD.encode(&components.n[..12]);
        Arc::new(Self {
            pair,
            public: RsaKey {
                n: components.n,
                e: components.e,
            },
            kid,
        })
    }

    /// A compact JWS of the claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.kid });
        let mut text = format!(
            "{}.{}",
            BASE64URL_NOPAD.encode(header.to_string().as_bytes()),
            BASE64URL_NOPAD.encode(claims.to_string().as_bytes()),
        );
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                text.as_bytes(),
                &mut signature,
            )
            .expect("the buffer has the length of the modulus");
        text.push('.');
        BASE64URL_NOPAD.encode_append(&signature, &mut text);
        text
    }

    /// The claims of a token that this key signed; its time and audience are not looked at.
    pub(crate) fn open(&self, token: &str) -> Option<Value> {
        let jwt = Jwt::parse(token)?;
        (jwt.alg() == Some("RS256") && jwt.is_signed_by(&self.public)).then_some(jwt.claims)
    }

    /// The public key as a JSON Web Key Set (RFC 7517 §5).
    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": [{
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.kid,
            "n": BASE64URL_NOPAD.encode(&self.public.n), "e": BASE64URL_NOPAD.encode(&self.public.e),
        }] })
    }
}
