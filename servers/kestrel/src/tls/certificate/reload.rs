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
