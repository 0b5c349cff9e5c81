//! The keys of TLS: of an endpoint, of its names, and of all endpoints.

use std::{path::PathBuf, sync::Arc, time::Duration};

use falconry_features::{Certificate, ServerError};

use super::{certificate::CertificateSettings, section::Section};
use crate::{
    ClientCertificateMode, HttpProtocols, HttpsOptions, ListenOptions, ServerCertificate, SniOptions,
    TlsVersions,
    tls::{ConfigureHttps, read_certificates},
};

/// What stands under an endpoint or `EndpointDefaults`.
#[derive(Clone, Default, PartialEq)]
pub(super) struct HttpsSettings {
    versions: Option<TlsVersions>,
    client_certificate_mode: Option<ClientCertificateMode>,
    authorities: Option<Authorities>,
    handshake_timeout: Option<Option<Duration>>,
    certificate: Option<CertificateSettings>,
    names: Vec<NameSettings>,
}

/// The certificates of a file.
#[derive(Clone, PartialEq)]
struct Authorities {
    path: PathBuf,
    certificates: Vec<Certificate>,
}

/// What stands under one name of `Sni`.
#[derive(Clone, PartialEq)]
struct NameSettings {
    name: String,
    versions: Option<TlsVersions>,
    client_certificate_mode: Option<ClientCertificateMode>,
    protocols: Option<HttpProtocols>,
    certificate: Option<CertificateSettings>,
}

impl HttpsSettings {
    /// What an endpoint and the defaults of all have in common.
    pub(super) fn read_defaults(section: &Section<'_>) -> Result<Self, ServerError> {
        let mut handshake_timeout = None;
        section.set("HandshakeTimeout", Section::time_or_unlimited, |timeout| {
            handshake_timeout = Some(timeout);
            HttpsOptions::default().set_handshake_timeout(timeout).map(drop)
        })?;
        Ok(Self {
            versions: versions(&section.child("SslProtocols"))?,
            client_certificate_mode: client_certificate_mode(&section.child("ClientCertificateMode"))?,
            authorities: Authorities::read(&section.child("ClientCertificateAuthorities"))?,
            handshake_timeout,
            ..Self::default()
        })
    }

    pub(super) fn read(section: &Section<'_>) -> Result<Self, ServerError> {
        let certificate = CertificateSettings::read(&section.child("Certificate"))?;
        let names = section.child("Sni").children();
        let names = names.into_iter().map(|(name, section)| NameSettings::read(name, &section));
        let names = names.collect::<Result<_, _>>()?;
        Ok(Self { certificate, names, ..Self::read_defaults(section)? })
    }

    /// Makes an endpoint speak https so.
    pub(super) fn apply(&self, endpoint: &mut ListenOptions) {
        endpoint.use_https_with(|https| {
            self.apply_to(https);
            for name in &self.names {
                // The name was tried when it was read.
                let _ = https.add_sni(&name.name, name.options());
            }
        });
    }

    fn apply_to(&self, https: &mut HttpsOptions) {
        https.versions = self.versions.unwrap_or(https.versions);
        https.client_certificate_mode = self.client_certificate_mode.unwrap_or(https.client_certificate_mode);
        if let Some(authorities) = &self.authorities {
            https.client_certificate_roots.clone_from(&authorities.certificates);
        }
        if let Some(timeout) = self.handshake_timeout {
            // It was tried when it was read.
            let _ = https.set_handshake_timeout(timeout);
        }
        if let Some(certificate) = &self.certificate {
            https.server_certificate = Some(certificate.certificate());
        }
    }
}

/// What every endpoint of https begins with: the defaults of the configuration, then those of code.
pub(super) fn https_defaults(
    settings: &HttpsSettings,
    certificate: Option<&CertificateSettings>,
    code: Option<ConfigureHttps>,
) -> Option<ConfigureHttps> {
    if *settings == HttpsSettings::default() && certificate.is_none() {
        return code;
    }
    let settings = settings.clone();
    // One for all endpoints: it is read and watched once.
    let certificate = certificate.map(CertificateSettings::certificate);
    Some(Arc::new(move |https| {
        if let Some(certificate) = &certificate {
            https.server_certificate = Some(certificate.clone());
        }
        settings.apply_to(https);
        if let Some(code) = &code {
            code(https);
        }
    }))
}

impl NameSettings {
    fn read(name: String, section: &Section<'_>) -> Result<Self, ServerError> {
        if let Err(error) = HttpsOptions::default().add_sni(&name, SniOptions::default()) {
            return Err(section.error(error));
        }
        let settings = Self {
            name,
            versions: versions(&section.child("SslProtocols"))?,
            client_certificate_mode: client_certificate_mode(&section.child("ClientCertificateMode"))?,
            protocols: section.child("Protocols").protocols()?,
            certificate: CertificateSettings::read(&section.child("Certificate"))?,
        };
        section.warn_of_unknown();
        Ok(settings)
    }

    fn options(&self) -> SniOptions {
        SniOptions {
            certificate: self.certificate.as_ref().map(CertificateSettings::certificate),
            protocols: self.protocols,
            versions: self.versions,
            client_certificate_mode: self.client_certificate_mode,
        }
    }
}

impl Authorities {
    fn read(section: &Section<'_>) -> Result<Option<Self>, ServerError> {
        let Some(path) = section.filled().map(|path| section.path_of(path)) else { return Ok(None) };
        let certificates = read_certificates(&path).map_err(|error| section.fault(error))?;
        Ok(Some(Self { path, certificates }))
    }
}

impl CertificateSettings {
    fn certificate(&self) -> ServerCertificate {
        match &self.key_path {
            Some(key) => self.pem(key.clone()),
            None if self.holds_pem() => self.pem(self.path.clone()),
            None => self.pkcs12(),
        }
    }

    #[cfg(feature = "pkcs12")]
    fn pem(&self, key: PathBuf) -> ServerCertificate {
        match &self.password {
            Some(password) => ServerCertificate::encrypted_pem_files(&self.path, key, password),
            None => ServerCertificate::pem_files(&self.path, key),
        }
    }

    #[cfg(not(feature = "pkcs12"))]
    fn pem(&self, key: PathBuf) -> ServerCertificate {
        ServerCertificate::pem_files(&self.path, key)
    }

    #[cfg(feature = "pkcs12")]
    fn pkcs12(&self) -> ServerCertificate {
        ServerCertificate::pkcs12_file(&self.path, self.password.as_deref().unwrap_or_default())
    }

    /// The start then says that there is no certificate in it.
    #[cfg(not(feature = "pkcs12"))]
    fn pkcs12(&self) -> ServerCertificate {
        self.pem(self.path.clone())
    }

    /// By its content or, while it cannot be read, by its name.
    fn holds_pem(&self) -> bool {
        const BEGIN: &[u8] = b"-----BEGIN";
        match std::fs::read(&self.path) {
            Ok(data) => data.windows(BEGIN.len()).any(|part| part == BEGIN),
            Err(_) => self.path.extension().is_some_and(|end| end == "pem" || end == "crt"),
        }
    }
}

/// A list, or one text with commas; `None` among them leaves the choice to the server.
fn versions(section: &Section<'_>) -> Result<Option<TlsVersions>, ServerError> {
    let elements = section.children();
    let elements = elements.iter().map(|(_, element)| element).chain([section]);
    let mut versions: Option<TlsVersions> = None;
    for element in elements {
        for name in element.filled().into_iter().flat_map(|names| names.split(',')).map(str::trim) {
            if name.eq_ignore_ascii_case("None") {
                continue;
            }
            let one =
                name.parse().map_err(|_| element.refuse("Tls12 and Tls13; older versions cannot be had"))?;
            versions = Some(versions.map_or(one, |versions| versions | one));
        }
    }
    Ok(versions)
}

fn client_certificate_mode(section: &Section<'_>) -> Result<Option<ClientCertificateMode>, ServerError> {
    section.one_of(&[
        ("NoCertificate", ClientCertificateMode::None),
        ("AllowCertificate", ClientCertificateMode::Allow),
        ("RequireCertificate", ClientCertificateMode::Require),
    ])
}
