//! Handlers that share something between requests.

use std::fmt;

use falconry_features::BoxFuture;

use crate::{Handler, HttpContext, Result};

/// A handler from an `async fn` that is lent what all its requests share.
///
/// ```
/// use falconry::{HttpContext, Pipeline, Result, with_state};
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// async fn count(visits: &AtomicU64, ctx: &mut HttpContext) -> Result<()> {
///     let visit = visits.fetch_add(1, Ordering::Relaxed) + 1;
///     ctx.response_mut().write(format!("visit {visit}")).await
/// }
///
/// let app = Pipeline::new().run(with_state(AtomicU64::new(0), count));
/// ```
pub const fn with_state<S, F>(state: S, handler: F) -> WithState<S, F>
where
    S: Send + Sync + 'static,
    F: for<'a> StateFn<'a, S> + 'static,
{
    WithState { state, handler }
}

/// What [`with_state`] gives.
#[derive(Clone)]
pub struct WithState<S, F> {
    state: S,
    handler: F,
}

impl<S, F> Handler for WithState<S, F>
where
    S: Send + Sync + 'static,
    F: for<'a> StateFn<'a, S> + 'static,
{
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(self.handler.call(&self.state, ctx))
    }
}

impl<S: fmt::Debug, F> fmt::Debug for WithState<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithState").field("state", &self.state).finish_non_exhaustive()
    }
}

/// A function whose future may borrow the state and the context.
pub trait StateFn<'a, S>: Send + Sync {
    /// The future of one call.
    type Future: Future<Output = Result> + Send + 'a;

    /// Calls the function.
    fn call(&self, state: &'a S, ctx: &'a mut HttpContext) -> Self::Future;
}

impl<'a, S, F, Fut> StateFn<'a, S> for F
where
    S: 'a,
    F: Fn(&'a S, &'a mut HttpContext) -> Fut + Send + Sync,
    Fut: Future<Output = Result> + Send + 'a,
{
    type Future = Fut;

    fn call(&self, state: &'a S, ctx: &'a mut HttpContext) -> Fut {
        self(state, ctx)
    }
}
