//! One send, from the operation to the connection.

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use falconry_features::{
    BoxFuture, ConnectionLifetimeNotificationFeature, DuplexStream, FeatureCollection, FeatureError,
    HttpRequestFeature, HttpResponseBodyFeature, HttpResponseFeature, HttpUpgradeFeature, ResponseHead,
};
use http::{
    HeaderMap, HeaderValue, StatusCode, Version,
    header::{CONNECTION, TRANSFER_ENCODING},
};

use super::cache::Candidate;
use crate::{
    driver::{DataChunk, DataChunks, SendEntityBody, SendFlags, SendResponse, Win32Error},
    file::FileReader,
};

/// A send under way.
pub(super) struct Sending {
    flags: SendFlags,
    response: Option<Box<SendResponse>>,
    /// Fixed, and not yet with the connection.
    head: Option<Arc<ResponseHead>>,
    upgrade: Option<BoxFuture<'static, Result<Box<dyn DuplexStream>, FeatureError>>>,
    chunks: <DataChunks as IntoIterator>::IntoIter,
    current: Bytes,
    file: Option<FileReader>,
    trailers: Option<HeaderMap>,
    candidate: Option<Candidate>,
}

/// What a send that has succeeded leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// More of the response follows.
    More,
    /// Everything but the end is with the connection, which learns of that when the request ends.
    Last,
    /// The end is with the connection, too.
    Completed,
}

impl Sending {
    pub(super) fn response(mut response: SendResponse) -> Self {
        let chunks = std::mem::take(&mut response.chunks).into_iter();
        let empty = Self::empty(response.flags, Bytes::new());
        Self { response: Some(Box::new(response)), chunks, ..empty }
    }

    pub(super) fn entity_body(body: SendEntityBody) -> Self {
        Self { chunks: body.chunks.into_iter(), ..Self::empty(body.flags, Bytes::new()) }
    }

    /// The same, of a response that may be kept once it is sent.
    pub(super) fn keeping(mut self, candidate: Option<Candidate>) -> Self {
        self.candidate = candidate;
        self
    }

    /// The response that may be kept.
    pub(super) fn kept(self) -> Option<Candidate> {
        self.candidate
    }

    /// Sends a whole response of one piece at most, as most are; gives the send that is left to do if it is another
    /// one, or the connection makes it wait.
    pub(super) fn whole(
        mut response: SendResponse,
        cx: &mut Context<'_>,
        features: &mut FeatureCollection,
    ) -> Result<Result<Sent, Win32Error>, Box<Self>> {
        const OTHER: SendFlags = SendFlags::from_bits(
            SendFlags::MORE_DATA.bits() | SendFlags::OPAQUE.bits() | SendFlags::GOAWAY.bits(),
        );
        if response.flags.without(OTHER) != response.flags || !response.chunks.is_one_piece() {
            return Err(Box::new(Self::response(response)));
        }
        let mut data = match std::mem::take(&mut response.chunks).into_iter().next() {
            Some(DataChunk::Memory(data)) => data,
            _ => Bytes::new(),
        };
        let flags = response.flags;
        let send = || -> Result<_, FeatureError> {
            let head = begin_head(response, features)?;
            let body = features.required_mut::<dyn HttpResponseBodyFeature>()?;
            if body.poll_start(cx, &head)?.is_pending() {
                return Ok(Some(Some(head)));
            }
            let waits = !data.is_empty() && body.poll_write(cx, &mut data)?.is_pending();
            Ok(waits.then_some(None))
        };
        match send() {
            Ok(None) => Ok(Ok(Sent::Last)),
            Ok(Some(head)) => Err(Box::new(Self { head, ..Self::empty(flags, data) })),
            Err(error) => Ok(Err(code_of(&error))),
        }
    }

    fn empty(flags: SendFlags, current: Bytes) -> Self {
        Self {
            flags,
            response: None,
            head: None,
            upgrade: None,
            chunks: DataChunks::new().into_iter(),
            current,
            file: None,
            trailers: None,
            candidate: None,
        }
    }

    /// Sends on. `stream` is there, or comes to be, once the connection has left HTTP.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        features: &mut FeatureCollection,
        stream: &mut Option<Box<dyn DuplexStream>>,
    ) -> Poll<Result<Sent, Win32Error>> {
        if let Some(response) = self.response.take() {
            self.begin(*response, features).map_err(|error| code_of(&error))?;
        }
        if let Some(upgrade) = &mut self.upgrade {
            let upgraded = ready!(upgrade.as_mut().poll(cx)).map_err(|error| code_of(&error))?;
            *stream = Some(upgraded);
            self.upgrade = None;
        }
        match stream {
            Some(stream) => self.poll_stream(cx, &mut **stream),
            None => self.poll_body(cx, features).map_err(|error| code_of(&error)),
        }
    }

    fn begin(
        &mut self,
        mut response: SendResponse,
        features: &mut FeatureCollection,
    ) -> Result<(), FeatureError> {
        if self.flags.contains(SendFlags::GOAWAY)
            && let Some(connection) = features.get::<dyn ConnectionLifetimeNotificationFeature>()
        {
            connection.request_close();
        }
        if !self.flags.contains(SendFlags::OPAQUE) {
            self.head = Some(begin_head(response, features)?);
            return Ok(());
        }
        if response.status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(FeatureError::invalid_argument("an opaque response has the status 101"));
        }
        response.headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        let head = begin_head(response, features)?;
        self.upgrade = Some(features.required_mut::<dyn HttpUpgradeFeature>()?.upgrade(head)?);
        features.required_mut::<dyn HttpResponseBodyFeature>()?.take_over();
        Ok(())
    }

    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        features: &mut FeatureCollection,
    ) -> Poll<Result<Sent, FeatureError>> {
        let body = features.required_mut::<dyn HttpResponseBodyFeature>()?;
        if let Some(head) = &self.head {
            ready!(body.poll_start(cx, head))?;
            self.head = None;
        }
        while ready!(self.poll_data(cx))? {
            ready!(body.poll_write(cx, &mut self.current))?;
        }
        if self.flags.contains(SendFlags::MORE_DATA) {
            if !self.flags.contains(SendFlags::BUFFER_DATA) {
                ready!(body.poll_flush(cx))?;
            }
            return Poll::Ready(Ok(Sent::More));
        }
        if self.trailers.is_some() {
            ready!(body.poll_complete(cx, &mut self.trailers))?;
            return Poll::Ready(Ok(Sent::Completed));
        }
        Poll::Ready(Ok(Sent::Last))
    }

    fn poll_stream(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut dyn DuplexStream,
    ) -> Poll<Result<Sent, Win32Error>> {
        const GONE: Win32Error = Win32Error::CONNECTION_INVALID;
        while ready!(self.poll_data(cx)).map_err(|_| GONE)? {
            let written = ready!(stream.poll_write(cx, &self.current)).map_err(|_| GONE)?;
            drop(self.current.split_to(written.min(self.current.len())));
        }
        ready!(stream.poll_flush(cx)).map_err(|_| GONE)?;
        if self.flags.contains(SendFlags::MORE_DATA) {
            return Poll::Ready(Ok(Sent::More));
        }
        ready!(stream.poll_shutdown(cx)).map_err(|_| GONE)?;
        Poll::Ready(Ok(Sent::Completed))
    }

    /// Completes with true if there is something in `current`, with false at the end of the chunks.
    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, FeatureError>> {
        loop {
            if !self.current.is_empty() {
                return Poll::Ready(Ok(true));
            }
            if let Some(file) = &mut self.file {
                match ready!(file.poll(cx))
                    .map_err(|error| FeatureError::io("a file cannot be read").with_source(error))?
                {
                    Some(piece) => self.current = piece,
                    None => self.file = None,
                }
                continue;
            }
            match self.chunks.next() {
                None => return Poll::Ready(Ok(false)),
                Some(DataChunk::Memory(data)) => self.current = data,
                Some(DataChunk::Trailers(trailers)) => self.trailers = Some(trailers),
                Some(DataChunk::File { file, offset, length }) => {
                    self.file = Some(FileReader::new(file, offset, length));
                }
            }
        }
    }
}

/// Fixes the head of the response.
fn begin_head(
    response: SendResponse,
    features: &mut FeatureCollection,
) -> Result<Arc<ResponseHead>, FeatureError> {
    let is_stream = features.required::<dyn HttpRequestFeature>()?.version() >= Version::HTTP_2;
    let feature = features.required_mut::<dyn HttpResponseFeature>()?;
    let SendResponse { flags, status, reason, mut headers, .. } = response;
    // The connection frames bodies by itself.
    headers.remove(TRANSFER_ENCODING);
    if is_stream {
        // RFC 9113 section 8.2.2: it has no place there.
        headers.remove(CONNECTION);
    } else if flags.contains(SendFlags::DISCONNECT) && !headers.contains_key(CONNECTION) {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let head = feature.head_mut()?;
    (head.status, head.reason) = (status, reason);
    if headers.is_empty() {
        // The connection keeps its storage.
        head.headers.clear();
    } else {
        head.headers = headers;
    }
    feature.begin()
}

/// Ends the response.
pub(super) fn poll_complete(
    cx: &mut Context<'_>,
    features: &mut FeatureCollection,
) -> Poll<Result<(), FeatureError>> {
    features.required_mut::<dyn HttpResponseBodyFeature>()?.poll_complete(cx, &mut None)
}

fn code_of(error: &FeatureError) -> Win32Error {
    match error.is_aborted() {
        true => Win32Error::CONNECTION_INVALID,
        false => Win32Error::INVALID_PARAMETER,
    }
}
