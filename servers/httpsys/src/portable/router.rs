//! The application of the driver's listeners: finds the prefix that a request fits.

use std::{any::Any, collections::BTreeMap, sync::Arc, time::Instant};

use falconry_features::{
    BoxError, BoxFuture, FeatureCollection, HostContext, HttpApplication, HttpConnectionFeature,
    HttpRequestBodyDetectionFeature, HttpRequestFeature, Processed, RequestTimingType, User,
};
use http::header::HOST;

use super::{
    ConfigureHttps, Kernel,
    answer::Answer,
    authentication, cache,
    context::RouterContext,
    port::PortTable,
    run::Run,
    session::Settings,
    table::{Match, Registration},
};
use crate::driver::{AuthenticationSchemes, DriverRequest, Http503Verbosity};

/// Routes the requests of one port.
#[derive(Clone, Debug)]
pub(super) struct PortRouter {
    pub(super) kernel: Arc<Kernel>,
    port: u16,
    is_https: bool,
    pub(super) table: Arc<PortTable>,
}

/// Where a request goes.
pub(super) enum Route {
    /// To the queue of a group.
    Queue(Arc<Registration>, Arc<Settings>),
    /// Nowhere; `None` resets the connection.
    Answer(Option<Answer>),
}

impl PortRouter {
    pub(super) fn new(kernel: &Arc<Kernel>, port: u16, is_https: bool, table: &Arc<PortTable>) -> Self {
        Self { kernel: Arc::clone(kernel), port, is_https, table: Arc::clone(table) }
    }

    pub(super) fn is_https(&self) -> bool {
        self.is_https
    }

    /// How TLS is set up here.
    pub(super) fn https(&self) -> Option<ConfigureHttps> {
        self.kernel.https_of(self.port)
    }

    /// Finds out where a request goes.
    pub(super) fn route(&self, context: &mut RouterContext) -> Result<Route, BoxError> {
        let (features, connection) = context.parts(&self.kernel);
        let request = features.required::<dyn HttpRequestFeature>()?;
        let headers = request.headers();
        let url = || cache::url_of(self.is_https, request.method(), headers, request.raw_target());
        if let Some(answer) = self.kernel.cache.answer(url) {
            return Ok(Route::Answer(Some(answer)));
        }
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let local = features.get::<dyn HttpConnectionFeature>().and_then(|end| end.local_ip_address());
        let path = match request.path() {
            // `OPTIONS *` is about the server: whoever has its root takes it.
            "" => "/",
            path => path,
        };
        let registration = match self.table.find(host, local, path) {
            Match::Found(registration) => registration,
            Match::NoPath => return Ok(Route::Answer(Some(Answer::not_found()))),
            Match::NoHost => return Ok(Route::Answer(Some(Answer::invalid_host()))),
        };
        let settings = registration.group.settings();
        let verbosity = match &settings.queue {
            // Nobody is there to choose: it is said plainly.
            None => Some(Http503Verbosity::Full),
            Some(queue) if !settings.is_enabled => Some(queue.verbosity()),
            Some(queue) => settings
                .max_connections
                .is_some_and(|max| !registration.group.connections.admit(connection, max))
                .then(|| queue.verbosity()),
        };
        Ok(match verbosity {
            Some(verbosity) => Route::Answer(Answer::unavailable(verbosity)),
            None => Route::Queue(registration, settings),
        })
    }

    /// Under which URL the answer to a request may be kept.
    pub(super) fn cache_url(&self, features: &FeatureCollection) -> Option<String> {
        let request = features.get::<dyn HttpRequestFeature>()?;
        cache::url_of(self.is_https, request.method(), request.headers(), request.raw_target())
    }

    pub(super) fn kernel_cache(&self) -> &cache::ResponseCache {
        &self.kernel.cache
    }

    /// The request as its receiver sees it. Its fields move there.
    pub(super) fn request(
        &self,
        context: &mut RouterContext,
        registration: &Registration,
        settings: &Settings,
    ) -> Result<Box<DriverRequest>, BoxError> {
        let (features, connection) = context.parts(&self.kernel);
        let user = self.user(features, settings);
        let (local, remote) = match features.get::<dyn HttpConnectionFeature>() {
            Some(end) => (
                end.local_ip_address().map(|address| (address, end.local_port()).into()),
                end.remote_ip_address().map(|address| (address, end.remote_port()).into()),
            ),
            None => (None, None),
        };
        let has_body = features
            .get::<dyn HttpRequestBodyDetectionFeature>()
            .is_some_and(HttpRequestBodyDetectionFeature::can_have_body);
        let request = features.required_mut::<dyn HttpRequestFeature>()?;
        let now = ticks();
        let mut timestamps = [0; RequestTimingType::ALL.len()];
        timestamps[RequestTimingType::RequestRoutingEnd as usize] = now;
        timestamps[RequestTimingType::RequestQueuedForIo as usize] = now;
        Ok(Box::new(DriverRequest {
            request_id: self.kernel.next_id(),
            connection_id: connection.id,
            raw_connection_id: connection.id,
            url_context: registration.context,
            verb: request.method().clone(),
            version: request.version(),
            raw_url: request.raw_target().to_owned(),
            is_https: self.is_https,
            headers: std::mem::take(request.headers_mut()),
            local_address: local,
            remote_address: remote,
            tls: connection.tls.clone(),
            user,
            has_body,
            cooked_host: None,
            info: BTreeMap::new(),
            timestamps,
            frequency: TICKS_PER_SECOND,
        }))
    }

    fn user(&self, features: &FeatureCollection, settings: &Settings) -> Option<User> {
        if !settings.authentication.schemes.contains(AuthenticationSchemes::BASIC) {
            return None;
        }
        let headers = features.get::<dyn HttpRequestFeature>()?.headers();
        authentication::basic(headers, self.kernel.basic.get()?)
    }
}

impl HttpApplication for PortRouter {
    fn prepare(&self, features: &mut FeatureCollection) {
        self.prepare_direct(features);
    }

    fn create_context(&self, mut features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        let mut context = RouterContext::take(&mut features).unwrap_or_default();
        if let Some((server, request)) = self.direct(&mut context, &mut features) {
            return context.begin_direct(server, features, request);
        }
        context.features = features;
        Ok(context)
    }

    fn process(&self, context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        if let Some(server) = RouterContext::server_of(&*context) {
            return server.application.process(context);
        }
        let context = (context as Box<dyn Any>).downcast::<RouterContext>().unwrap_or_default();
        Box::pin(Run::new(context, self))
    }

    fn dispose_context(&self, context: Box<dyn HostContext>, error: Option<&BoxError>) -> FeatureCollection {
        if !(&*context as &dyn Any).is::<RouterContext>() {
            return RouterContext::end_direct(context, error);
        }
        let Ok(mut context) = (context as Box<dyn Any>).downcast::<RouterContext>() else {
            return FeatureCollection::new();
        };
        let mut features = std::mem::take(&mut context.features);
        features.set_server_context(context);
        features
    }
}

/// Ticks of 100 ns since the driver was first asked, above 0.
pub(super) const TICKS_PER_SECOND: u64 = 10_000_000;

pub(super) fn ticks() -> i64 {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let elapsed = START.elapsed();
    let ticks =
        elapsed.as_secs().saturating_mul(TICKS_PER_SECOND) + u64::from(elapsed.subsec_nanos() / 100) + 1;
    i64::try_from(ticks).unwrap_or(i64::MAX)
}
