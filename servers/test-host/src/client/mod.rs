//! [`TestClient`]: sends requests to the server's application.

mod assertions;
mod body;
mod builder;
mod response;
mod sender;
mod upgraded;

use std::{
    fmt,
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use falconry_features::{BoxError, RequestBody};
use http::Method;
use http_body::Body;
use tokio::runtime::Handle;

pub use self::{
    body::TestBody, builder::RequestBuilder, response::TestResponse, sender::BodySender,
    upgraded::UpgradedStream,
};
use crate::{
    TestError,
    exchange::Exchange,
    features::{Surroundings, fill},
    request::{Outgoing, message},
    server::Shared,
    task::serve,
};

/// A client of a [`TestServer`](crate::TestServer). Clones share its connection.
///
/// ```no_run
/// # async fn run(client: falconry_test_host::TestClient) -> Result<(), falconry_test_host::TestError> {
/// let mut response = client.post("/notes").header("content-type", "text/plain").body("buy milk").send().await?;
/// response.assert_status(201).assert_header("location", "/notes/1");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct TestClient {
    shared: Arc<Connection>,
}

struct Connection {
    server: Arc<Shared>,
    id: String,
    requests: AtomicU64,
}

impl TestClient {
    pub(crate) fn new(server: Arc<Shared>) -> Self {
        let id = server.next_connection_id();
        Self { shared: Arc::new(Connection { server, id, requests: AtomicU64::new(0) }) }
    }

    /// A GET request.
    ///
    /// `target` is a path with or without a query, in the base address's origin; a relative
    /// reference, under the base address; or an absolute URI.
    pub fn get(&self, target: impl Into<String>) -> RequestBuilder {
        self.request(Method::GET, target)
    }

    /// A POST request.
    pub fn post(&self, target: impl Into<String>) -> RequestBuilder {
        self.request(Method::POST, target)
    }

    /// A PUT request.
    pub fn put(&self, target: impl Into<String>) -> RequestBuilder {
        self.request(Method::PUT, target)
    }

    /// A DELETE request.
    pub fn delete(&self, target: impl Into<String>) -> RequestBuilder {
        self.request(Method::DELETE, target)
    }

    /// A PATCH request.
    pub fn patch(&self, target: impl Into<String>) -> RequestBuilder {
        self.request(Method::PATCH, target)
    }

    /// A HEAD request.
    pub fn head(&self, target: impl Into<String>) -> RequestBuilder {
        self.request(Method::HEAD, target)
    }

    /// An OPTIONS request; the target may be `*`.
    pub fn options(&self, target: impl Into<String>) -> RequestBuilder {
        self.request(Method::OPTIONS, target)
    }

    /// A request with any method. The target of a CONNECT without a
    /// [protocol](RequestBuilder::protocol) is `host:port`.
    pub fn request(&self, method: Method, target: impl Into<String>) -> RequestBuilder {
        RequestBuilder::new(self.clone(), Outgoing::new(method, target.into()))
    }

    /// Sends a request of the `http` crate; completes when the response starts.
    ///
    /// The response's reason phrase, if the application set one, is a
    /// [`ReasonPhrase`](falconry_features::ReasonPhrase) in its extensions.
    ///
    /// # Errors
    /// Those of [`RequestBuilder::send`].
    pub async fn send<B>(&self, request: http::Request<B>) -> Result<http::Response<TestBody>, TestError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let mut outgoing = Outgoing::new(parts.method, parts.uri.to_string());
        outgoing.version = parts.version;
        outgoing.headers = parts.headers;
        if !body.is_end_stream() {
            outgoing.body = Some(RequestBody::new(sender::Mapped::new(body)));
        }
        Ok(self.execute(outgoing).await?.into_http())
    }

    /// Runs the application in a task and waits for its response to start.
    pub(crate) async fn execute(&self, mut outgoing: Outgoing) -> Result<TestResponse, TestError> {
        let server = &*self.shared.server;
        let application = server.application()?;
        let runtime = Handle::try_current().map_err(|error| {
            TestError::invalid_request("requests must be sent within a tokio runtime")
                .with_source(error.into())
        })?;
        let message = message(&mut outgoing, &server.base)?;
        let version = outgoing.version;
        let exchange = Arc::new(Exchange::new(server.options.buffer_size));
        let around = Surroundings {
            server,
            exchange: &exchange,
            connection_id: &self.shared.id,
            request_number: self.shared.requests.fetch_add(1, Ordering::Relaxed) + 1,
        };
        let features = fill(&mut outgoing, message, &around);
        let answer_errors = server.options.answer_errors;
        runtime.spawn(serve(application, features, Arc::clone(&exchange), answer_errors));
        // Made before waiting: it aborts the request if the caller gives up.
        let body = TestBody::new(exchange);
        let answer = poll_fn(|cx| body.exchange().poll_answer(cx)).await?;
        Ok(TestResponse::new(version, answer, body))
    }
}

impl fmt::Debug for TestClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestClient").field("connection_id", &self.shared.id).finish_non_exhaustive()
    }
}
