//! The certificate for work on one's own machine.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use falconry_features::ServerError;

use super::{ServerCertificate, TlsProvider};

/// What makes one, in the words of messages.
const COMMAND: &str = "cargo run -p falconry-kestrel --bin dev-certs";

/// Where the development certificate is kept: `localhost.pem` and `localhost.key` in one folder.
///
/// An endpoint of https without a certificate of its own uses it. The program `dev-certs` makes it and, where it can,
/// makes this machine trust it.
///
/// The folder is `$XDG_CONFIG_HOME/falconry/dev-certs`, else `~/.config/falconry/dev-certs`; on Windows
/// `%APPDATA%\falconry\dev-certs`.
///
/// ```
/// # use falconry_kestrel::DevelopmentCertificate;
/// let certificate = DevelopmentCertificate::in_folder("/tmp/certs");
/// assert!(certificate.certificate_path().ends_with("localhost.pem"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevelopmentCertificate {
    folder: PathBuf,
}

impl DevelopmentCertificate {
    /// In the usual folder; none if the environment does not say where the user's files are.
    pub fn of_user() -> Option<Self> {
        let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let configuration = if cfg!(windows) {
            variable("APPDATA")
        } else {
            variable("XDG_CONFIG_HOME").or_else(|| Some(variable("HOME")?.join(".config")))
        };
        Some(Self::in_folder(configuration?.join("falconry").join("dev-certs")))
    }

    /// In another folder.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file with the certificate (PEM).
    pub fn certificate_path(&self) -> PathBuf {
        self.folder.join("localhost.pem")
    }

    /// The file with its private key (PEM).
    pub fn key_path(&self) -> PathBuf {
        self.folder.join("localhost.key")
    }

    /// True if both files are there.
    pub fn exists(&self) -> bool {
        self.certificate_path().is_file() && self.key_path().is_file()
    }

    /// Says whether it can be used: both files are there and belong together, and it is valid now.
    ///
    /// # Errors
    /// Options: what is wrong with it, and what to do.
    pub fn check(&self) -> Result<(), ServerError> {
        let again = |reason: &dyn fmt::Display| {
            ServerError::options(format!("{reason}; make a development certificate with `{COMMAND}`"))
        };
        if !self.exists() {
            return Err(again(&format_args!("there is none in '{}'", self.folder.display())));
        }
        let certificate = self.server_certificate();
        if !certificate.is_valid_now(&TlsProvider::compiled_in()?).map_err(|error| again(&error))? {
            return Err(again(&format_args!("'{}' is not valid now", self.certificate_path().display())));
        }
        Ok(())
    }

    /// The certificate for a server.
    pub fn server_certificate(&self) -> ServerCertificate {
        ServerCertificate::pem_files(self.certificate_path(), self.key_path())
    }
}

/// The development certificate, or how to make one.
pub(super) fn development_certificate() -> Result<ServerCertificate, ServerError> {
    let missing = || {
        ServerError::options(format!(
            "https needs a certificate: give it one in the https options, or make a development certificate with \
             `{COMMAND}` (add `-- --trust` to trust it)"
        ))
    };
    let development =
        DevelopmentCertificate::of_user().filter(DevelopmentCertificate::exists).ok_or_else(missing)?;
    development.check()?;
    tracing::debug!(folder = %development.folder().display(), "Using the development certificate");
    Ok(development.server_certificate())
}
