//! Looking for changed files.

use std::sync::{Arc, PoisonError};

use tokio::task::JoinHandle;

use super::{ServerCertificate, source::Fingerprint};
use crate::tls::TlsProvider;

/// What the files were like when they were read last, and who looks at them.
#[derive(Default)]
pub(super) struct LastRead {
    pub(super) fingerprint: Option<Fingerprint>,
    failure: Option<String>,
    watcher: Option<JoinHandle<()>>,
}

impl ServerCertificate {
    /// Looks at the files from now on, as long as somebody uses the certificate.
    pub(super) fn watch(&self, last_read: &mut LastRead, provider: &TlsProvider) {
        let Some(interval) = self.reload_interval() else { return };
        if last_read.watcher.as_ref().is_some_and(|watcher| !watcher.is_finished()) {
            return;
        }
        let certificate = Arc::downgrade(&self.0);
        let provider = provider.clone();
        last_read.watcher = Some(tokio::spawn(async move {
            loop {
                tokio::time::sleep(interval).await;
                let Some(certificate) = certificate.upgrade().map(Self) else { return };
                let provider = provider.clone();
                // A reading that panicked has logged it, and the next one may do better.
                let _ = tokio::task::spawn_blocking(move || certificate.reload(&provider)).await;
            }
        }));
    }

    /// Reads the files if they have changed; what is broken is logged once, and changes nothing.
    fn reload(&self, provider: &TlsProvider) {
        let source = &self.0.source;
        let mut last_read = self.0.last_read.lock().unwrap_or_else(PoisonError::into_inner);
        let fingerprint = Some(source.fingerprint());
        // What could not be used is read again even if it looks the same: perhaps it was read while
        // it was being written.
        if last_read.failure.is_none() && last_read.fingerprint == fingerprint {
            return;
        }
        last_read.fingerprint = fingerprint;
        match self.read(provider) {
            Ok(pair) => {
                tracing::info!(certificate = %source, "the certificate has changed; new connections get it");
                last_read.failure = None;
                self.0.current.store(Some(pair));
            }
            Err(error) => {
                let failure = Some(error.to_string());
                if last_read.failure != failure {
                    tracing::error!(%error, "the changed certificate cannot be used; the last good one stays");
                    last_read.failure = failure;
                }
            }
        }
    }
}

#[cfg(all(test, feature = "aws-lc-rs"))]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    /// A folder with the files of one certificate, removed after the test.
    struct Files(PathBuf);

    impl Files {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("falconry-reload-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn certificate(&self) -> PathBuf {
            self.0.join("a.pem")
        }

        fn key(&self) -> PathBuf {
            self.0.join("a.key")
        }

        fn loaded(&self) -> (ServerCertificate, TlsProvider) {
            let (provider, pair) = (TlsProvider::aws_lc_rs(), pair());
            replace(&self.certificate(), &pair.0);
            replace(&self.key(), &pair.1);
            let certificate = ServerCertificate::pem_files(self.certificate(), self.key()).reload_every(None);
            certificate.load(&provider).unwrap();
            (certificate, provider)
        }
    }

    impl Drop for Files {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    /// A certificate and its key, as PEM.
    fn pair() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["a.test".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn replace(path: &Path, text: &str) {
        let new = path.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    #[test]
    fn files_that_are_the_same_are_not_read_again() {
        let files = Files::new("same");
        let (certificate, provider) = files.loaded();
        let first = certificate.current().unwrap();
        certificate.reload(&provider);
        assert!(Arc::ptr_eq(&first, &certificate.current().unwrap()));
    }

    #[test]
    fn a_pair_that_does_not_match_leaves_the_last_good_one_until_it_does() {
        let files = Files::new("pair");
        let (certificate, provider) = files.loaded();
        let first = certificate.current().unwrap();
        let new = pair();
        replace(&files.certificate(), &new.0);
        certificate.reload(&provider);
        certificate.reload(&provider);
        assert!(Arc::ptr_eq(&first, &certificate.current().unwrap()));
        replace(&files.key(), &new.1);
        certificate.reload(&provider);
        assert!(!Arc::ptr_eq(&first, &certificate.current().unwrap()));
    }

    #[test]
    fn files_that_are_gone_or_broken_leave_the_last_good_one() {
        let files = Files::new("gone");
        let (certificate, provider) = files.loaded();
        let first = certificate.current().unwrap();
        let text = std::fs::read_to_string(files.certificate()).unwrap();
        for broken in ["", "words", &text[..text.len() / 2]] {
            replace(&files.certificate(), broken);
            certificate.reload(&provider);
        }
        std::fs::remove_file(files.certificate()).unwrap();
        certificate.reload(&provider);
        assert!(Arc::ptr_eq(&first, &certificate.current().unwrap()));
        replace(&files.certificate(), &text);
        certificate.reload(&provider);
        assert_eq!(first.cert, certificate.current().unwrap().cert);
    }

    #[test]
    fn clones_share_what_is_read_anew() {
        let files = Files::new("clones");
        let (certificate, provider) = files.loaded();
        let other = certificate.clone();
        let new = pair();
        replace(&files.certificate(), &new.0);
        replace(&files.key(), &new.1);
        certificate.reload(&provider);
        assert!(Arc::ptr_eq(&certificate.current().unwrap(), &other.current().unwrap()));
    }
}
