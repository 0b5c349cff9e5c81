//! A handler as the [`HttpApplication`] that servers run.

use std::{any::Any, pin::pin, sync::Arc};

use falconry_features::{
    BoxError, BoxFuture, CatchPanic, FeatureCollection, FeatureError, HostContext, HttpApplication,
    HttpResponseFeature, Processed, complete_request,
};

use super::{
    in_flight::{InFlight, Ticket},
    metrics::{Observers, RequestObserver, Watched},
};
use crate::{Handler, HttpContext};

/// Runs a [`Handler`] for every request that a server hands over.
///
/// A context that has been disposed stays with the server's features and is used again. A panic of
/// the handler is an error like any other.
///
/// ```
/// use falconry::{HostingApplication, HttpContext, Result};
/// use falconry::features::HttpApplication;
/// use std::sync::Arc;
///
/// async fn hello(ctx: &mut HttpContext) -> Result<()> {
///     Ok(ctx.response_mut().write("Hello World!").await?)
/// }
///
/// let application: Arc<dyn HttpApplication> = Arc::new(HostingApplication::new(hello));
/// ```
#[derive(Clone)]
pub struct HostingApplication {
    handler: Arc<dyn Hosted>,
    in_flight: Arc<InFlight>,
    observers: Observers,
}

impl HostingApplication {
    /// An application that is this handler, for instance a [`Pipeline`](crate::Pipeline).
    pub fn new(handler: impl Handler) -> Self {
        Self::counted(handler, Arc::default(), Observers::default())
    }

    /// Tells `observer` of every request, for metrics. Of several, each is told, in the order in which they were added.
    /// Default: none, and nothing is measured.
    #[must_use]
    pub fn request_observer(mut self, observer: Arc<dyn RequestObserver>) -> Self {
        self.observers.add(observer);
        self
    }

    /// The same, with its running requests counted where a host sees them.
    pub(super) fn counted(handler: impl Handler, in_flight: Arc<InFlight>, observers: Observers) -> Self {
        Self { handler: Arc::new(handler), in_flight, observers }
    }
}

impl HttpApplication for HostingApplication {
    fn create_context(&self, mut features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        let reused = features.take_host_context().and_then(|context| context.downcast::<Context>().ok());
        let mut context = match reused {
            Some(mut context) => {
                context.http.set_features(features);
                context
            }
            None => Box::new(Context {
                http: HttpContext::new(features),
                handler: Arc::clone(&self.handler),
                ticket: self.in_flight.ticket(),
                watched: None,
            }),
        };
        context.ticket.begin();
        context.watched = self.observers.watch(context.http.features_mut());
        Ok(context)
    }

    fn process(&self, context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        self.handler.process(context)
    }

    fn dispose_context(&self, context: Box<dyn HostContext>, error: Option<&BoxError>) -> FeatureCollection {
        dispose(context, error)
    }
}

impl std::fmt::Debug for HostingApplication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostingApplication").finish_non_exhaustive()
    }
}

/// A handler of any type as what runs for a request.
trait Hosted: Any + Send + Sync {
    /// Runs the handler that the context has been made with, which is of this type.
    fn process(&self, context: Box<dyn HostContext>) -> BoxFuture<'static, Processed>;
}

impl<H: Handler> Hosted for H {
    fn process(&self, context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        Box::pin(async move {
            let mut context = Abandoned(Some(context));
            // The handler's future lives in this one: a request has one box, not two.
            let result = match context.parts::<H>() {
                Some((http, handler)) => CatchPanic::new(pin!(handler.handle_unboxed(http))).await,
                None => Err(FeatureError::invalid_argument("a context that another application made").into()),
            };
            Processed { context: context.finish(), result }
        })
    }
}

struct Context {
    http: HttpContext,
    handler: Arc<dyn Hosted>,
    ticket: Ticket,
    /// The request, if somebody observes it.
    watched: Option<Box<Watched>>,
}

impl HostContext for Context {
    fn features(&self) -> &FeatureCollection {
        self.http.features()
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        self.http.features_mut()
    }
}

/// Disposes a context whose request the server abandoned by dropping the future.
struct Abandoned(Option<Box<dyn HostContext>>);

impl Abandoned {
    fn parts<H: Handler>(&mut self) -> Option<(&mut HttpContext, &H)> {
        let Context { http, handler, .. } = (self.0.as_deref_mut()? as &mut dyn Any).downcast_mut()?;
        Some((http, (&**handler as &dyn Any).downcast_ref()?))
    }

    fn finish(mut self) -> Box<dyn HostContext> {
        self.0.take().expect("the context is here until the request finishes")
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        let Some(mut context) = self.0.take() else { return };
        let has_callbacks = context
            .features_mut()
            .get_mut::<dyn HttpResponseFeature>()
            .is_some_and(|response| response.callbacks_mut().has_completed());
        match tokio::runtime::Handle::try_current() {
            // What was registered for the end of the request happens although nobody waits for it.
            Ok(runtime) if has_callbacks => drop(runtime.spawn(async move {
                complete_request(context.features_mut()).await;
                dispose_abandoned(context);
            })),
            _ => dispose_abandoned(context),
        }
    }
}

fn dispose_abandoned(context: Box<dyn HostContext>) {
    let error = FeatureError::aborted("the request was aborted before the application finished").into();
    dispose(context, Some(&error));
}

fn dispose(context: Box<dyn HostContext>, error: Option<&BoxError>) -> FeatureCollection {
    if let Some(error) = error {
        // The server says it to the operator; here it is for who looks at the application's side.
        tracing::debug!(
            error = &**error as &(dyn std::error::Error + 'static),
            "the application ended with an error"
        );
    }
    let mut context = context;
    let mut features = std::mem::take(context.features_mut());
    if let Ok(mut context) = (context as Box<dyn Any>).downcast::<Context>() {
        context.ticket.end();
        if let Some(watched) = context.watched.take() {
            watched.end(&mut features, error);
        }
        features.set_host_context(context);
    }
    features
}
