//! Chromium.

use std::{fs::File, process::Stdio};

use data_encoding::BASE64;
use rcgen::{KeyPair, PublicKeyData};
use sha2::{Digest, Sha256};

use crate::{
    certificates::Pair,
    process::{self, Folder, Process},
    site::Site,
    skip::skip,
};

/// A window that nobody sees; closed when this is dropped.
#[derive(Debug)]
pub(crate) struct Browser {
    _process: Process,
    _folder: Folder,
}

impl Browser {
    /// Opens the page of the site; none if there is no Chromium.
    pub(crate) fn open(name: &str, site: &Site, options: &[&str]) -> Option<Self> {
        Self::open_page(name, site, "/page", options)
    }

    /// The same for another page.
    pub(crate) fn open_page(name: &str, site: &Site, page: &str, options: &[&str]) -> Option<Self> {
        let Some(program) = process::find("chromium") else {
            skip("browsers", "chromium is not installed");
            return None;
        };
        let folder = Folder::new(&format!("chromium-{name}"));
        let log = File::create(folder.join("log")).expect("a file can be made");
        let mut command = process::command(&program);
        command
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--host-resolver-rules=MAP localhost 127.0.0.1"])
            .arg(format!("--user-data-dir={}", folder.0.display()))
            .arg(format!("--ignore-certificate-errors-spki-list={}", fingerprint(&site.certificate)))
            .args(options)
            .arg(format!("https://localhost:{}{page}", site.port))
            .env("HOME", &folder.0)
            .stdout(Stdio::null())
            .stderr(log);
        let process = Process::start(&mut command).expect("chromium can be started");
        Some(Self { _process: process, _folder: folder })
    }
}

/// What the browser knows a certificate by: the digest of its public key.
fn fingerprint(pair: &Pair) -> String {
    let key = KeyPair::try_from(pair.key_der.as_slice()).expect("the key can be read");
    BASE64.encode(&Sha256::digest(key.subject_public_key_info()))
}
