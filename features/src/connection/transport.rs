//! What lies under the protocol: the socket, and its heartbeat.

use super::ConnectionAddress;
use crate::Feature;

/// The socket or named pipe of a connection, described. Connection level.
///
/// The handle itself stays with the server: what is done to it behind the server's back breaks it.
pub trait ConnectionSocketFeature: Feature {
    /// What is known of the socket.
    fn socket(&self) -> &SocketDescription;
}

/// What [`ConnectionSocketFeature`] tells.
///
/// ```
/// use falconry_features::{ConnectionSocketFeature, SocketDescription};
///
/// let socket = SocketDescription { no_delay: Some(true), ..SocketDescription::default() };
/// assert_eq!(socket.socket().no_delay, Some(true));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketDescription {
    /// This end, as the system says.
    pub local: Option<ConnectionAddress>,
    /// The other end, as the system says, in front of which there may be proxies.
    pub remote: Option<ConnectionAddress>,
    /// True if small writes leave at once (`TCP_NODELAY`); `None` if that means nothing here.
    pub no_delay: Option<bool>,
    /// The process at the other end of a unix-domain socket or named pipe.
    pub peer: Option<PeerProcess>,
}

/// The process at the other end of a local connection, as the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerProcess {
    /// The number of the process.
    pub process_id: Option<u32>,
    /// The number of its user (unix).
    pub user_id: Option<u32>,
    /// The number of its group (unix).
    pub group_id: Option<u32>,
}

impl ConnectionSocketFeature for SocketDescription {
    fn socket(&self) -> &SocketDescription {
        self
    }
}

/// Calls back about once a second while the connection lives. Connection level; Kestrel.
///
/// ```
/// use falconry_features::ConnectionHeartbeatFeature;
/// use std::sync::Mutex;
///
/// #[derive(Default)]
/// struct Heart(Mutex<Vec<Box<dyn FnMut() + Send>>>);
///
/// impl ConnectionHeartbeatFeature for Heart {
///     fn on_heartbeat(&self, callback: Box<dyn FnMut() + Send>) {
///         self.0.lock().unwrap().push(callback);
///     }
/// }
/// Heart::default().on_heartbeat(Box::new(|| println!("still here")));
/// ```
pub trait ConnectionHeartbeatFeature: Feature {
    /// Registers a callback. It must return at once: it runs between the connection's own work.
    fn on_heartbeat(&self, callback: Box<dyn FnMut() + Send>);
}

/// Tells that the transport itself notices a dead peer, so that no pings are needed. Connection
/// level.
///
/// ```
/// use falconry_features::{ConnectionInherentKeepAliveFeature, FeatureCollection};
///
/// fn must_ping(features: &FeatureCollection) -> bool {
///     features
///         .get::<dyn ConnectionInherentKeepAliveFeature>()
///         .is_none_or(|feature| !feature.has_inherent_keep_alive())
/// }
/// assert!(must_ping(&FeatureCollection::new()));
/// ```
pub trait ConnectionInherentKeepAliveFeature: Feature {
    /// True if the transport notices a dead peer.
    fn has_inherent_keep_alive(&self) -> bool;
}
