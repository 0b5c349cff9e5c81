//! [`StatusPage`]: what the status server answers.

use falconry_features::{
    BoxError, BoxFuture, FeatureCollection, HostContext, HttpApplication, HttpRequestFeature,
    HttpResponseFeature, Processed, write_response,
};
use http::{
    HeaderValue, Method, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, X_CONTENT_TYPE_OPTIONS,
    },
};

use super::metrics;
use crate::Module;

const PAGE: &str = include_str!("page.html");

/// Nothing of the page comes from elsewhere, and nobody frames it.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

/// The state of a module, as an application for a server that only this machine can reach: a page at `/`, its numbers at
/// `/status.json`, metrics in the text form of Prometheus at `/metrics`.
///
/// It answers only requests that name this machine, so that no page elsewhere reads it with a name of its own.
#[derive(Clone, Debug)]
pub struct StatusPage {
    module: Module,
}

impl StatusPage {
    /// The state of `module`.
    pub fn new(module: &Module) -> Self {
        Self { module: module.clone() }
    }

    async fn answer(&self, features: &mut FeatureCollection) -> Result<(), BoxError> {
        let request = features.required::<dyn HttpRequestFeature>()?;
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let has_body = request.method() != Method::HEAD;
        let names_this_machine = request.headers().get(HOST).is_some_and(is_this_machine);
        let found = match request.path() {
            "/" => Some(("text/html; charset=utf-8", PAGE.to_owned())),
            "/status.json" => Some(("application/json", serde_json::to_string(&self.module.snapshot())?)),
            "/metrics" => {
                Some(("text/plain; version=0.0.4; charset=utf-8", metrics::write(&self.module.snapshot())))
            }
            _ => None,
        };
        let head = features.required_mut::<dyn HttpResponseFeature>()?.head_mut()?;
        let status = match (&found, names_this_machine, is_read) {
            (_, false, _) => StatusCode::MISDIRECTED_REQUEST,
            (None, ..) => StatusCode::NOT_FOUND,
            (Some(_), true, false) => StatusCode::METHOD_NOT_ALLOWED,
            (Some(_), true, true) => StatusCode::OK,
        };
        head.status = status;
        let Some((kind, text)) = found.filter(|_| status == StatusCode::OK) else { return Ok(()) };
        head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        head.headers.insert(CONTENT_LENGTH, text.len().into());
        head.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        head.headers.insert(CONTENT_SECURITY_POLICY, POLICY);
        head.headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if has_body {
            write_response(features, text.into()).await?;
        }
        Ok(())
    }
}

impl HttpApplication for StatusPage {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        self.module.create_context(features)
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        let page = self.clone();
        Box::pin(async move {
            let result = page.answer(context.features_mut()).await;
            Processed { context, result }
        })
    }

    fn dispose_context(&self, context: Box<dyn HostContext>, error: Option<&BoxError>) -> FeatureCollection {
        self.module.dispose_context(context, error)
    }
}

fn is_this_machine(host: &HeaderValue) -> bool {
    let Ok(host) = host.to_str() else { return false };
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, _)) => name,
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
