//! Leaving HTTP: upgrade and extended CONNECT.

use crate::{BoxFuture, DuplexStream, Feature, FeatureError};

/// Takes an HTTP/1.1 connection over for another protocol (RFC 9110 section 7.8).
pub trait HttpUpgradeFeature: Feature {
    /// True for HTTP/1.1 with the `upgrade` option in `Connection` and no body.
    fn is_upgradable_request(&self) -> bool;

    /// Answers 101 with the response's fields and gives the raw stream.
    ///
    /// Afterwards the response cannot be written and body limits no longer apply. Applications call
    /// [`upgrade`](crate::upgrade), which runs the starting callbacks first.
    ///
    /// # Errors
    /// Invalid state: not upgradable, called twice, or over the limit of upgraded connections.
    fn upgrade(
        &mut self,
        head: std::sync::Arc<crate::ResponseHead>,
    ) -> Result<BoxFuture<'static, Result<Box<dyn DuplexStream>, FeatureError>>, FeatureError>;
}

/// Takes an HTTP/2 or HTTP/3 stream over for another protocol (RFC 8441, RFC 9220).
pub trait HttpExtendedConnectFeature: Feature {
    /// True for CONNECT with a `:protocol`.
    fn is_extended_connect(&self) -> bool;

    /// The value of `:protocol`.
    fn protocol(&self) -> Option<&str>;

    /// Answers with the response's 2xx status and fields and gives the stream.
    ///
    /// # Errors
    /// Invalid state: no extended CONNECT, called twice, or a status that is not 2xx.
    fn accept(
        &mut self,
        head: std::sync::Arc<crate::ResponseHead>,
    ) -> Result<BoxFuture<'static, Result<Box<dyn DuplexStream>, FeatureError>>, FeatureError>;
}
