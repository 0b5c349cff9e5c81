//! The application of the tests.

mod streams;

use std::{
    future::poll_fn,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use bytes::Bytes;
use falconry_features::{
    BoxError, BoxFuture, FeatureCollection, HostContext, Http2StreamIdFeature, HttpApplication,
    HttpExtendedConnectFeature, HttpInformationalResponseFeature, HttpMaxRequestBodySizeFeature,
    HttpMinRequestBodyDataRateFeature, HttpMinResponseDataRateFeature, HttpRequestBodyDetectionFeature,
    HttpRequestFeature, HttpRequestIdentifierFeature, HttpRequestLifetimeFeature, HttpRequestTrailersFeature,
    HttpResetFeature, HttpResponseFeature, HttpResponseTrailersFeature, HttpUpgradeFeature, Processed,
    flush_response, write_response,
};
use http::{HeaderMap, HeaderValue, StatusCode};

/// Answers by path; see [`respond`].
#[derive(Debug, Default)]
pub(crate) struct App {
    /// Requests that have reached the application.
    pub(crate) started: Counter,
    /// Requests whose client has left them.
    pub(crate) aborted: Arc<Counter>,
    /// Requests whose context is gone.
    pub(crate) disposed: Counter,
    /// What the application has ended with.
    pub(crate) errors: Mutex<Vec<String>>,
}

/// Something that is counted and waited for.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    count: Mutex<usize>,
    changed: Condvar,
}

impl Counter {
    pub(crate) fn get(&self) -> usize {
        *self.count.lock().unwrap()
    }

    /// Waits until it has happened so often.
    pub(crate) fn wait_for(&self, count: usize) {
        let counted = self.count.lock().unwrap();
        let (counted, timeout) = self
            .changed
            .wait_timeout_while(counted, Duration::from_secs(60), |counted| *counted < count)
            .unwrap();
        assert!(!timeout.timed_out(), "{counted} instead of {count}");
    }

    fn add(&self) {
        *self.count.lock().unwrap() += 1;
        self.changed.notify_all();
    }
}

struct Context(FeatureCollection);

impl HostContext for Context {
    fn features(&self) -> &FeatureCollection {
        &self.0
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.0
    }
}

impl HttpApplication for App {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        self.started.add();
        let aborted = Arc::clone(&self.aborted);
        features
            .get::<dyn HttpRequestLifetimeFeature>()
            .unwrap()
            .request_aborted()
            .on_cancelled(move || aborted.add());
        Ok(Box::new(Context(features)))
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        Box::pin(async move {
            let result = respond(context.features_mut()).await;
            Processed { context, result }
        })
    }

    fn dispose_context(&self, context: Box<dyn HostContext>, error: Option<&BoxError>) -> FeatureCollection {
        if let Some(error) = error {
            self.errors.lock().unwrap().push(error.to_string());
        }
        // Last: who waits for it looks at the errors then.
        self.disposed.add();
        let context: Box<dyn std::any::Any> = context;
        context.downcast::<Context>().unwrap().0
    }
}

async fn respond(features: &mut FeatureCollection) -> Result<(), BoxError> {
    let request = features.required::<dyn HttpRequestFeature>()?;
    let (path, query) =
        (request.path().to_owned(), request.query_string().trim_start_matches('?').to_owned());
    match path.as_str() {
        "/" => write(features, "Hello World!").await,
        "/empty" => Ok(()),
        "/status" => {
            head(features)?.status = query.parse()?;
            Ok(())
        }
        "/big" => {
            let mut left: usize = query.parse()?;
            while left > 0 {
                let count = left.min(16_384);
                write_response(features, Bytes::from(vec![b'x'; count])).await?;
                left -= count;
            }
            Ok(())
        }
        "/drops" => {
            for _ in 0..query.parse()? {
                write(features, "drop ").await?;
            }
            Ok(())
        }
        "/length" => {
            head(features)?.headers.insert("content-length", HeaderValue::from_static("5"));
            write(features, &query).await
        }
        "/echo" => echo(features).await,
        "/upload" => {
            let body = read(features).await?;
            write(features, &format!("{body}")).await
        }
        "/fields" => {
            let text = fields(features.required::<dyn HttpRequestFeature>()?.headers());
            write(features, &text).await
        }
        "/trailers" => {
            read(features).await?;
            let received = fields(&features.required::<dyn HttpRequestTrailersFeature>()?.trailers()?);
            let trailers = features.required_mut::<dyn HttpResponseTrailersFeature>()?.trailers_mut()?;
            trailers.insert("x-after", HeaderValue::from_static("all"));
            write(features, &received).await
        }
        "/info" => {
            let text = info(features);
            write(features, &text).await
        }
        "/connection-fields" => {
            let headers = &mut head(features)?.headers;
            for name in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
                headers.insert(name, HeaderValue::from_static("x"));
            }
            headers.insert("date", HeaderValue::from_static("of my own"));
            write(features, "ok").await
        }
        "/reset" => {
            features.required::<dyn HttpResetFeature>()?.reset(query.parse()?);
            Ok(())
        }
        "/late-reset" => {
            write(features, "some").await?;
            flush_response(features).await?;
            features.required::<dyn HttpResetFeature>()?.reset(query.parse()?);
            std::future::pending().await
        }
        "/abort" => {
            features.required::<dyn HttpRequestLifetimeFeature>()?.abort();
            Ok(())
        }
        "/fail" => Err("it failed".into()),
        "/late-fail" => {
            write(features, "some").await?;
            flush_response(features).await?;
            Err("it failed late".into())
        }
        "/wait" => {
            flush_response(features).await?;
            std::future::pending().await
        }
        "/silent" => std::future::pending().await,
        "/until" => {
            // Ends with the request's body.
            write(features, "begun").await?;
            flush_response(features).await?;
            let body = read(features).await?;
            write(features, &format!(" {body}")).await
        }
        "/interim" => {
            let feature = features.required_mut::<dyn HttpInformationalResponseFeature>()?;
            let mut hints = HeaderMap::new();
            hints.insert("link", HeaderValue::from_static("</a.css>"));
            poll_fn(|cx| feature.poll_send(cx, StatusCode::EARLY_HINTS, &hints)).await?;
            write(features, "hinted").await
        }
        "/unlimited" => {
            features.required_mut::<dyn HttpMaxRequestBodySizeFeature>()?.set_max_request_body_size(None)?;
            let body = read(features).await?;
            write(features, &format!("{body}")).await
        }
        "/tunnel" => streams::tunnel(features).await,
        "/session" => streams::session(features).await,
        "/refuse-tunnel" => {
            head(features)?.status = StatusCode::FORBIDDEN;
            write(features, "no").await
        }
        _ => {
            head(features)?.status = StatusCode::NOT_FOUND;
            Ok(())
        }
    }
}

async fn write(features: &mut FeatureCollection, text: &str) -> Result<(), BoxError> {
    Ok(write_response(features, Bytes::copy_from_slice(text.as_bytes())).await?)
}

fn head(features: &mut FeatureCollection) -> Result<&mut falconry_features::ResponseHead, BoxError> {
    Ok(features.required_mut::<dyn HttpResponseFeature>()?.head_mut()?)
}

async fn read(features: &mut FeatureCollection) -> Result<usize, BoxError> {
    let mut count = 0;
    while let Some(data) = features.required_mut::<dyn HttpRequestFeature>()?.body_mut().data().await {
        count += data?.len();
    }
    Ok(count)
}

async fn echo(features: &mut FeatureCollection) -> Result<(), BoxError> {
    while let Some(data) = features.required_mut::<dyn HttpRequestFeature>()?.body_mut().data().await {
        write_response(features, data?).await?;
    }
    Ok(())
}

fn fields(headers: &HeaderMap) -> String {
    headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
        .collect()
}

fn info(features: &mut FeatureCollection) -> String {
    let mut lines = Vec::new();
    if let Some(request) = features.get::<dyn HttpRequestFeature>() {
        lines.push(format!("version={:?}", request.version()));
        lines.push(format!("scheme={}", request.scheme()));
        lines.push(format!("target={}", request.raw_target()));
        lines.push(format!("path={}", request.path()));
        lines.push(format!("query={}", request.query_string()));
    }
    let id = features.get::<dyn HttpRequestIdentifierFeature>().unwrap().trace_identifier();
    lines.push(format!("trace={id}"));
    let stream = features.get::<dyn Http2StreamIdFeature>().map(|feature| feature.stream_id());
    lines.push(format!("stream={stream:?}"));
    let can = features.get::<dyn HttpRequestBodyDetectionFeature>().unwrap().can_have_body();
    lines.push(format!("body={can}"));
    let upgrade = features.get::<dyn HttpUpgradeFeature>().map(|feature| feature.is_upgradable_request());
    lines.push(format!("upgrade={upgrade:?}"));
    let connect =
        features.get::<dyn HttpExtendedConnectFeature>().map(|feature| feature.is_extended_connect());
    lines.push(format!("connect={connect:?}"));
    lines.push(format!("trailers={}", features.get::<dyn HttpResponseTrailersFeature>().is_some()));
    lines.push(format!("reset={}", features.get::<dyn HttpResetFeature>().is_some()));
    lines.push(format!("response-rate={}", features.get::<dyn HttpMinResponseDataRateFeature>().is_some()));
    if let Some(rate) = features.get_mut::<dyn HttpMinRequestBodyDataRateFeature>() {
        let present = rate.min_data_rate();
        let refused = rate.set_min_data_rate(present).unwrap_err().is_not_supported();
        let disabled = rate.set_min_data_rate(None).is_ok() && rate.min_data_rate().is_none();
        lines.push(format!("body-rate={} {refused} {disabled}", present.is_some()));
    }
    lines.join("\n")
}
