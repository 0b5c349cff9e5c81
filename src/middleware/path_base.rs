//! [`PathBase`]: an application that lives under a path.

use falconry_features::BoxFuture;

use crate::{HttpContext, Middleware, Next, Result, pipeline::segments_after};

/// Takes a path off the front of the request's path and puts it to the path base, for what comes
/// after it; both are as before when that is done.
///
/// It matches whole segments in any case and keeps the case of the request. Requests elsewhere pass
/// unchanged: they are not refused.
///
/// ```
/// use falconry::{HttpContext, Pipeline, Result, middleware::PathBase};
///
/// async fn show(ctx: &mut HttpContext) -> Result<()> {
///     // GET /shop/cart: "/shop" and "/cart"
///     let text = format!("{} {}", ctx.request().path_base(), ctx.request().path());
///     ctx.response_mut().write(text).await
/// }
///
/// let app = Pipeline::new().use_(PathBase::new("/shop")).run(show);
/// ```
#[derive(Clone, Debug)]
pub struct PathBase {
    /// Without a slash at its end.
    base: String,
}

impl PathBase {
    /// The middleware for this path, decoded as request paths are. Slashes at its end do not count;
    /// with nothing else the middleware does nothing.
    ///
    /// # Panics
    /// If `base` is not empty and does not start with `/`.
    pub fn new(base: &str) -> Self {
        assert!(base.is_empty() || base.starts_with('/'), "a path base starts with '/', not as {base:?}");
        Self { base: base.trim_end_matches('/').to_owned() }
    }
}

impl Middleware for PathBase {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        let matched = match segments_after(ctx.request().path(), &self.base) {
            Some(rest) if !self.base.is_empty() => ctx.request().path().len() - rest,
            _ => return next.start(ctx),
        };
        Box::pin(async move {
            let request = ctx.request();
            let (base, path) = (request.path_base().to_owned(), request.path().to_owned());
            let (taken, rest) = path.split_at(matched);
            ctx.request_mut().set_path_base(&format!("{base}{taken}"));
            ctx.request_mut().set_path(rest);
            let result = next.run(ctx).await;
            ctx.request_mut().set_path_base(&base);
            ctx.request_mut().set_path(&path);
            result
        })
    }
}
