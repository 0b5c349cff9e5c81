//! What the server proves its name with.

mod check;
#[cfg(feature = "pkcs12")]
mod pkcs12;
mod reload;
mod source;

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use falconry_features::{Certificate, ServerError};
use rustls::sign::CertifiedKey;

use self::{reload::LastRead, source::Source};
use super::TlsProvider;

/// How often files are looked at for changes, unless said otherwise.
const RELOAD_INTERVAL: Duration = Duration::from_secs(5);

/// A certificate of the server, the certificates that lead from it to its root, and its private key.
///
/// It is read when the server starts; what is wrong with it is an error of the start. Files are looked at again every
/// 5 seconds: changed ones are used for new handshakes once certificate and key match. Until then, and if they are
/// broken, the last good ones stay, and the log says why. Clones share one certificate.
///
/// ```
/// # use falconry_kestrel::{HttpsOptions, ServerCertificate};
/// let mut https = HttpsOptions::default();
/// https.server_certificate = Some(ServerCertificate::pem_files("/etc/app/tls.pem", "/etc/app/tls.key"));
/// ```
#[derive(Clone)]
pub struct ServerCertificate(Arc<Inner>);

struct Inner {
    source: Source,
    chain: Vec<Certificate>,
    reload_interval: Option<Duration>,
    current: ArcSwapOption<CertifiedKey>,
    last_read: Mutex<LastRead>,
}

impl ServerCertificate {
    /// From PEM files. The first holds the server's certificate and, after it, those of its chain; the second the key
    /// (PKCS#8, PKCS#1 or SEC1). Both may be the same file. Relative paths start at the working folder.
    pub fn pem_files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self::new(Source::PemFiles { certificate: certificate.into(), key: key.into(), password: None })
    }

    /// As [`pem_files`](Self::pem_files), with a key that is encrypted (PKCS#8).
    #[cfg(feature = "pkcs12")]
    pub fn encrypted_pem_files(
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
        password: impl Into<String>,
    ) -> Self {
        Self::new(Source::PemFiles {
            certificate: certificate.into(),
            key: key.into(),
            password: Some(password.into()),
        })
    }

    /// From PEM text: the certificate and its chain, and the key.
    pub fn pem(certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        Self::new(Source::Pem { certificate: certificate.into(), key: key.into() })
    }

    /// From a PKCS#12 file (`.pfx`, `.p12`) that holds certificate, chain and key. No password is the empty one.
    #[cfg(feature = "pkcs12")]
    pub fn pkcs12_file(path: impl Into<PathBuf>, password: impl Into<String>) -> Self {
        Self::new(Source::Pkcs12File { path: path.into(), password: password.into() })
    }

    /// From what a PKCS#12 file holds.
    #[cfg(feature = "pkcs12")]
    pub fn pkcs12(data: impl Into<Vec<u8>>, password: impl Into<String>) -> Self {
        Self::new(Source::Pkcs12 { data: data.into(), password: password.into() })
    }

    /// From the DER form of the certificate and of its key (PKCS#8, PKCS#1 or SEC1).
    pub fn der(certificate: Certificate, key: impl Into<Vec<u8>>) -> Self {
        Self::new(Source::Der { certificate, key: key.into() })
    }

    /// Sends these after the server's certificate, in the place of those that came with it: each signs the one before.
    #[must_use]
    pub fn with_chain(self, chain: impl IntoIterator<Item = Certificate>) -> Self {
        let chain = chain.into_iter().collect();
        self.change(|inner| inner.chain = chain)
    }

    /// Looks at the files again after each such time; `None` never. Default: 5 seconds.
    #[must_use]
    pub fn reload_every(self, interval: impl Into<Option<Duration>>) -> Self {
        let interval = interval.into().map(|interval| interval.max(Duration::from_millis(1)));
        self.change(|inner| inner.reload_interval = interval)
    }

    /// How often the files are looked at again.
    pub fn reload_interval(&self) -> Option<Duration> {
        self.0.reload_interval.filter(|_| self.0.source.has_files())
    }

    /// The pair in use; read if that has not been done, and watched from then on.
    pub(super) fn load(&self, provider: &TlsProvider) -> Result<Arc<CertifiedKey>, ServerError> {
        let mut last_read = self.0.last_read.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = match self.current() {
            Some(pair) => pair,
            None => {
                last_read.fingerprint = Some(self.0.source.fingerprint());
                let pair = self.read(provider)?;
                self.0.current.store(Some(Arc::clone(&pair)));
                pair
            }
        };
        self.watch(&mut last_read, provider);
        Ok(pair)
    }

    /// The pair in use, once it has been read.
    pub(super) fn current(&self) -> Option<Arc<CertifiedKey>> {
        self.0.current.load_full()
    }

    /// Reads it without using it, and says whether it is valid now.
    pub(super) fn is_valid_now(&self, provider: &TlsProvider) -> Result<bool, ServerError> {
        Ok(check::is_valid_now(&self.read(provider)?.cert))
    }

    fn read(&self, provider: &TlsProvider) -> Result<Arc<CertifiedKey>, ServerError> {
        let source = &self.0.source;
        let mut material = source.read()?;
        if !self.0.chain.is_empty() {
            material.certificates.truncate(1);
            material.certificates.extend(self.0.chain.iter().map(|one| one.der().to_vec().into()));
        }
        check::check(&material.certificates, source)?;
        CertifiedKey::from_der(material.certificates, material.key, provider.crypto())
            .map(Arc::new)
            .map_err(|error| source.refuse_pair(&error))
    }

    fn new(source: Source) -> Self {
        Self(Arc::new(Inner {
            source,
            chain: Vec::new(),
            reload_interval: Some(RELOAD_INTERVAL),
            current: ArcSwapOption::empty(),
            last_read: Mutex::default(),
        }))
    }

    /// A changed certificate; what others share stays as it is.
    fn change(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::try_unwrap(self.0).unwrap_or_else(|shared| Inner {
            source: shared.source.clone(),
            chain: shared.chain.clone(),
            reload_interval: shared.reload_interval,
            current: ArcSwapOption::empty(),
            last_read: Mutex::default(),
        });
        inner.current = ArcSwapOption::empty();
        change(&mut inner);
        Self(Arc::new(inner))
    }
}

/// Equal if both share one certificate.
impl PartialEq for ServerCertificate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ServerCertificate {}

/// Where it comes from; never what is secret.
impl fmt::Debug for ServerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerCertificate").field(&format_args!("{}", self.0.source)).finish()
    }
}
