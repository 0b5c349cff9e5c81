//! What TLS has agreed on.

use falconry_features::{Certificate, TlsVersion};

/// `SP_PROT_*`: a bit for each side of each version.
const TLS_1_0: u32 = 0x40 | 0x80;
const TLS_1_1: u32 = 0x100 | 0x200;
const TLS_1_2: u32 = 0x400 | 0x800;
const TLS_1_3: u32 = 0x1000 | 0x2000;

/// What a request tells of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeTls {
    /// The version of the protocol, if the system tells it.
    pub protocol: Option<TlsVersion>,
    /// The client's certificate, if the handshake brought one.
    pub client_certificate: Option<Certificate>,
}

/// The version of an `HTTP_SSL_PROTOCOL_INFO`, whose first number is a flag of schannel's.
pub(crate) fn version(info: &[u8]) -> Option<TlsVersion> {
    let protocol = u32::from_ne_bytes(*info.first_chunk()?);
    let versions = [
        (TLS_1_3, TlsVersion::Tls13),
        (TLS_1_2, TlsVersion::Tls12),
        (TLS_1_1, TlsVersion::Tls11),
        (TLS_1_0, TlsVersion::Tls10),
    ];
    versions.into_iter().find(|(bits, _)| protocol & bits != 0).map(|(_, version)| version)
}

#[cfg(test)]
mod tests {
    use falconry_features::TlsVersion;

    use super::version;

    #[test]
    fn schannel_s_flag_tells_the_version() {
        for (flag, expected) in [
            (0x40_u32, Some(TlsVersion::Tls10)),
            (0x100, Some(TlsVersion::Tls11)),
            (0x400, Some(TlsVersion::Tls12)),
            (0x1000, Some(TlsVersion::Tls13)),
            (0x2000, Some(TlsVersion::Tls13)),
            (0x8, None),
        ] {
            assert_eq!(version(&flag.to_ne_bytes()), expected, "{flag:x}");
        }
        assert_eq!(version(&[0]), None);
    }
}
