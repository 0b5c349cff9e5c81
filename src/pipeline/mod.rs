//! Middleware around a handler.

mod branch;
mod middleware;

use std::{fmt, sync::Arc};

use falconry_features::BoxFuture;

pub(crate) use self::branch::segments_after;
pub use self::middleware::{Middleware, MiddlewareFn, Next};
use crate::{Handler, HttpContext, Result};

/// Middleware, outermost first, and what answers at the end: 404 unless [`run`](Self::run) says otherwise.
///
/// ```
/// use falconry::{HttpContext, Next, Pipeline, Result};
///
/// async fn server_timing(ctx: &mut HttpContext, next: Next<'_>) -> Result<()> {
///     ctx.response_mut().set_header("server-timing", "app")?;
///     next.run(ctx).await
/// }
///
/// async fn hello(ctx: &mut HttpContext) -> Result<()> {
///     Ok(ctx.response_mut().write("Hello World!").await?)
/// }
///
/// let pipeline = Pipeline::new()
///     .use_fn(server_timing)
///     .map("/hello", |branch| branch.run(hello));
/// ```
#[derive(Clone, Default)]
pub struct Pipeline {
    middleware: Vec<Arc<dyn Middleware>>,
    terminal: Option<Arc<dyn Handler>>,
}

impl Pipeline {
    /// A pipeline that answers 404 to everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds middleware: it runs after what was added before it, around what comes after it.
    #[must_use]
    pub fn use_(mut self, middleware: impl Middleware) -> Self {
        self.middleware.push(Arc::new(middleware));
        self
    }

    /// Adds middleware written as `async fn(&mut HttpContext, Next<'_>) -> Result<()>`.
    #[must_use]
    pub fn use_fn<F>(self, middleware: F) -> Self
    where
        F: for<'a> MiddlewareFn<'a> + 'static,
    {
        self.use_(middleware::FromFn(middleware))
    }

    /// Sends requests under `path` into a branch of their own, which does not come back. The path
    /// matches whole segments in any case; in the branch it is part of the path base.
    ///
    /// # Panics
    /// If `path` does not start with `/`.
    #[must_use]
    pub fn map(self, path: &str, configure: impl FnOnce(Self) -> Self) -> Self {
        let branch = configure(Self::new());
        self.use_(branch::Map::new(path, branch))
    }

    /// Sends requests that `predicate` picks into a branch of their own, which does not come back.
    #[must_use]
    pub fn map_when<P>(self, predicate: P, configure: impl FnOnce(Self) -> Self) -> Self
    where
        P: Fn(&HttpContext) -> bool + Send + Sync + 'static,
    {
        let branch = configure(Self::new());
        self.use_(branch::MapWhen { predicate, branch })
    }

    /// Runs requests that `predicate` picks through more middleware, and then through the rest of
    /// this pipeline unless the branch answers them.
    #[must_use]
    pub fn use_when<P>(self, predicate: P, configure: impl FnOnce(Self) -> Self) -> Self
    where
        P: Fn(&HttpContext) -> bool + Send + Sync + 'static,
    {
        let branch = configure(Self::new());
        self.use_(branch::UseWhen { predicate, branch })
    }

    /// Sets what answers at the end of the pipeline.
    #[must_use]
    pub fn run(mut self, handler: impl Handler) -> Self {
        self.terminal = Some(Arc::new(handler));
        self
    }

    fn first(&self) -> Next<'_> {
        Next::new(&self.middleware, self.terminal.as_deref(), None)
    }
}

impl Handler for Pipeline {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        self.first().start(ctx)
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("middleware", &self.middleware.len()).finish_non_exhaustive()
    }
}
