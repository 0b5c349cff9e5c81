//! [`TestResponse`]: the response as it arrives.

use bytes::{Bytes, BytesMut};
use falconry_features::{ReasonPhrase, ResponseHead};
use http::{HeaderMap, StatusCode, Version};
use http_body::Frame;
use tokio::io::DuplexStream;

use super::{TestBody, UpgradedStream};
use crate::{
    InterimResponse, TestError,
    exchange::{Answer, RequestEnd},
};

/// A response whose head has arrived and whose body is read while the application writes it.
///
/// Dropping it before its end aborts the request.
#[derive(Debug)]
pub struct TestResponse {
    version: Version,
    head: ResponseHead,
    interim: Vec<InterimResponse>,
    stream: Option<DuplexStream>,
    body: TestBody,
    rest: Option<Bytes>,
    trailers: HeaderMap,
}

impl TestResponse {
    pub(super) fn new(version: Version, answer: Answer, body: TestBody) -> Self {
        let Answer { head, stream } = answer;
        let interim = body.exchange().take_interim();
        Self { version, head, interim, stream, body, rest: None, trailers: HeaderMap::new() }
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The reason phrase, if the application set one.
    pub fn reason(&self) -> Option<&str> {
        self.head.reason.as_ref().map(ReasonPhrase::as_str)
    }

    /// The fields.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The text of a field's first value; `None` if it is absent or not visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// The version: that of the request.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The interim (1xx) responses that came before, in their order.
    pub fn interim(&self) -> &[InterimResponse] {
        &self.interim
    }

    /// The next frame of the body, data or trailers; `None` at the end.
    ///
    /// # Errors
    /// Those of [`TestBody::frame`].
    pub async fn frame(&mut self) -> Option<Result<Frame<Bytes>, TestError>> {
        let frame = self.body.frame().await?;
        if let Ok(Some(trailers)) = frame.as_ref().map(Frame::trailers_ref) {
            self.trailers = trailers.clone();
        }
        Some(frame)
    }

    /// The next data of the body as the application wrote it; `None` at the end.
    ///
    /// # Errors
    /// Those of [`TestBody::frame`].
    pub async fn data(&mut self) -> Option<Result<Bytes, TestError>> {
        loop {
            match self.frame().await? {
                Ok(frame) => {
                    if let Ok(data) = frame.into_data() {
                        return Some(Ok(data));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Reads the body to its end: what [`frame`](Self::frame) has not given out. It can be asked
    /// for again.
    ///
    /// # Errors
    /// Those of [`TestBody::frame`].
    pub async fn bytes(&mut self) -> Result<Bytes, TestError> {
        if let Some(rest) = &self.rest {
            return Ok(rest.clone());
        }
        let mut rest = BytesMut::new();
        while let Some(data) = self.data().await {
            rest.extend_from_slice(&data?);
        }
        Ok(self.rest.insert(rest.freeze()).clone())
    }

    /// As [`bytes`](Self::bytes), for text in UTF-8.
    ///
    /// # Errors
    /// Those of [`TestBody::frame`]; [not text](TestError::is_not_text).
    pub async fn text(&mut self) -> Result<String, TestError> {
        let bytes = self.bytes().await?;
        std::str::from_utf8(&bytes).map(str::to_owned).map_err(TestError::not_text)
    }

    /// Reads the body to its end and gives the trailers behind it, an empty map if there are none.
    ///
    /// # Errors
    /// Those of [`TestBody::frame`].
    pub async fn trailers(&mut self) -> Result<HeaderMap, TestError> {
        self.bytes().await?;
        Ok(self.trailers.clone())
    }

    /// Aborts the request as dropping the response does, but leaves the response to be read: its
    /// body ends with "The client aborted the request." No effect once the response is complete.
    pub fn abort(&mut self) {
        self.body.exchange().abort_by_client();
    }

    /// Waits until the request has ended: pipeline, completed callbacks, and the context disposed.
    /// The whole body may come before that, and must be read if it is larger than the buffer.
    pub async fn request_ended(&self) -> RequestEnd {
        let exchange = self.body.exchange();
        exchange.task_ended().await;
        exchange.take_end()
    }

    /// The stream that the application took over with this answer.
    ///
    /// # Errors
    /// [Not upgraded](TestError::is_not_upgraded): this is an ordinary response.
    pub fn upgraded(self) -> Result<UpgradedStream, TestError> {
        match self.stream {
            Some(stream) => Ok(UpgradedStream::new(self.head, stream, self.body)),
            None => Err(TestError::not_upgraded(self.head.status)),
        }
    }

    pub(super) fn into_http(self) -> http::Response<TestBody> {
        let mut response = http::Response::new(self.body);
        *response.status_mut() = self.head.status;
        *response.version_mut() = self.version;
        *response.headers_mut() = self.head.headers;
        if let Some(reason) = self.head.reason {
            response.extensions_mut().insert(reason);
        }
        response
    }
}
