//! Where a certificate comes from.

use std::path::PathBuf;

use falconry_features::ServerError;

use super::section::Section;

/// `Path`, `KeyPath` and `Password`, wherever a certificate may stand.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct CertificateSettings {
    pub(super) path: PathBuf,
    pub(super) key_path: Option<PathBuf>,
    pub(super) password: Option<String>,
}

impl CertificateSettings {
    /// `None` if no certificate is named.
    pub(super) fn read(section: &Section<'_>) -> Result<Option<Self>, ServerError> {
        let path = section.child("Path");
        let key_path = section.child("KeyPath");
        // A password keeps its spaces; it is never shown.
        let password = section.child("Password").raw().filter(|password| !password.is_empty());
        let store = ["Subject", "Store", "Location", "AllowInvalid"].map(|name| section.child(name));
        section.warn_of_unknown();
        let [subject, ..] = &store;
        if subject.filled().is_some() {
            let reason = if path.filled().is_some() {
                "several sources of the certificate are named: use either `Path` or `Subject`"
            } else {
                "certificates are not looked up in a store: name files with `Path` and `KeyPath`"
            };
            return Err(subject.fault(reason));
        }
        let Some(certificate) = path.filled() else {
            return match key_path.filled() {
                Some(_) => {
                    Err(key_path.fault("`Path`, the certificate that the key belongs to, must be there, too"))
                }
                None => Ok(None),
            };
        };
        Ok(Some(Self {
            path: section.path_of(certificate),
            key_path: key_path.filled().map(|path| section.path_of(path)),
            password: password.map(str::to_owned),
        }))
    }
}
