//! What answers a request: an `async fn(&mut HttpContext) -> Result<()>`.

use std::sync::Arc;

use falconry_features::BoxFuture;

use crate::{HttpContext, Result};

/// Answers requests. Every `async fn(&mut HttpContext) -> Result<()>` is one as it stands.
///
/// ```
/// use falconry::{Handler, HttpContext, Result};
///
/// async fn hello(ctx: &mut HttpContext) -> Result<()> {
///     ctx.response_mut().write("Hello World!").await?;
///     Ok(())
/// }
///
/// fn takes_a_handler(_: impl Handler) {}
/// takes_a_handler(hello);
/// takes_a_handler(async |ctx: &mut HttpContext| ctx.response_mut().set_status(204));
/// ```
pub trait Handler: Send + Sync + 'static {
    /// Answers the request of `ctx`.
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result>;

    /// The same as a future that is no box where that saves one: a host puts it into its own.
    #[doc(hidden)]
    fn handle_unboxed<'a>(&'a self, ctx: &'a mut HttpContext) -> impl Future<Output = Result> + Send + 'a
    where
        Self: Sized,
    {
        self.handle(ctx)
    }
}

impl<F> Handler for F
where
    F: for<'a> HandlerFn<'a> + Send + Sync + 'static,
{
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(self.call(ctx))
    }

    fn handle_unboxed<'a>(&'a self, ctx: &'a mut HttpContext) -> impl Future<Output = Result> + Send + 'a {
        self.call(ctx)
    }
}

impl Handler for Arc<dyn Handler> {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        (**self).handle(ctx)
    }
}

/// A function whose future may borrow the context: what `for<'a> Fn(&'a mut HttpContext) -> impl
/// Future + 'a` would say if it could be said.
pub trait HandlerFn<'a>: Send + Sync {
    /// The future of one call.
    type Future: Future<Output = Result> + Send + 'a;

    /// Calls the function.
    fn call(&self, ctx: &'a mut HttpContext) -> Self::Future;
}

impl<'a, F, Fut> HandlerFn<'a> for F
where
    F: Fn(&'a mut HttpContext) -> Fut + Send + Sync,
    Fut: Future<Output = Result> + Send + 'a,
{
    type Future = Fut;

    fn call(&self, ctx: &'a mut HttpContext) -> Fut {
        self(ctx)
    }
}
