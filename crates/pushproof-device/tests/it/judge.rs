//! A strict judge of answers: it says everything that is wrong with a request to `resolve-transaction`.

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;
use data_encoding::BASE64URL_NOPAD;
use http::Request;
use serde_json::{Value, json};

/// What an honest answer says.
pub(crate) struct Expected<'a> {
    pub(crate) jwk: Value,
    pub(crate) audience: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) now: f64,
}

impl Expected<'_> {
    /// The complaints, in the order in which an endpoint would come across them; none for an honest answer.
    pub(crate) fn complaints(&self, jwt: &str) -> Vec<&'static str> {
        let (header, claims) = (part(jwt, 0), part(jwt, 1));
        let mut complaints = Vec::new();
        let mut check = |good: bool, complaint| {
            if !good {
                complaints.push(complaint);
            }
        };
        check(header == json!({ "alg": "RS256", "typ": "JWT" }), "alg");
        check(is_signed(jwt, &self.jwk), "signature");
        check(claims["aud"] == self.audience, "aud");
        check(claims["iss"] == self.issuer, "iss");
        check(claims["sub"] == self.subject, "sub");
        check(claims["exp"].as_f64().unwrap() > self.now, "exp");
        check(claims["iat"].as_f64().unwrap() <= self.now, "iat");
        check(claims["auth0_guardian_method"] == "push", "method");
        check(claims["auth0_guardian_accepted"].is_boolean(), "accepted");
        complaints
    }
}

/// The JWT in the body of an answer.
pub(crate) fn jwt_of(request: &Request<Vec<u8>>) -> String {
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    body["challenge_response"].as_str().unwrap().to_owned()
}

/// One of the first two parts of a compact JWT.
pub(crate) fn part(jwt: &str, index: usize) -> Value {
    let bytes = BASE64URL_NOPAD
        .decode(jwt.split('.').nth(index).unwrap().as_bytes())
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Whether the JWT carries an RS256 signature of the key.
pub(crate) fn is_signed(jwt: &str, jwk: &Value) -> bool {
    let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    let (input, signature) = jwt.rsplit_once('.').unwrap();
    let without_zero = |bytes: Vec<u8>| {
        bytes
            .into_iter()
            .skip_while(|byte| *byte == 0)
            .collect::<Vec<u8>>()
    };
    let n = without_zero(decode(jwk["n"].as_str().unwrap()));
    let e = decode(jwk["e"].as_str().unwrap());
    let key = PublicKeyComponents { n, e };
    key.verify(
        &RSA_PKCS1_2048_8192_SHA256,
        input.as_bytes(),
        &decode(signature),
    )
    .is_ok()
}
