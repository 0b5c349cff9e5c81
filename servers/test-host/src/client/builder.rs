//! [`RequestBuilder`]: a request put together and sent.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use falconry_features::{BoxError, FeatureCollection, PlainConnection, RequestBody};
use http::{
    HeaderMap, HeaderName, HeaderValue, Version,
    header::{CONNECTION, UPGRADE},
};
use http_body::Body;

use super::{BodySender, TestClient, TestResponse, UpgradedStream, sender::Mapped};
use crate::{InterimResponse, TestError, request::Outgoing};

/// A request in the making; nothing happens before [`send`](Self::send) or [`upgrade`](Self::upgrade).
///
/// What is wrong with it is told by them.
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    client: TestClient,
    outgoing: Outgoing,
    error: Option<TestError>,
}

impl RequestBuilder {
    pub(super) fn new(client: TestClient, outgoing: Outgoing) -> Self {
        Self { client, outgoing, error: None }
    }

    /// The protocol version; default: HTTP/1.1. It decides on the features: upgrade on HTTP/1,
    /// reset and extended CONNECT on HTTP/2 and HTTP/3.
    pub fn version(mut self, version: Version) -> Self {
        self.outgoing.version = version;
        self
    }

    /// Adds a field. `Host`, `Content-Length` and `Transfer-Encoding` are added if the caller does not.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: Into<http::Error>,
        V: TryInto<HeaderValue>,
        V::Error: Into<http::Error>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => {
                self.outgoing.headers.append(name, value);
            }
            (Err(error), _) => self.refuse("a field's name is not valid", error.into()),
            (_, Err(error)) => self.refuse("a field's value is not valid", error.into()),
        }
        self
    }

    /// Adds all of these fields.
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        let mut last = None;
        for (name, value) in headers {
            last = name.or(last);
            if let Some(name) = &last {
                self.outgoing.headers.append(name, value);
            }
        }
        self
    }

    /// A body that is at hand. It is sent with its `Content-Length`, also if it is empty.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.outgoing.body = Some(RequestBody::from(body.into()));
        self
    }

    /// A body that is read as the application reads it, with the trailers that it may end with.
    /// Without an exact size hint it is sent in chunks on HTTP/1.1.
    pub fn body_stream<B>(mut self, body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.outgoing.body = Some(RequestBody::new(Mapped::new(body)));
        self
    }

    /// A body that the caller sends bit by bit, before, during and after the response.
    ///
    /// ```no_run
    /// # async fn run(client: falconry_test_host::TestClient) -> Result<(), falconry_test_host::TestError> {
    /// let (request, mut body) = client.post("/echo").streaming_body();
    /// let (response, sent) = tokio::join!(request.send(), async {
    ///     body.send("first").await?;
    ///     body.send("last").await?;
    ///     body.finish();
    ///     Ok::<_, falconry_test_host::TestError>(())
    /// });
    /// # Ok(()) }
    /// ```
    pub fn streaming_body(mut self) -> (Self, BodySender) {
        let (sender, body) = BodySender::new(self.client.shared.server.options.buffer_size);
        self.outgoing.body = Some(RequestBody::new(body));
        (self, sender)
    }

    /// Trailers behind the body. On HTTP/1.1 the body is then sent in chunks.
    pub fn trailers(mut self, trailers: HeaderMap) -> Self {
        self.outgoing.trailers = Some(trailers);
        self
    }

    /// The connection that the application sees: addresses, ports, identifier. Default: none of
    /// them, and the identifier of the client.
    pub fn connection(mut self, connection: PlainConnection) -> Self {
        self.outgoing.connection = Some(connection);
        self
    }

    /// The `:protocol` of an extended CONNECT (RFC 8441, RFC 9220), such as `websocket`.
    pub fn protocol(mut self, protocol: impl Into<String>) -> Self {
        self.outgoing.protocol = Some(protocol.into());
        self
    }

    /// Changes the request's features, last thing before the application sees them: adds what the
    /// test needs, takes away what another server would not have.
    pub fn features(mut self, configure: impl FnOnce(&mut FeatureCollection) + Send + 'static) -> Self {
        self.outgoing.configure.push(Box::new(configure));
        self
    }

    /// Is called with every interim response as it is sent; [`TestResponse::interim`] has them later.
    pub fn on_interim(mut self, on_interim: impl Fn(&InterimResponse) + Send + Sync + 'static) -> Self {
        self.outgoing.on_interim = Some(Arc::new(on_interim));
        self
    }

    /// Sends the request; completes when the response starts. Dropping the future aborts the request.
    ///
    /// # Errors
    /// The request is not valid; the server has not been started or is disposed; the application
    /// failed before its response started (its error is the source), aborted or reset the request.
    pub async fn send(self) -> Result<TestResponse, TestError> {
        match self.error {
            Some(error) => Err(error),
            None => self.client.execute(self.outgoing).await,
        }
    }

    /// Sends the request as an upgrade (`Connection: Upgrade` is added if need be) or as an
    /// extended CONNECT, and gives the stream that the application took over.
    ///
    /// # Errors
    /// As [`send`](Self::send); [not upgraded](TestError::is_not_upgraded) if the application
    /// answered something else. To see such an answer, call [`send`](Self::send) and
    /// [`TestResponse::upgraded`].
    pub async fn upgrade(mut self) -> Result<UpgradedStream, TestError> {
        let headers = &mut self.outgoing.headers;
        if self.outgoing.version <= Version::HTTP_11 {
            headers.entry(CONNECTION).or_insert(HeaderValue::from_static("Upgrade"));
            headers.entry(UPGRADE).or_insert(HeaderValue::from_static("test"));
        }
        self.send().await?.upgraded()
    }

    fn refuse(&mut self, message: &'static str, error: http::Error) {
        self.error.get_or_insert_with(|| TestError::invalid_request(message).with_source(error.into()));
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder")
            .field("method", &self.outgoing.method)
            .field("target", &self.outgoing.target)
            .field("version", &self.outgoing.version)
            .field("headers", &self.outgoing.headers)
            .finish_non_exhaustive()
    }
}
