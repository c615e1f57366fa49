//! A compact JSON Web Token taken apart: [`Jwt`]; and the RSA key that can check it: [`RsaKey`].

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

/// A token whose three parts could be read. Nothing about it is believed yet.
pub(crate) struct Jwt<'t> {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) signed: &'t str,
    pub(crate) signature: Vec<u8>,
}

impl<'t> Jwt<'t> {
    pub(crate) fn parse(token: &'t str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Self {
            header: object(header)?,
            claims: object(claims)?,
            signed,
            signature: BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?,
        })
    }

    pub(crate) fn alg(&self) -> Option<&str> {
        self.header["alg"].as_str()
    }

    /// Whether the RS256 signature is that of the key.
    pub(crate) fn is_signed_by(&self, key: &RsaKey) -> bool {
        let components = PublicKeyComponents {
            n: &key.n,
            e: &key.e,
        };
        components
            .verify(
                &RSA_PKCS1_2048_8192_SHA256,
                self.signed.as_bytes(),
                &self.signature,
            )
            .is_ok()
    }
}

fn object(part: &str) -> Option<Value> {
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).ok()?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

/// An RSA public key, big-endian and without leading zeros.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct RsaKey {
    pub(crate) n: Vec<u8>,
    pub(crate) e: Vec<u8>,
}

impl RsaKey {
    /// Reads a JWK of a phone (`protocol.md` §8.3). A leading zero octet of `n` is tolerated because Android sends one
    /// (DEV-005). `Err` says what is wrong, and quotes nothing.
    pub(crate) fn from_jwk(jwk: &Value) -> Result<Self, &'static str> {
        if jwk["kty"] != "RSA" {
            return Err("public_key.kty must be RSA");
        }
        if jwk.get("alg").is_some_and(|alg| alg != "RS256") {
            return Err("public_key.alg must be RS256");
        }
        if jwk.get("use").is_some_and(|r#use| r#use != "sig") {
            return Err("public_key.use must be sig");
        }
        if jwk.get("d").is_some() {
            return Err("public_key must not hold a private key");
        }
        let n = octets(&jwk["n"]).ok_or("public_key.n must be base64url")?;
        let e = octets(&jwk["e"]).ok_or("public_key.e must be base64url")?;
        let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
        if !(2048..=8192).contains(&bits) {
            return Err("public_key.n must have 2048 to 8192 bits");
        }
        let e_is_sound = (1..=4).contains(&e.len()) && e[e.len() - 1] % 2 == 1 && e != [1];
        if !e_is_sound {
            Err("public_key.e must be an odd number above 1")
        } else {
            Ok(Self { n, e })
        }
    }
}

fn octets(member: &Value) -> Option<Vec<u8>> {
    let bytes = BASE64URL_NOPAD.decode(member.as_str()?.as_bytes()).ok()?;
    let zeros = bytes.iter().take_while(|octet| **octet == 0).count();
    Some(bytes[zeros..].to_vec())
}
