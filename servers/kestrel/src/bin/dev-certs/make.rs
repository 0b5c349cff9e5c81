//! A certificate for localhost.

use std::net::{Ipv4Addr, Ipv6Addr};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType};
use time::{Duration, OffsetDateTime};

use super::Result;

/// A certificate and its key, as PEM.
pub(crate) struct Made {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// Makes one for every name of this machine, from yesterday, for clocks that differ, for one year.
pub(crate) fn certificate() -> Result<Made> {
    build().map_err(|error| format!("the certificate could not be made: {error}"))
}

fn build() -> std::result::Result<Made, rcgen::Error> {
    // OpenSSL takes no wildcard for a whole top level, as `*.localhost` is.
    let names = ["localhost", "*.localhost", "*.dev.localhost"];
    let mut params = CertificateParams::new(names.map(str::to_owned))?;
    params.subject_alt_names.push(SanType::IpAddress(Ipv4Addr::LOCALHOST.into()));
    params.subject_alt_names.push(SanType::IpAddress(Ipv6Addr::LOCALHOST.into()));
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.distinguished_name.push(DnType::OrganizationName, "falconry development");
    // Who trusts it trusts this one server, and nothing that its key could sign.
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages.push(KeyUsagePurpose::DigitalSignature);
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
    let now = OffsetDateTime::now_utc();
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(365);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(Made { certificate: certificate.pem(), key: key.serialize_pem() })
}
