//! The certificate that a server shows: [`Tls`], the user's own or one made at start.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio::net::TcpStream;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, rustls};

/// The names of a certificate made at start.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// How long such a certificate is valid: longer than any server runs, and short enough for clients that refuse long-lived ones.
const VALID: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long before its making it is valid already, for clients whose clock is behind.
const VALID_BEFORE: Duration = Duration::from_secs(24 * 3600);

/// A certificate with its key, ready to serve HTTP/2 and HTTP/1.1.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
}

/// Why there is no certificate to serve with. No text of the key is ever in it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificates.
    #[error("the certificate file holds no certificate in PEM form")]
    Certificate,
    /// The key.
    #[error("the key file holds no private key in PEM form")]
    Key,
    /// Both, or the key alone.
    #[error("the certificate and the key cannot be used")]
    Unusable(#[source] rustls::Error),
    /// None could be made.
    #[error("making a certificate")]
    Making(#[from] rcgen::Error),
}

impl Tls {
    /// The user's own: a chain, its own certificate first, and the key of that, both in PEM form.
    ///
    /// # Errors
    /// [`TlsError`] if either is none, or they do not fit each other.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|_| TlsError::Certificate)?;
        if chain.is_empty() {
            return Err(TlsError::Certificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::Key)?;
        Self::new(chain, key)
    }

    /// A new authority, and a certificate of it for `localhost`, `127.0.0.1` and `::1`. The second value is the authority's certificate in PEM form,
    /// for clients to trust; its key is forgotten at once, so nobody can ever make another certificate of it.
    ///
    /// # Errors
    /// [`TlsError::Making`], if the system has no randomness to give.
    pub fn made(now: SystemTime) -> Result<(Self, String), TlsError> {
        let (authority, authority_pem) = authority(now)?;
        let key = KeyPair::generate()?;
        let mut params = params("pushproof sandbox", now, NAMES.map(str::to_owned).to_vec())?;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &authority)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let tls = Self::new(vec![certificate.der().clone()], key.into())?;
        Ok((tls, authority_pem))
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, TlsError> {
        // By name, because with two providers in a build there would be no default one.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
            .map_err(TlsError::Unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

/// The authority that signs, and its certificate.
fn authority(now: SystemTime) -> Result<(Issuer<'static, KeyPair>, String), TlsError> {
    let key = KeyPair::generate()?;
    let mut params = params("pushproof sandbox CA", now, Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let pem = params.self_signed(&key)?.pem();
    Ok((Issuer::new(params, key), pem))
}

fn params(
    name: &str,
    now: SystemTime,
    names: Vec<String>,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = now.checked_sub(VALID_BEFORE).unwrap_or(now).into();
    params.not_after = now.checked_add(VALID).unwrap_or(now).into();
    Ok(params)
}
