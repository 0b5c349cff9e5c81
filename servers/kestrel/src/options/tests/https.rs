//! The recorded options of https.

use super::{
    recorded::{rows, time},
    refusals::{Refused, span},
};
use crate::{ClientCertificateMode, HttpsOptions, TlsVersions};

const CLASS: &[&str] = &["HttpsConnectionAdapterOptions"];

#[test]
fn https_has_the_recorded_defaults() {
    let https = HttpsOptions::default();
    for row in rows(CLASS).into_iter().filter(|row| row.result().is_none()) {
        match &*row.property {
            // The chain comes with the certificate.
            "ServerCertificate" | "ServerCertificateChain" => {
                assert_eq!(row.default(), "null");
                assert!(https.server_certificate.is_none());
            }
            "ServerCertificateSelector" | "ClientCertificateValidation" => assert_eq!(row.default(), "null"),
            "ClientCertificateMode" => {
                assert_eq!(row.default(), "NoCertificate");
                assert_eq!(https.client_certificate_mode, ClientCertificateMode::None);
            }
            // The system's choice there is these two.
            "SslProtocols" => {
                assert_eq!(row.default(), "None");
                assert_eq!(https.versions, TlsVersions::TLS12 | TlsVersions::TLS13);
            }
            "HandshakeTimeout" => assert_eq!(https.handshake_timeout(), time(row.default())),
            _ => panic!("no option for {}", row.name()),
        }
    }
}

#[test]
fn the_handshake_timeout_refuses_what_the_original_refuses() {
    let mut https = HttpsOptions::default();
    let mut set = |value| -> Result<(), Refused> {
        https.set_handshake_timeout(span(value)?)?;
        Ok(())
    };
    let rows = rows(CLASS);
    let row = rows.iter().find(|row| row.property == "HandshakeTimeout").expect("it was recorded");
    for (value, is_ok) in row.tried() {
        assert_eq!(set(value).is_ok(), is_ok, "{value}");
    }
}
