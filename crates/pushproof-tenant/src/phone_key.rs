//! The key that a phone enrols with: [`PhoneKey`], RSA as the vendor's apps have it, or P-256 as an open client does (`protocol.md` §8.3).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey, UnparsedPublicKey};
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use crate::jwt::{Jwt, RsaKey};

/// Octets of a coordinate (RFC 7518 §6.2.1.2: never fewer).
const COORDINATE_LEN: usize = 32;
/// What an uncompressed point begins with (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum PhoneKey {
    Rsa(RsaKey),
    /// A point of P-256, uncompressed.
    P256(Vec<u8>),
}

impl PhoneKey {
    /// Reads a JWK. `Err` says what is wrong, and quotes nothing.
    pub(crate) fn from_jwk(jwk: &Value) -> Result<Self, &'static str> {
        match jwk["kty"].as_str() {
            Some("RSA") => RsaKey::from_jwk(jwk).map(Self::Rsa),
            Some("EC") => point(jwk).map(Self::P256),
            _ => Err("public_key.kty must be RSA or EC"),
        }
    }

    /// Whether a token is signed by this key and says so: by the algorithm of the key and no other, whatever the header says (RFC 8725 §3.1).
    pub(crate) fn has_signed(&self, jwt: &Jwt<'_>) -> bool {
        match self {
            Self::Rsa(key) => jwt.alg() == Some("RS256") && jwt.is_signed_by(key),
            Self::P256(point) => {
                let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
                jwt.alg() == Some("ES256")
                    && key.verify(jwt.signed.as_bytes(), &jwt.signature).is_ok()
            }
        }
    }
}

fn point(jwk: &Value) -> Result<Vec<u8>, &'static str> {
    if jwk["crv"] != "P-256" {
        return Err("public_key.crv must be P-256");
    }
    if jwk.get("alg").is_some_and(|alg| alg != "ES256") {
        return Err("public_key.alg must be ES256");
    }
    if jwk.get("use").is_some_and(|r#use| r#use != "sig") {
        return Err("public_key.use must be sig");
    }
    if jwk.get("d").is_some() {
        return Err("public_key must not hold a private key");
    }
    let x = coordinate(&jwk["x"]).ok_or("public_key.x must be 32 octets in base64url")?;
    let y = coordinate(&jwk["y"]).ok_or("public_key.y must be 32 octets in base64url")?;
    let point = [&[UNCOMPRESSED][..], &x, &y].concat();
    match ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point) {
        Ok(_) => Ok(point),
        Err(_) => Err("public_key is no point of P-256"),
    }
}

fn coordinate(member: &Value) -> Option<Vec<u8>> {
    let octets = BASE64URL_NOPAD.decode(member.as_str()?.as_bytes()).ok()?;
    (octets.len() == COORDINATE_LEN).then_some(octets)
}
