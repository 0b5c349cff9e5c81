//! The certificate of all peers.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::shell;

/// A certificate on the curve P-256 and its key, signed by itself, in files of a folder.
#[derive(Debug)]
pub(super) struct Certificate {
    pem: PathBuf,
    key: PathBuf,
}

impl Certificate {
    pub(super) fn make(folder: &Path) -> Result<Self, String> {
        let (pem, key) = (folder.join("site.pem"), folder.join("site.key"));
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
        command.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
        command.args(["-days", "2", "-out"]).arg(&pem).arg("-keyout").arg(&key);
        shell::output(&mut command)?;
        Ok(Self { pem, key })
    }

    pub(super) fn pem(&self) -> &Path {
        &self.pem
    }

    pub(super) fn key(&self) -> &Path {
        &self.key
    }
}
