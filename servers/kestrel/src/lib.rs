//! Kestrel: the cross-platform HTTP server of falconry, on hyper.

mod addresses;
mod connection;
mod exchange;
mod http1;
mod listener;
mod options;
mod server;
#[cfg(feature = "tls")]
mod tls;
mod transport;

#[cfg(feature = "tls")]
pub use self::tls::*;
pub use self::{addresses::*, options::*, server::KestrelServer};
