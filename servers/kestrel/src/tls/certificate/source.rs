//! Where a certificate and its key come from.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use falconry_features::{Certificate, ServerError};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{Error as PemError, PemObject},
};

#[derive(Clone)]
pub(super) enum Source {
    PemFiles {
        certificate: PathBuf,
        key: PathBuf,
        password: Option<String>,
    },
    Pem {
        certificate: Vec<u8>,
        key: Vec<u8>,
    },
    #[cfg(feature = "pkcs12")]
    Pkcs12File {
        path: PathBuf,
        password: String,
    },
    #[cfg(feature = "pkcs12")]
    Pkcs12 {
        data: Vec<u8>,
        password: String,
    },
    Der {
        certificate: Certificate,
        key: Vec<u8>,
    },
}

/// A certificate, those of its chain, and its key, as they were found.
pub(super) struct Material {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// What changes when a file is written or replaced, also by way of a link.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(Vec<Option<(SystemTime, u64, u64)>>);

impl Source {
    pub(super) fn read(&self) -> Result<Material, ServerError> {
        match self {
            Self::PemFiles { certificate, key, password } => Ok(Material {
                certificates: self.certificates(&read(certificate)?)?,
                key: self.key(&read(key)?, password.as_deref())?,
            }),
            Self::Pem { certificate, key } => {
                Ok(Material { certificates: self.certificates(certificate)?, key: self.key(key, None)? })
            }
            #[cfg(feature = "pkcs12")]
            Self::Pkcs12File { path, password } => {
                super::pkcs12::read(&read(path)?, password).map_err(|reason| self.refuse(&reason))
            }
            #[cfg(feature = "pkcs12")]
            Self::Pkcs12 { data, password } => {
                super::pkcs12::read(data, password).map_err(|reason| self.refuse(&reason))
            }
            Self::Der { certificate, key } => Ok(Material {
                certificates: vec![certificate.der().to_vec().into()],
                key: PrivateKeyDer::try_from(key.clone()).map_err(|reason| self.refuse(&reason))?,
            }),
        }
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint(self.files().map(|path| stamp(path).ok()).collect())
    }

    pub(super) fn has_files(&self) -> bool {
        self.files().next().is_some()
    }

    /// The error of a pair that does not match, or whose key is of a kind that cannot be used.
    pub(super) fn refuse_pair(&self, error: &rustls::Error) -> ServerError {
        match error {
            rustls::Error::InconsistentKeys(_) => self.refuse(&"the key does not belong to the certificate"),
            other => self.refuse(other),
        }
    }

    pub(super) fn refuse(&self, reason: &dyn fmt::Display) -> ServerError {
        ServerError::options(format!("{self} cannot be used: {reason}"))
    }

    fn certificates(&self, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ServerError> {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|error| self.refuse(&Pem("the certificate", error)))?;
        if certificates.is_empty() {
            return Err(self.refuse(&Pem("the certificate", PemError::NoItemsFound)));
        }
        Ok(certificates)
    }

    fn key(&self, pem: &[u8], password: Option<&str>) -> Result<PrivateKeyDer<'static>, ServerError> {
        #[cfg(feature = "pkcs12")]
        if let Some(password) = password {
            return super::pkcs12::decrypt_key(pem, password).map_err(|reason| self.refuse(&reason));
        }
        #[cfg(not(feature = "pkcs12"))]
        let _ = password;
        PrivateKeyDer::from_pem_slice(pem).map_err(|error| self.refuse(&Pem("the private key", error)))
    }

    fn files(&self) -> impl Iterator<Item = &Path> {
        let files: [Option<&PathBuf>; 2] = match self {
            Self::PemFiles { certificate, key, .. } => [Some(certificate), Some(key)],
            #[cfg(feature = "pkcs12")]
            Self::Pkcs12File { path, .. } => [Some(path), None],
            _ => [None, None],
        };
        files.into_iter().flatten().map(PathBuf::as_path)
    }
}

/// The certificate as a message names it.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PemFiles { certificate, key, .. } => {
                write!(f, "the certificate '{}' with the key '{}'", certificate.display(), key.display())
            }
            #[cfg(feature = "pkcs12")]
            Self::Pkcs12File { path, .. } => write!(f, "the certificate '{}'", path.display()),
            _ => f.write_str("the certificate given in code"),
        }
    }
}

/// What is wrong with a PEM text, and what could be done.
struct Pem(&'static str, PemError);

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(what, error) = self;
        match error {
            PemError::NoItemsFound => {
                write!(f, "there is no PEM section with {what}")?;
                if *what == "the private key" {
                    f.write_str("; one that is encrypted needs its password")?;
                }
                Ok(())
            }
            other => write!(f, "{what} is no PEM text: {other}"),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ServerError> {
    std::fs::read(path).map_err(|error| {
        ServerError::options(format!(
            "the file '{}' of a certificate cannot be read: {error}",
            path.display()
        ))
        .with_source(error)
    })
}

fn stamp(path: &Path) -> io::Result<(SystemTime, u64, u64)> {
    let metadata = std::fs::metadata(path)?;
    #[cfg(unix)]
    let file = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let file = 0;
    Ok((metadata.modified()?, metadata.len(), file))
}
