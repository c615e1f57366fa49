//! TLS: the certificate made at start, the user's own, and which HTTP is spoken.

use http::Request;
use pushproof_runner::serve::{Options, Tls};

use super::talk::{echo, http2, spoken, tls, today};

fn made() -> (Options, String) {
    let (tls, authority) = Tls::made(today()).unwrap();
    let options = Options {
        tls: Some(tls),
        ..Options::default()
    };
    (options, authority)
}

#[tokio::test]
async fn the_certificate_made_at_start_is_for_this_machine_alone() {
    let (options, authority) = made();
    let server = echo(options).await;
    assert!(server.base_url().starts_with("https://127.0.0.1:"));
    let mut lines = Vec::new();
    for name in ["localhost", "127.0.0.1", "::1", "example.com", "192.0.2.1"] {
        let heard = match tls(&server, name, &authority, &[]).await {
            Ok(mut stream) => spoken(&mut stream, "GET /a HTTP/1.1\nhost: localhost").await,
            Err(error) => error.to_string().split(';').next().unwrap().to_owned(),
        };
        lines.push(format!("{name}: {}", heard.lines().last().unwrap()));
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    localhost: GET /a at https://localhost
    127.0.0.1: GET /a at https://localhost
    ::1: GET /a at https://localhost
    example.com: invalid peer certificate: certificate not valid for name "example.com"
    192.0.2.1: invalid peer certificate: certificate not valid for name "192.0.2.1"
    "#);
}

#[tokio::test]
async fn nobody_elses_authority_vouches_for_it() {
    let (options, _) = made();
    let (_, other) = Tls::made(today()).unwrap();
    let server = echo(options).await;
    let error = tls(&server, "localhost", &other, &[]).await.unwrap_err();
    insta::assert_snapshot!(error, @"invalid peer certificate: BadSignature");
}

#[tokio::test]
async fn the_client_chooses_the_protocol() {
    let (options, authority) = made();
    let server = echo(options).await;
    let mut lines = Vec::new();
    for offers in [&["h2", "http/1.1"][..], &["http/1.1"], &[]] {
        let stream = tls(&server, "localhost", &authority, offers).await.unwrap();
        let chosen = stream.get_ref().1.alpn_protocol();
        let chosen = chosen
            .map_or("none".into(), String::from_utf8_lossy)
            .into_owned();
        lines.push(format!("{offers:?} -> {chosen}"));
    }
    let stream = tls(&server, "localhost", &authority, &["h2"])
        .await
        .unwrap();
    let request = Request::post("https://localhost/mfa")
        .body("over h2".to_owned())
        .unwrap();
    lines.extend(http2(stream, vec![request]).await);
    insta::assert_snapshot!(lines.join("\n"), @r#"
    ["h2", "http/1.1"] -> h2
    ["http/1.1"] -> http/1.1
    [] -> none
    HTTP/2.0 200 POST /mfa at https://localhost over h2
    "#);
}

#[tokio::test]
async fn stopping_closes_connections_of_either_protocol_in_good_order() {
    let (options, authority) = made();
    let server = echo(options).await;
    let h1 = tls(&server, "localhost", &authority, &["http/1.1"])
        .await
        .unwrap();
    let h2 = tls(&server, "localhost", &authority, &["h2"])
        .await
        .unwrap();
    let request = Request::get("https://localhost/")
        .body(String::new())
        .unwrap();
    let heard = http2(h2, vec![request]).await;
    assert_eq!(heard, ["HTTP/2.0 200 GET / at https://localhost"]);
    server.stop().await;
    drop(h1);
}

#[test]
fn a_key_that_is_none_or_another_is_told_without_a_word_of_it() {
    let pem = |label: &str| format!("-----BEGIN {label}-----\nc2VjcmV0\n-----END {label}-----\n");
    let (_, authority) = Tls::made(today()).unwrap();
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let cases = [
        ("", key.as_str()),
        (&pem("CERTIFICATE"), &key),
        (&authority, ""),
        (&authority, &pem("PRIVATE KEY")),
        (&authority, &key),
    ];
    let lines = cases.map(|(chain, key)| {
        let error = Tls::from_pem(chain.as_bytes(), key.as_bytes())
            .err()
            .unwrap();
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error}: {}", cause.unwrap_or_default())
    });
    insta::assert_snapshot!(lines.join("\n"), @"
    the certificate file holds no certificate in PEM form: 
    the certificate and the key cannot be used: invalid peer certificate: BadEncoding
    the key file holds no private key in PEM form: 
    the certificate and the key cannot be used: unexpected error: failed to parse private key as RSA, ECDSA, or EdDSA
    the certificate and the key cannot be used: keys may not be consistent: KeyMismatch
    ");
}

#[tokio::test]
async fn the_users_own_certificate_is_shown() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["tenant.example.com".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::ExplicitNoCa;
    let certificate = params.self_signed(&key).unwrap().pem();
    let tls_of = Tls::from_pem(certificate.as_bytes(), key.serialize_pem().as_bytes()).unwrap();
    let server = echo(Options {
        tls: Some(tls_of),
        ..Options::default()
    })
    .await;
    let mut stream = tls(&server, "tenant.example.com", &certificate, &[])
        .await
        .unwrap();
    let heard = spoken(&mut stream, "GET /own HTTP/1.1\nhost: tenant.example.com").await;
    assert!(
        heard.ends_with("GET /own at https://tenant.example.com"),
        "{heard}"
    );
}
