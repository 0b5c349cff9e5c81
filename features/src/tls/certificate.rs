//! An X.509 certificate as it was on the wire.

use std::fmt;

use bytes::Bytes;

/// An X.509 certificate in DER form. Clones share the bytes.
///
/// The contract does not look inside; any X.509 library reads [`der`](Self::der).
///
/// ```
/// use falconry_features::Certificate;
///
/// let certificate = Certificate::from_der(vec![0x30, 0x03, 0x02, 0x01, 0x00]);
/// assert_eq!(certificate.der(), [0x30, 0x03, 0x02, 0x01, 0x00]);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Certificate {
    der: Bytes,
}

impl Certificate {
    /// A certificate from its DER form, which is not checked.
    pub fn from_der(der: impl Into<Bytes>) -> Self {
        Self { der: der.into() }
    }

    /// The DER form.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The DER form, shared.
    #[must_use]
    pub fn into_der(self) -> Bytes {
        self.der
    }
}

impl AsRef<[u8]> for Certificate {
    fn as_ref(&self) -> &[u8] {
        &self.der
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("length", &self.der.len()).finish()
    }
}
