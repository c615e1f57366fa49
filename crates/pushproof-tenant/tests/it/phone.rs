//! A phone for tests, written from the fact sheet (§8) and from nothing else: [`Phone`].

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use data_encoding::{BASE32, BASE64URL_NOPAD};
use http::Request;
use serde_json::{Value, json};

use crate::world::ORIGIN;

static OWN: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());
static P256: LazyLock<EcdsaKeyPair> =
    LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap());
static STRANGE: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

pub(crate) struct Phone {
    pub(crate) name: String,
    pub(crate) identifier: String,
    pub(crate) push_token: String,
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) account_token: String,
    pub(crate) totp_secret: Option<String>,
    /// `/appliance-mfa`, or nothing.
    pub(crate) prefix: &'static str,
}

/// How a signature is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signing {
    Own,
    StrangeKey,
    None,
    /// HMAC with the public modulus as its secret: a classic confusion of algorithms.
    PublicKeyAsSecret,
}

impl Phone {
    pub(crate) fn new(owner: &str) -> Self {
        Self {
            name: format!("{owner}'s phone"),
            identifier: format!("device-of-{owner}"),
            push_token: format!("push-token-of-{owner}"),
            id: String::new(),
            user_id: String::new(),
            account_token: String::new(),
            totp_secret: None,
            prefix: "/appliance-mfa",
        }
    }

    pub(crate) fn enrol(&self, barcode_uri: &str) -> Request<Vec<u8>> {
        self.enrol_with(barcode_uri, &self.body(&public_jwk(false)))
    }

    pub(crate) fn body(&self, jwk: &Value) -> Value {
        json!({
            "identifier": self.identifier, "name": self.name, "public_key": jwk,
            "push_credentials": { "service": "GCM", "token": self.push_token },
        })
    }

    pub(crate) fn enrol_with(&self, barcode_uri: &str, body: &Value) -> Request<Vec<u8>> {
        let ticket = ticket(barcode_uri);
        Request::post(format!("{ORIGIN}{}/api/enroll", self.prefix))
            .header("authorization", format!("Ticket id=\"{ticket}\""))
            .header("content-type", "application/json")
            .body(body.to_string().into_bytes())
            .unwrap()
    }

    pub(crate) fn enrolled(&mut self, body: &Value) {
        let text = |member: &str| body[member].as_str().unwrap().to_owned();
        (self.id, self.user_id, self.account_token) = (text("id"), text("user_id"), text("token"));
        self.totp_secret = body["totp"]["secret"].as_str().map(Into::into);
    }

    /// The claims of an honest answer to a push.
    pub(crate) fn claims(&self, push: &Value, accepted: bool, now: u64) -> Value {
        json!({
            "iat": now, "exp": now + 30, "aud": format!("{ORIGIN}{}/api/resolve-transaction", self.prefix),
            "iss": self.identifier, "sub": push["c"],
            "auth0_guardian_method": "push", "auth0_guardian_accepted": accepted,
        })
    }

    pub(crate) fn answer(&self, push: &Value, accepted: bool, now: u64) -> Request<Vec<u8>> {
        self.answer_with(push, &sign(&self.claims(push, accepted, now), Signing::Own))
    }

    pub(crate) fn answer_with(&self, push: &Value, jwt: &str) -> Request<Vec<u8>> {
        Request::post(format!("{ORIGIN}{}/api/resolve-transaction", self.prefix))
            .header(
                "authorization",
                format!("Bearer {}", push["txtkn"].as_str().unwrap()),
            )
            .header("content-type", "application/json")
            .body(
                json!({ "challenge_response": jwt })
                    .to_string()
                    .into_bytes(),
            )
            .unwrap()
    }

    pub(crate) fn code(&self, now: u64) -> String {
        totp(self.totp_secret.as_deref().unwrap(), now)
    }
}

pub(crate) fn ticket(barcode_uri: &str) -> &str {
    let (_, after) = barcode_uri.split_once("enrollment_tx_id=").unwrap();
    after.split('&').next().unwrap()
}

pub(crate) fn public_jwk(leading_zero: bool) -> Value {
    let key = PublicKeyComponents::<Vec<u8>>::from(OWN.public_key());
    let n = if leading_zero {
        [&[0][..], &key.n].concat()
    } else {
        key.n
    };
    json!({ "kty": "RSA", "alg": "RS256", "use": "sig", "e": BASE64URL_NOPAD.encode(&key.e),
        "n": BASE64URL_NOPAD.encode(&n) })
}

pub(crate) fn p256_jwk() -> Value {
    let point = P256.public_key().as_ref();
    let [x, y] = [&point[1..33], &point[33..]].map(|octets| BASE64URL_NOPAD.encode(octets));
    json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": x, "y": y })
}

/// By the P-256 key, whatever algorithm the header claims.
pub(crate) fn sign_p256(claims: &Value, alg: &str) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let header = json!({ "alg": alg, "typ": "JWT" });
    let text = format!("{}.{}", part(&header), part(claims));
    let signature = P256.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
    format!("{text}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
}

pub(crate) fn sign(claims: &Value, signing: Signing) -> String {
    let alg = match signing {
        Signing::Own | Signing::StrangeKey => "RS256",
        Signing::None => "none",
        Signing::PublicKeyAsSecret => "HS256",
    };
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let text = format!(
        "{}.{}",
        part(&json!({ "alg": alg, "typ": "JWT" })),
        part(claims)
    );
    let rsa = |key: &KeyPair| {
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            text.as_bytes(),
            &mut signature,
        )
        .unwrap();
        signature
    };
    let signature = match signing {
        Signing::Own => rsa(&OWN),
        Signing::StrangeKey => rsa(&STRANGE),
        Signing::None => Vec::new(),
        Signing::PublicKeyAsSecret => {
            let modulus = PublicKeyComponents::<Vec<u8>>::from(OWN.public_key()).n;
            let key = hmac::Key::new(hmac::HMAC_SHA256, &modulus);
            hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
        }
    };
    format!("{text}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// RFC 6238 with SHA-1, six digits and thirty seconds.
pub(crate) fn totp(secret_base32: &str, now: u64) -> String {
    let secret = BASE32.decode(secret_base32.as_bytes()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let tag = hmac::sign(&key, &(now / 30).to_be_bytes());
    let digest = tag.as_ref();
    let offset = usize::from(digest[19] & 15);
    let word = u32::from_be_bytes(digest[offset..offset + 4].try_into().unwrap());
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}
