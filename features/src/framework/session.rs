//! What is kept between the requests of one client.

use std::fmt;

use async_trait::async_trait;

use crate::{BoxError, Feature, FeatureError};

/// What is kept between the requests of one client, as bytes by name.
///
/// Load it before the first look, commit it before the end: the session middleware does both.
#[async_trait]
pub trait Session: Send + Sync {
    /// True if the session has been loaded.
    fn is_available(&self) -> bool;

    /// The identifier: not the key of the client's cookie, so fit for logs.
    fn id(&self) -> &str;

    /// The names in use.
    fn keys(&self) -> Vec<String>;

    /// Loads the session from where it is kept. A second call has no effect.
    async fn load(&mut self) -> Result<(), BoxError>;

    /// Stores the session.
    async fn commit(&mut self) -> Result<(), BoxError>;

    /// The value under `key`.
    fn get(&self, key: &str) -> Option<&[u8]>;

    /// Sets a value.
    ///
    /// # Errors
    /// Invalid state: the session is not available, or it is new and the response has started, so
    /// that the client can no longer be told of it.
    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), FeatureError>;

    /// Removes a value.
    fn remove(&mut self, key: &str);

    /// Removes all values.
    fn clear(&mut self);
}

/// The session of the request. Set by the session middleware; absent without it.
pub trait SessionFeature: Feature {
    /// The session.
    fn session(&self) -> &dyn Session;

    /// The session, for change.
    fn session_mut(&mut self) -> &mut dyn Session;

    /// Puts another session in its place.
    fn set_session(&mut self, session: Box<dyn Session>);
}

/// The plain [`SessionFeature`].
///
/// ```
/// use falconry_features::{MemorySession, PlainSession, SessionFeature};
///
/// let mut feature = PlainSession::new(Box::new(MemorySession::new("s1")));
/// feature.session_mut().set("cart", b"3 apples").unwrap();
/// assert_eq!(feature.session().get("cart"), Some(&b"3 apples"[..]));
/// ```
pub struct PlainSession {
    session: Box<dyn Session>,
}

impl PlainSession {
    /// Holds `session`.
    pub fn new(session: Box<dyn Session>) -> Self {
        Self { session }
    }
}

impl SessionFeature for PlainSession {
    fn session(&self) -> &dyn Session {
        &*self.session
    }

    fn session_mut(&mut self) -> &mut dyn Session {
        &mut *self.session
    }

    fn set_session(&mut self, session: Box<dyn Session>) {
        self.session = session;
    }
}

impl fmt::Debug for PlainSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainSession").field("id", &self.session.id()).finish_non_exhaustive()
    }
}

/// A [`Session`] that is kept nowhere: always available, gone with its object. For tests.
///
/// ```
/// use falconry_features::{MemorySession, Session};
///
/// let mut session = MemorySession::new("s1");
/// session.set("a", b"1").unwrap();
/// session.remove("a");
/// assert!(session.keys().is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemorySession {
    id: String,
    values: std::collections::BTreeMap<String, Vec<u8>>,
}

impl MemorySession {
    /// An empty session with this identifier.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }
}

#[async_trait]
impl Session for MemorySession {
    fn is_available(&self) -> bool {
        true
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<String> {
        self.values.keys().cloned().collect()
    }

    async fn load(&mut self) -> Result<(), BoxError> {
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), BoxError> {
        Ok(())
    }

    fn get(&self, key: &str) -> Option<&[u8]> {
        self.values.get(key).map(Vec::as_slice)
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), FeatureError> {
        self.values.insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn remove(&mut self, key: &str) {
        self.values.remove(key);
    }

    fn clear(&mut self) {
        self.values.clear();
    }
}
