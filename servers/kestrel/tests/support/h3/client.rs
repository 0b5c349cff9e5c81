//! A client on the h3 crate.

use bytes::{Buf, Bytes};
use h3::{client::SendRequest, error::StreamError};
use http::{HeaderMap, Request, Response};
use tokio::task::JoinHandle;

pub(crate) type Stream = h3::client::RequestStream<h3_quinn::BidiStream<Bytes>, Bytes>;

/// One connection.
pub(crate) struct Client {
    pub(crate) quic: quinn::Connection,
    requests: SendRequest<h3_quinn::OpenStreams, Bytes>,
    /// Ends with the reason for which the connection did.
    pub(crate) driver: JoinHandle<h3::error::ConnectionError>,
}

/// A whole response.
pub(crate) struct Answer {
    pub(crate) head: Response<()>,
    pub(crate) body: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Client {
    pub(crate) async fn new(quic: quinn::Connection) -> Self {
        let (mut connection, requests) =
            h3::client::new(h3_quinn::Connection::new(quic.clone())).await.unwrap();
        let driver = tokio::spawn(async move { std::future::poll_fn(|cx| connection.poll_close(cx)).await });
        Self { quic, requests, driver }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.fetch(request("GET", path), &[], None).await.unwrap()
    }

    pub(crate) async fn post(&mut self, path: &str, body: &[&str]) -> Answer {
        self.fetch(request("POST", path), body, None).await.unwrap()
    }

    pub(crate) async fn fetch(
        &mut self,
        request: Request<()>,
        body: &[&str],
        trailers: Option<HeaderMap>,
    ) -> Result<Answer, StreamError> {
        let mut stream = self.requests.send_request(request).await?;
        for piece in body {
            stream.send_data(Bytes::copy_from_slice(piece.as_bytes())).await?;
        }
        if let Some(trailers) = trailers {
            stream.send_trailers(trailers).await?;
        }
        stream.finish().await?;
        read(&mut stream).await
    }

    /// Sends the fields of a request and nothing more.
    pub(crate) async fn begin(&mut self, request: Request<()>) -> Stream {
        self.requests.send_request(request).await.unwrap()
    }
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.status().as_u16()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.headers().get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

pub(crate) fn request(method: &str, path: &str) -> Request<()> {
    Request::builder().method(method).uri(format!("https://a.test{path}")).body(()).unwrap()
}

/// The rest of a response.
pub(crate) async fn read(stream: &mut Stream) -> Result<Answer, StreamError> {
    let head = stream.recv_response().await?;
    let mut body = Vec::new();
    while let Some(mut data) = stream.recv_data().await? {
        body.extend_from_slice(&data.copy_to_bytes(data.remaining()));
    }
    let trailers = stream.recv_trailers().await?;
    Ok(Answer { head, body: body.into(), trailers })
}

/// The next piece of a body.
pub(crate) async fn piece(stream: &mut Stream) -> Result<Option<Bytes>, StreamError> {
    Ok(stream.recv_data().await?.map(|mut data| data.copy_to_bytes(data.remaining())))
}

/// The code with which the server has reset the stream.
pub(crate) fn reset_of<T>(result: Result<T, StreamError>) -> u64 {
    match result {
        Ok(_) => panic!("it succeeded"),
        Err(StreamError::RemoteTerminate { code }) => code.value(),
        Err(error) => panic!("{error:?}"),
    }
}
