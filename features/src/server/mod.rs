//! [`Server`]: what starts, listens, runs an application and stops.

mod addresses;
mod connections;
mod deadline;
mod error;

use std::sync::Arc;

use async_trait::async_trait;

pub use self::{
    addresses::{ServerAddresses, ServerAddressesFeature},
    connections::{Connections, OpenConnection},
    deadline::Deadline,
    error::ServerError,
};
use crate::{FeatureCollection, HttpApplication};

/// An HTTP server of any kind. It is started once and stopped once.
#[async_trait]
pub trait Server: Send + Sync {
    /// What the server as a whole offers, such as `dyn` [`ServerAddressesFeature`].
    fn features(&self) -> &FeatureCollection;

    /// Binds and begins to serve `application`. On return the server is accepting, and its
    /// addresses are those really bound.
    ///
    /// # Errors
    /// An address that cannot be bound, options that contradict each other, or a second start.
    async fn start(&self, application: Arc<dyn HttpApplication>) -> Result<(), ServerError>;

    /// Stops accepting, lets the requests under way finish, and aborts what is left at `deadline`.
    /// A second call waits for the first.
    async fn stop(&self, deadline: Deadline) -> Result<(), ServerError>;
}
