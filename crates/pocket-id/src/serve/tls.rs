//! TLS 1.3 with the operator's certificate, reloaded when its files change.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use pocket_id_server::config::TlsConfig;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How often the files are looked at. A pair must look the same twice before it is loaded, so that
/// a certificate is never paired with the key that is just about to be replaced.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Why TLS cannot be served.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate is no PEM.
    #[error("the TLS certificate is not valid PEM")]
    Certificate(#[source] PemError),
    /// There is no certificate in the PEM text.
    #[error("the TLS certificate's PEM text holds no certificate")]
    NoCertificate,
    /// The key is no PEM.
    #[error("the TLS key is not valid PEM")]
    Key(#[source] PemError),
    /// Key and certificate cannot be used (together).
    #[error("the TLS certificate and key cannot be used")]
    Unusable(#[from] rustls::Error),
}

/// Accepts TLS connections.
pub struct Tls {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
    files: Option<Files>,
}

impl Tls {
    /// Loads certificate and key.
    pub fn load(config: &TlsConfig) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let (key, files) = match config {
            TlsConfig::Inline { certificate, key } => (parse(certificate.as_bytes(), key, &provider)?, None),
            TlsConfig::Files { certificate, key } => {
                let files = Files {
                    certificate: certificate.clone(),
                    key: key.clone(),
                };
                (files.load(&provider)?, Some(files))
            }
        };
        let current = Arc::new(Current {
            key: RwLock::new(Arc::new(key)),
            provider: Arc::clone(&provider),
        });
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(server)),
            current,
            files,
        })
    }

    pub(super) fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Reloads the files whenever they change, until `stop`. A bad pair is reported once and the
    /// old one stays. Ends at once for a pair from the environment.
    pub fn watch(&self, stop: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        let (files, current) = (self.files.clone(), Arc::clone(&self.current));
        let seen = files.as_ref().map(Files::stamp);
        async move {
            let (Some(files), Some(mut loaded)) = (files, seen) else {
                return;
            };
            let mut before = loaded;
            loop {
                tokio::select! {
                    () = tokio::time::sleep(WATCH_INTERVAL) => {}
                    () = stop.cancelled() => return,
                }
                let now = files.stamp();
                if now != loaded && now == before {
                    loaded = now;
                    current.reload(&files);
                }
                before = now;
            }
        }
    }
}

/// The pair in use.
#[derive(Debug)]
struct Current {
    key: RwLock<Arc<CertifiedKey>>,
    provider: Arc<CryptoProvider>,
}

impl Current {
    fn reload(&self, files: &Files) {
        match files.load(&self.provider) {
            Ok(key) => {
                *self.key.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                tracing::info!("Reloaded the TLS certificate");
            }
            Err(error) => tracing::error!(
                error = super::chain(&error),
                "Cannot reload the TLS certificate, the old one stays in use"
            ),
        }
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(
            &self.key.read().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

#[derive(Clone)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What tells one version of a file from the next: device, inode, size, time; `None` = unreadable.
type Stamp = Option<(u64, u64, u64, i64, i64)>;

impl Files {
    fn load(&self, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
        let certificate = read(&self.certificate)?;
        let key = String::from_utf8_lossy(&read(&self.key)?).into_owned();
        parse(&certificate, &SecretString::from(key), provider)
    }

    fn stamp(&self) -> [Stamp; 2] {
        [&self.certificate, &self.key].map(|path| {
            let file = fs::metadata(path).ok()?;
            Some((
                file.dev(),
                file.ino(),
                file.size(),
                file.mtime(),
                file.mtime_nsec(),
            ))
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Read {
        path: path.to_owned(),
        source,
    })
}

fn parse(
    certificate: &[u8],
    key: &SecretString,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let chain = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<Vec<_>, _>>()
        .map_err(TlsError::Certificate)?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes()).map_err(TlsError::Key)?;
    Ok(CertifiedKey::from_der(chain, key, provider)?)
}
