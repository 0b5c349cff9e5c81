//! One connection: a request, its response, and again.

use std::{
    io::{self, Write as _},
    net::{SocketAddr, TcpStream},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, SystemTime},
};

use bytes::{Bytes, BytesMut};
use falconry_features::{
    BadHttpRequestError, BodyFraming, BoxError, FeatureCollection, FeatureError, HttpApplication,
    HttpConnectionFeature, HttpRequestFeature, HttpResponseBodyFeature, HttpResponseFeature, PlainConnection,
    PlainResponse, PlainResponseBody, RequestBody, ResponseHead, ResponseSink, run_request,
};
use http::{HeaderMap, StatusCode, Version};

use super::{
    Shared,
    body::{Input, InputBody, Left},
};

/// No thread waits longer without a look at what else has happened.
const TICK: Duration = Duration::from_millis(20);

/// Serves requests until somebody ends the connection.
pub(crate) fn serve(
    mut stream: TcpStream,
    peer: SocketAddr,
    shared: &Arc<Shared>,
    application: &dyn HttpApplication,
) -> Result<(), BoxError> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TICK))?;
    let local = stream.local_addr()?;
    let mut input = Input { stream: stream.try_clone()?, buffer: BytesMut::new(), left: Left::Nothing };
    loop {
        let mut request = match input.head() {
            Ok(Some(request)) => request,
            Ok(None) if !input.read()? && shared.is_stopping.load(SeqCst) => return Ok(()),
            Ok(None) => continue,
            Err(error) => {
                let refusal = BadHttpRequestError::find(&*error).map(BadHttpRequestError::status);
                let status = refusal.unwrap_or(StatusCode::BAD_REQUEST);
                write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
                return Err(error);
            }
        };
        let is_kept = Arc::new(AtomicBool::new(wants_to_stay(request.version, &request.headers)));
        let sink = Sink {
            stream: stream.try_clone()?,
            version: request.version,
            shared: Arc::clone(shared),
            is_kept: Arc::clone(&is_kept),
            is_chunked: false,
        };
        let (back, returned) = mpsc::channel();
        request.body = RequestBody::new(InputBody { input: Some(input), back });
        let connection = PlainConnection {
            connection_id: peer.to_string(),
            remote_ip_address: Some(peer.ip()),
            remote_port: peer.port(),
            local_ip_address: Some(local.ip()),
            local_port: local.port(),
        };
        let body = PlainResponseBody::new(request.method.clone(), sink);
        let mut features = FeatureCollection::new();
        features.set::<dyn HttpRequestFeature>(Box::new(request));
        features.set::<dyn HttpResponseFeature>(Box::<PlainResponse>::default());
        features.set::<dyn HttpResponseBodyFeature>(Box::new(body));
        features.set::<dyn HttpConnectionFeature>(Box::new(connection));
        let outcome = block_on(run_request(application, features), shared);
        // A response that broke off can only be told by the end of the connection.
        let features = outcome.and_then(|outcome| outcome.features);
        let body = features.as_ref().and_then(|features| features.get::<dyn HttpResponseBodyFeature>());
        let is_whole = body.is_some_and(|body| body.is_completed());
        drop(features);
        match returned.try_recv() {
            Ok(back) if is_whole && is_kept.load(SeqCst) && back.left == Left::Nothing => input = back,
            // Part of the body is unread, or somebody has kept it.
            _ => return Ok(()),
        }
    }
}

/// The way out.
struct Sink {
    stream: TcpStream,
    version: Version,
    shared: Arc<Shared>,
    is_kept: Arc<AtomicBool>,
    is_chunked: bool,
}

impl Sink {
    fn head(&mut self, head: &ResponseHead, framing: BodyFraming) -> io::Result<()> {
        self.is_chunked = framing == BodyFraming::Unknown && self.version == Version::HTTP_11;
        let is_kept = self.is_kept.load(SeqCst)
            && wants_to_stay(Version::HTTP_11, &head.headers)
            && !self.shared.is_stopping.load(SeqCst)
            && (framing != BodyFraming::Unknown || self.is_chunked);
        self.is_kept.store(is_kept, SeqCst);
        let standard = head.status.canonical_reason().unwrap_or_default();
        let reason = head.reason.as_ref().map_or(standard, |reason| reason.as_str());
        let mut text = format!("HTTP/1.1 {} {reason}\r\n", head.status.as_str()).into_bytes();
        for (name, value) in head.headers.iter().filter(|(name, _)| *name != "connection" || is_kept) {
            text.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        if !head.headers.contains_key("date") {
            write!(text, "date: {}\r\n", httpdate::fmt_http_date(SystemTime::now()))?;
        }
        text.extend_from_slice(if is_kept { b"" } else { b"connection: close\r\n" });
        text.extend_from_slice(if self.is_chunked { b"transfer-encoding: chunked\r\n\r\n" } else { b"\r\n" });
        self.stream.write_all(&text)
    }

    fn data(&mut self, data: &[u8]) -> io::Result<()> {
        if !self.is_chunked {
            return self.stream.write_all(data);
        }
        let size = format!("{:x}\r\n", data.len());
        self.stream.write_all(&[size.as_bytes(), data, b"\r\n"].concat())
    }
}

/// Writing blocks: the thread has nothing else to do.
impl ResponseSink for Sink {
    fn poll_head(
        &mut self,
        _: &mut Context<'_>,
        head: &ResponseHead,
        framing: BodyFraming,
    ) -> Poll<Result<(), FeatureError>> {
        done(self.head(head, framing))
    }

    fn poll_data(&mut self, _: &mut Context<'_>, data: &mut Bytes) -> Poll<Result<(), FeatureError>> {
        done(self.data(&std::mem::take(data)))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_end(&mut self, _: &mut Context<'_>, _: Option<&HeaderMap>) -> Poll<Result<(), FeatureError>> {
        done(if self.is_chunked { self.stream.write_all(b"0\r\n\r\n") } else { Ok(()) })
    }
}

fn done(result: io::Result<()>) -> Poll<Result<(), FeatureError>> {
    Poll::Ready(result.map_err(|error| FeatureError::aborted("the client has gone").with_source(error)))
}

fn wants_to_stay(version: Version, headers: &HeaderMap) -> bool {
    let mut values = headers.get_all("connection").iter().filter_map(|value| value.to_str().ok());
    version == Version::HTTP_11
        && !values.any(|value| value.split(',').any(|option| option.trim().eq_ignore_ascii_case("close")))
}

/// Runs a future on this thread; `None` if the server aborts what is under way.
fn block_on<F: Future>(future: F, shared: &Shared) -> Option<F::Output> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    while !shared.is_aborting.load(SeqCst) {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return Some(output),
            Poll::Pending => thread::park_timeout(TICK),
        }
    }
    None
}
