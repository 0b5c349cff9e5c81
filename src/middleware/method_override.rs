//! [`HttpMethodOverride`]: other methods for clients that can only GET and POST.

use falconry_features::{BoxFuture, has_form_content_type};
use http::Method;

use crate::{HttpContext, Middleware, Next, Result};

const HEADER: &str = "x-http-method-override";

/// Gives a POST the method that its `X-Http-Method-Override` field, or a field of its form, names.
///
/// Methods are case-sensitive: `delete` is not `DELETE`. A name that is no token changes nothing.
///
/// ```
/// use falconry::{Pipeline, middleware::HttpMethodOverride};
///
/// let by_header = Pipeline::new().use_(HttpMethodOverride::default());
/// let by_form = Pipeline::new().use_(HttpMethodOverride::from_form_field("_method"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct HttpMethodOverride {
    form_field: Option<String>,
}

impl HttpMethodOverride {
    /// The middleware that looks into the form and not at the header. The whole form is read for
    /// this, within the limits of [`FormOptions`](falconry_features::FormOptions); a form that cannot
    /// be read ends the request.
    pub fn from_form_field(name: impl Into<String>) -> Self {
        Self { form_field: Some(name.into()) }
    }
}

impl Middleware for HttpMethodOverride {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        if *ctx.request().method() != Method::POST {
            return next.start(ctx);
        }
        let Some(field) = &self.form_field else {
            let wanted = ctx.request().header(HEADER).and_then(method);
            change(ctx, wanted);
            return next.start(ctx);
        };
        Box::pin(async move {
            if has_form_content_type(ctx.request().headers()) {
                let wanted = ctx.read_form().await?.fields.get(field).and_then(method);
                change(ctx, wanted);
            }
            next.run(ctx).await
        })
    }
}

fn change(ctx: &mut HttpContext, wanted: Option<Method>) {
    if let Some(wanted) = wanted {
        ctx.request_mut().set_method(wanted);
    }
}

fn method(name: &str) -> Option<Method> {
    Method::from_bytes(name.as_bytes()).ok()
}
