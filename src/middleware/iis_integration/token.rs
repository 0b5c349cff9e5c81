//! [`PairingToken`]: the secret between module and program.

use std::fmt;

use http::{HeaderMap, HeaderName};
use subtle::ConstantTimeEq;

pub(super) const TOKEN: HeaderName = HeaderName::from_static("ms-aspnetcore-token");

/// The secret that the module's requests carry. Nothing shows it.
#[derive(Clone)]
pub(crate) struct PairingToken(Box<str>);

impl PairingToken {
    pub(super) fn new(token: &str) -> Self {
        Self(token.into())
    }

    /// True if the request has the token, once. The time that this takes tells its length at most.
    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(TOKEN).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.as_bytes().ct_eq(self.0.as_bytes()).into(),
            _ => false,
        }
    }
}

impl fmt::Debug for PairingToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairingToken")
    }
}
