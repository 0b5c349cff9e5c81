//! The library that does the cryptography.

use std::{fmt, sync::Arc};

use falconry_features::ServerError;
use rustls::{
    crypto::CryptoProvider,
    server::{ProducesTickets, ServerSessionMemoryCache, StoresServerSessions},
};

/// How many sessions are remembered where tickets cannot be sealed.
const REMEMBERED_SESSIONS: usize = 4096;

/// The library that does the cryptography of TLS: which one, and with which algorithms.
///
/// Default: aws-lc-rs (Cargo feature `aws-lc-rs`), or ring (feature `ring`) where only that is compiled in. Any provider
/// of rustls can be handed over instead:
///
/// ```
/// # use falconry_kestrel::{HttpsOptions, TlsProvider};
/// # #[cfg(feature = "aws-lc-rs")] {
/// let mut https = HttpsOptions::default();
/// https.provider = Some(TlsProvider::aws_lc_rs());
/// # }
/// ```
#[derive(Clone)]
pub struct TlsProvider {
    crypto: Arc<CryptoProvider>,
    new_ticketer: fn() -> Option<Arc<dyn ProducesTickets>>,
}

impl TlsProvider {
    /// aws-lc-rs with its safe defaults and post-quantum key exchange.
    #[cfg(feature = "aws-lc-rs")]
    pub fn aws_lc_rs() -> Self {
        Self {
            crypto: Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
            new_ticketer: || rustls::crypto::aws_lc_rs::Ticketer::new().ok(),
        }
    }

    /// ring with its safe defaults.
    #[cfg(feature = "ring")]
    pub fn ring() -> Self {
        Self {
            crypto: Arc::new(rustls::crypto::ring::default_provider()),
            new_ticketer: || rustls::crypto::ring::Ticketer::new().ok(),
        }
    }

    /// The one that is compiled in.
    pub(super) fn compiled_in() -> Result<Self, ServerError> {
        #[cfg(feature = "aws-lc-rs")]
        return Ok(Self::aws_lc_rs());
        #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
        return Ok(Self::ring());
        #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
        Err(ServerError::options(
            "https needs a provider of cryptography, and none is compiled in: turn on the Cargo feature `aws-lc-rs` or \
             `ring`, or set `provider` in the https options",
        ))
    }

    pub(super) fn crypto(&self) -> &Arc<CryptoProvider> {
        &self.crypto
    }

    /// What lets clients resume: sealed tickets or, where the provider has nothing to seal with, a
    /// store of sessions.
    pub(super) fn resumption(&self) -> Resumption {
        match (self.new_ticketer)() {
            Some(ticketer) => Resumption::Tickets(ticketer),
            None => Resumption::Store(ServerSessionMemoryCache::new(REMEMBERED_SESSIONS)),
        }
    }
}

/// How sessions are resumed.
pub(super) enum Resumption {
    Tickets(Arc<dyn ProducesTickets>),
    Store(Arc<dyn StoresServerSessions>),
}

/// Any provider. Its sessions are remembered on the server, as rustls does not say how it seals tickets.
impl From<Arc<CryptoProvider>> for TlsProvider {
    fn from(crypto: Arc<CryptoProvider>) -> Self {
        Self { crypto, new_ticketer: || None }
    }
}

impl fmt::Debug for TlsProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsProvider").finish_non_exhaustive()
    }
}
