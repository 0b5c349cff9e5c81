//! [`HttpApplication`]: what a server runs for every request.

use std::{any::Any, pin::Pin};

use crate::{BoxError, FeatureCollection};

/// A boxed future, as the seams of the contract pass it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The application as a server sees it: three steps for every request, in this order.
///
/// 1. [`create_context`](Self::create_context) makes the context from the server's features;
/// 2. [`process`](Self::process) runs the application;
/// 3. [`dispose_context`](Self::dispose_context) ends it, told of the error if there was one.
///
/// [`run_request`](crate::run_request) does all three and everything between them that a server
/// owes; most servers call that and nothing else.
pub trait HttpApplication: Send + Sync {
    /// Shows a collection that the server has just made to use for many requests, one after the other. What is changed
    /// here stays for all of them; what is changed during a request is gone after it. A collection that has to be made
    /// anew after such a change comes with the context objects of the old one. Not every server calls this.
    ///
    /// Default: nothing. A server that runs on the connections of another one adds its own features here.
    fn prepare(&self, features: &mut FeatureCollection) {
        let _ = features;
    }

    /// Makes the context for one request. If this fails the request is abandoned: nothing is
    /// processed and nothing disposed.
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError>;

    /// Runs the application. The future owns the context and gives it back with the outcome.
    ///
    /// A server abandons a request by dropping the future; the application then disposes the
    /// context itself, with the error it would have been told.
    fn process(&self, context: Box<dyn HostContext>) -> BoxFuture<'static, Processed>;

    /// Ends the context; `error` is the application's, or `None`. The features go back to the
    /// server, which may use them again for another request.
    fn dispose_context(&self, context: Box<dyn HostContext>, error: Option<&BoxError>) -> FeatureCollection;
}

/// The context that an application made for one request, as the server holds it.
pub trait HostContext: Any + Send {
    /// The features of the request.
    fn features(&self) -> &FeatureCollection;

    /// The features of the request, for change.
    fn features_mut(&mut self) -> &mut FeatureCollection;
}

/// What [`HttpApplication::process`] ends with.
pub struct Processed {
    /// The context, to be disposed.
    pub context: Box<dyn HostContext>,
    /// The application's outcome.
    pub result: Result<(), BoxError>,
}

impl std::fmt::Debug for Processed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Processed")
            .field("features", self.context.features())
            .field("result", &self.result)
            .finish()
    }
}
