//! The end of a connection: told, asked for, brought about.

use http::{HeaderValue, header::CONNECTION};

use crate::{CancellationToken, Feature, FeatureCollection, HttpResponseFeature};

/// Tells that the connection has ended, and ends it. Connection level; Kestrel.
///
/// Example: [`PlainConnectionLifetime`].
pub trait ConnectionLifetimeFeature: Feature {
    /// Fires when the connection has ended, whoever ended it.
    fn connection_closed(&self) -> CancellationToken;

    /// Ends the connection at once, with all its requests.
    fn abort(&self);
}

/// Asks for the connection to end in good order: the requests under way finish, no more are taken
/// (HTTP/1: `Connection: close`; HTTP/2 and HTTP/3: GOAWAY). Applications call [`request_close`].
///
/// Example: [`PlainConnectionLifetime`].
pub trait ConnectionLifetimeNotificationFeature: Feature {
    /// Fires when somebody asked for the connection to end.
    fn connection_closed_requested(&self) -> CancellationToken;

    /// Asks for it.
    fn request_close(&self);
}

/// Asks the server to close the connection after the requests under way. Where the server has no
/// [`ConnectionLifetimeNotificationFeature`], the response says `Connection: close` unless it has
/// started.
///
/// ```
/// use falconry_features::{FeatureCollection, HttpResponseFeature, PlainResponse, request_close};
///
/// let mut features = FeatureCollection::new();
/// features.set::<dyn HttpResponseFeature>(Box::<PlainResponse>::default());
/// request_close(&mut features);
/// let response = features.get::<dyn HttpResponseFeature>().unwrap();
/// assert_eq!(response.headers()["connection"], "close");
/// ```
pub fn request_close(features: &mut FeatureCollection) {
    if let Some(notification) = features.get::<dyn ConnectionLifetimeNotificationFeature>() {
        notification.request_close();
    } else if let Some(response) = features.get_mut::<dyn HttpResponseFeature>()
        && let Ok(headers) = response.headers_mut()
    {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

/// The plain [`ConnectionLifetimeFeature`] and [`ConnectionLifetimeNotificationFeature`]: two tokens
/// that the server acts on. Clones share them.
///
/// ```
/// use falconry_features::{ConnectionLifetimeNotificationFeature, PlainConnectionLifetime};
///
/// let lifetime = PlainConnectionLifetime::default();
/// let held_by_server = lifetime.clone();
/// lifetime.request_close();
/// assert!(held_by_server.close_requested.is_cancelled());
/// assert!(!held_by_server.closed.is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainConnectionLifetime {
    /// The connection has ended, or was aborted.
    pub closed: CancellationToken,
    /// The connection shall end in good order.
    pub close_requested: CancellationToken,
}

impl ConnectionLifetimeFeature for PlainConnectionLifetime {
    fn connection_closed(&self) -> CancellationToken {
        self.closed.clone()
    }

    fn abort(&self) {
        self.closed.cancel();
    }
}

impl ConnectionLifetimeNotificationFeature for PlainConnectionLifetime {
    fn connection_closed_requested(&self) -> CancellationToken {
        self.close_requested.clone()
    }

    fn request_close(&self) {
        self.close_requested.cancel();
    }
}
