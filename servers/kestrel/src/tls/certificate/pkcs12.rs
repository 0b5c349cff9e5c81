//! What is encrypted under a password: PKCS#12 files and PKCS#8 keys.

use p12_keystore::{Pkcs12Archive, error::Error as Pkcs12Error};
use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem};

use super::source::Material;

/// Reads the key of a PKCS#12 file, the certificate that belongs to it, and its chain.
pub(super) fn read(data: &[u8], password: &str) -> Result<Material, String> {
    let archive = Pkcs12Archive::from_pkcs12(data, password).map_err(|error| describe(&error))?;
    let Some(key) = archive.keys.first() else { return Err("there is no private key in it".into()) };
    let of_key = key
        .local_key_id
        .as_ref()
        .and_then(|id| archive.certs.iter().find(|bag| bag.local_key_id.as_deref() == Some(id.as_ref())));
    let Some(leaf) = of_key.or_else(|| archive.certs.first()) else {
        return Err("there is no certificate in it".into());
    };
    let mut chain = vec![&leaf.cert];
    // At most all of them, whatever they say of each other; the root is known to clients.
    while let Some(last) = chain.last()
        && last.issuer() != last.subject()
        && let Some(issuer) = archive.certs.iter().find(|bag| bag.cert.subject() == last.issuer())
        && issuer.cert.issuer() != issuer.cert.subject()
        && !chain.contains(&&issuer.cert)
    {
        chain.push(&issuer.cert);
    }
    Ok(Material {
        certificates: chain.into_iter().map(|one| CertificateDer::from(one.as_der().to_vec())).collect(),
        key: PrivatePkcs8KeyDer::from(key.key.as_der().to_vec()).into(),
    })
}

/// Reads an encrypted key from PEM text; one that is not encrypted needs no password and is taken, too.
pub(super) fn decrypt_key(text: &[u8], password: &str) -> Result<PrivateKeyDer<'static>, String> {
    if let Ok(key) = <PrivateKeyDer<'_> as pem::PemObject>::from_pem_slice(text) {
        return Ok(key);
    }
    let text = std::str::from_utf8(text).map_err(|_| "the private key is no PEM text".to_owned())?;
    let section = section(text, "ENCRYPTED PRIVATE KEY")
        .ok_or_else(|| "there is no PEM section with a private key".to_owned())?;
    let (_, document) = pkcs8::Document::from_pem(section).map_err(|error| error.to_string())?;
    let decrypted = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
        .map_err(|error| error.to_string())?
        .decrypt(password)
        .map_err(|_| "the private key does not open with this password".to_owned())?;
    Ok(PrivatePkcs8KeyDer::from(decrypted.as_bytes().to_vec()).into())
}

/// The PEM section of that label.
fn section<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let end_line = format!("-----END {label}-----");
    let start = text.find(&format!("-----BEGIN {label}-----"))?;
    let end = start + text[start..].find(&end_line)? + end_line.len();
    Some(&text[start..end])
}

fn describe(error: &Pkcs12Error) -> String {
    format!("it is no PKCS#12 file, or does not open with this password: {error}")
}
