//! The certificate in a file elsewhere, for other programs.

use std::{fs, path::Path};

use falconry_kestrel::DevelopmentCertificate;
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, pem::PemObject};

use super::{
    Result,
    files::{cannot, write_public, write_secret},
};

/// Writes certificate and key to `path`, in the form that its ending names.
pub(crate) fn export(folder: &DevelopmentCertificate, path: &Path, password: Option<&str>) -> Result {
    let certificate = read(&folder.certificate_path())?;
    let key = read(&folder.key_path())?;
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("pem" | "crt") => {
            write_public(path, &certificate)?;
            write_secret(&path.with_extension("key"), &key)?;
        }
        Some("pfx" | "p12") => {
            let data = pkcs12(&certificate, &key, password.unwrap_or_default())
                .map_err(|error| format!("the certificate could not be exported: {error}"))?;
            write_secret(path, &data)?;
        }
        _ => return Err(format!("'{}' must end with .pem, .pfx or .p12", path.display())),
    }
    println!("Exported to {}", path.display());
    Ok(())
}

fn pkcs12(
    certificate: &[u8],
    key: &[u8],
    password: &str,
) -> std::result::Result<Vec<u8>, Box<dyn std::error::Error>> {
    let certificate = Certificate::from_der(&CertificateDer::from_pem_slice(certificate)?)?;
    let key = PrivateKey::from_der(PrivatePkcs8KeyDer::from_pem_slice(key)?.secret_pkcs8_der())?;
    let mut store = KeyStore::new();
    let chain = PrivateKeyChain::new(b"localhost".to_vec(), key, [certificate]);
    store.add_entry("localhost", KeyStoreEntry::PrivateKeyChain(chain));
    Ok(store.writer(password).write()?)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| cannot("read", path, &error))
}
