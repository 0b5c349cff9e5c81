//! Which connection, which stream, and who is at its other end.

use super::ConnectionAddress;
use crate::{Feature, User};

/// The name of the connection in logs. Connection level.
///
/// ```
/// use falconry_features::{ConnectionIdFeature, PlainConnectionIdentity};
///
/// let connection = PlainConnectionIdentity { connection_id: "0HN1".into(), ..Default::default() };
/// assert_eq!(connection.connection_id(), "0HN1");
/// ```
pub trait ConnectionIdFeature: Feature {
    /// The identifier, unique in this process.
    fn connection_id(&self) -> &str;
}

/// The two ends of the connection, of whatever kind its transport is. Connection level.
///
/// A request's own view, which middleware may change, is
/// [`HttpConnectionFeature`](crate::HttpConnectionFeature). Example: [`PlainConnectionIdentity`].
pub trait ConnectionEndPointFeature: Feature {
    /// This end; `None` if the transport has no addresses.
    fn local_end_point(&self) -> Option<&ConnectionAddress>;

    /// The client's end; `None` if the transport has no addresses.
    fn remote_end_point(&self) -> Option<&ConnectionAddress>;
}

/// Who is at the other end, if the transport itself knows: a named pipe's client, the peer of a
/// unix socket. Connection level. Example: [`PlainConnectionIdentity`].
pub trait ConnectionUserFeature: Feature {
    /// The user; `None` if the transport does not know.
    fn user(&self) -> Option<&User>;
}

/// The plain [`ConnectionIdFeature`], [`ConnectionEndPointFeature`] and [`ConnectionUserFeature`].
///
/// ```
/// use falconry_features::{ConnectionAddress, ConnectionEndPointFeature, PlainConnectionIdentity};
///
/// let connection = PlainConnectionIdentity {
///     local: Some(ConnectionAddress::Ip(([127, 0, 0, 1], 5000).into())),
///     ..Default::default()
/// };
/// assert_eq!(connection.local_end_point().unwrap().to_string(), "127.0.0.1:5000");
/// assert!(connection.remote_end_point().is_none());
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainConnectionIdentity {
    /// Identifies the connection. Default: empty.
    pub connection_id: String,
    /// This end. Default: none.
    pub local: Option<ConnectionAddress>,
    /// The client's end. Default: none.
    pub remote: Option<ConnectionAddress>,
    /// The user. Default: unknown.
    pub user: Option<User>,
}

impl ConnectionIdFeature for PlainConnectionIdentity {
    fn connection_id(&self) -> &str {
        &self.connection_id
    }
}

impl ConnectionEndPointFeature for PlainConnectionIdentity {
    fn local_end_point(&self) -> Option<&ConnectionAddress> {
        self.local.as_ref()
    }

    fn remote_end_point(&self) -> Option<&ConnectionAddress> {
        self.remote.as_ref()
    }
}

impl ConnectionUserFeature for PlainConnectionIdentity {
    fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }
}
