//! What stands around the rest of a pipeline.

use std::{fmt, sync::Arc};

use falconry_features::BoxFuture;
use http::StatusCode;

use crate::{Handler, HttpContext, Result};

/// Stands around the rest of a pipeline: before it, after it, or instead of it.
///
/// Most are functions: see [`Pipeline::use_fn`](crate::Pipeline::use_fn).
pub trait Middleware: Send + Sync + 'static {
    /// Handles the request; `next` is the rest of the pipeline.
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result>;
}

/// The rest of the pipeline, as one middleware sees it.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    middleware: &'a [Arc<dyn Middleware>],
    terminal: Option<&'a dyn Handler>,
    // Where a branch comes back to the pipeline it left.
    rejoin: Option<&'a Self>,
}

impl<'a> Next<'a> {
    pub(super) fn new(
        middleware: &'a [Arc<dyn Middleware>],
        terminal: Option<&'a dyn Handler>,
        rejoin: Option<&'a Self>,
    ) -> Self {
        Self { middleware, terminal, rejoin }
    }

    /// Runs the rest of the pipeline. Calling it twice is possible but seldom right.
    pub async fn run(self, ctx: &mut HttpContext) -> Result {
        self.start(ctx).await
    }

    pub(crate) fn start<'b>(self, ctx: &'b mut HttpContext) -> BoxFuture<'b, Result>
    where
        'a: 'b,
    {
        match (self.middleware.split_first(), self.terminal, self.rejoin) {
            (Some((first, rest)), ..) => first.handle(ctx, Self { middleware: rest, ..self }),
            (None, Some(terminal), _) => terminal.handle(ctx),
            (None, None, Some(rejoin)) => rejoin.start(ctx),
            (None, None, None) => Box::pin(not_found(ctx)),
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("remaining", &self.middleware.len()).finish_non_exhaustive()
    }
}

async fn not_found(ctx: &mut HttpContext) -> Result {
    if !ctx.response().has_started() {
        ctx.response_mut().set_status(StatusCode::NOT_FOUND)?;
    }
    Ok(())
}

/// A function as middleware.
pub(super) struct FromFn<F>(pub(super) F);

impl<F> Middleware for FromFn<F>
where
    F: for<'a> MiddlewareFn<'a> + 'static,
{
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        Box::pin(self.0.call(ctx, next))
    }
}

/// A function whose future may borrow the context and the rest of the pipeline.
pub trait MiddlewareFn<'a>: Send + Sync {
    /// The future of one call.
    type Future: Future<Output = Result> + Send + 'a;

    /// Calls the function.
    fn call(&self, ctx: &'a mut HttpContext, next: Next<'a>) -> Self::Future;
}

impl<'a, F, Fut> MiddlewareFn<'a> for F
where
    F: Fn(&'a mut HttpContext, Next<'a>) -> Fut + Send + Sync,
    Fut: Future<Output = Result> + Send + 'a,
{
    type Future = Fut;

    fn call(&self, ctx: &'a mut HttpContext, next: Next<'a>) -> Fut {
        self(ctx, next)
    }
}
