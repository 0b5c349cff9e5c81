//! [`IisIntegration`]: only the module's requests, and what it says about them.

use falconry_features::{BoxFuture, HttpMaxRequestBodySizeFeature, HttpUpgradeFeature, User};
use http::{HeaderName, StatusCode};

use super::{IisOptions, ModuleEnvironment, token, user};
use crate::{
    ApplicationLifetime, HttpContext, Middleware, Next, Result,
    middleware::{certificate, certificate_forwarding::with_certificate},
};

const EVENT: HeaderName = HeaderName::from_static("ms-aspnetcore-event");
const CLIENT_CERTIFICATE: HeaderName = HeaderName::from_static("ms-aspnetcore-clientcert");

/// Lets only the module's requests pass, with what it says about them; obeys when it says stop.
#[derive(Debug)]
pub(crate) struct IisIntegration {
    module: ModuleEnvironment,
    options: IisOptions,
    lifetime: ApplicationLifetime,
}

impl IisIntegration {
    pub(crate) fn new(module: ModuleEnvironment, options: IisOptions, lifetime: ApplicationLifetime) -> Self {
        Self { module, options, lifetime }
    }

    fn prepare(&self, ctx: &mut HttpContext) {
        let mut request = ctx.request_mut();
        let headers = request.headers_mut();
        // An application that shows its request shows no secret of the module.
        headers.remove(token::TOKEN);
        headers.remove(user::USER);
        let limit = ctx.features_mut().get_mut::<dyn HttpMaxRequestBodySizeFeature>();
        if let Some(limit) = limit.filter(|limit| !limit.is_read_only()) {
            // The module has its own; it cannot be too late, so nothing is lost with the error.
            let _ = limit.set_max_request_body_size(None);
        }
    }

    /// The certificate that the module passes on, `Some(None)` if it is no certificate.
    fn certificate(&self, ctx: &HttpContext) -> Option<Option<falconry_features::Certificate>> {
        let value = ctx.request().headers().get(CLIENT_CERTIFICATE)?;
        let is_forwarded = self.options.forward_client_certificate && !value.is_empty();
        is_forwarded.then(|| certificate::from_base64(value.as_bytes()))
    }

    /// The user of Windows that the module passes on. Its token is closed when nobody wants it.
    fn user(&self, ctx: &HttpContext) -> Option<User> {
        let user = self.module.forwards_users.then(|| user::of(ctx.request().headers())).flatten();
        user.filter(|_| self.options.automatic_authentication)
    }

    fn run<'a>(&self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        match self.certificate(ctx) {
            Some(certificate) => with_certificate(ctx, next, certificate, &CLIENT_CERTIFICATE),
            None => next.start(ctx),
        }
    }
}

impl Middleware for IisIntegration {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        if !self.module.token.is_in(ctx.request().headers()) {
            tracing::warn!("a request without the module's pairing token is refused");
            return Box::pin(async move { ctx.response_mut().set_status(StatusCode::BAD_REQUEST) });
        }
        if is_shutdown(ctx) {
            tracing::info!("the module asks for the stop");
            self.lifetime.stop_application();
            return Box::pin(async move { ctx.response_mut().set_status(StatusCode::ACCEPTED) });
        }
        let user = self.user(ctx);
        self.prepare(ctx);
        if self.module.supports_web_sockets && user.is_none() {
            return self.run(ctx, next);
        }
        let features = ctx.features_mut();
        let upgrade = (!self.module.supports_web_sockets).then(|| features.take::<dyn HttpUpgradeFeature>());
        let former = user.map(|user| user::set(features, user));
        Box::pin(async move {
            let result = self.run(ctx, next).await;
            // The collection may serve another request.
            if let Some(upgrade) = upgrade.flatten() {
                ctx.features_mut().set(upgrade);
            }
            if let Some(former) = former {
                user::restore(ctx.features_mut(), former);
            }
            result
        })
    }
}

/// Whether the request is the module's message to stop: `POST /iisintegration` with the event
/// `shutdown`, all in any case.
fn is_shutdown(ctx: &HttpContext) -> bool {
    let request = ctx.request();
    let mut events = request.headers().get_all(EVENT).iter();
    request.method().as_str().eq_ignore_ascii_case("POST")
        && request.path().eq_ignore_ascii_case("/iisintegration")
        && events.next().is_some_and(|event| event.as_bytes().eq_ignore_ascii_case(b"shutdown"))
        && events.next().is_none()
}
