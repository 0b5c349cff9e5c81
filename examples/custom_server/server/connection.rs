//! One connection: a request, its response, and again.

use std::{
    io::{self, BufWriter, ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use falconry_features::{
    BadHttpRequestError, BodyFraming, FeatureCollection, FeatureError, HttpApplication,
    HttpConnectionFeature, HttpRequestFeature, HttpResponseBodyFeature, HttpResponseFeature, PlainConnection,
    PlainResponse, PlainResponseBody, RequestBody, ResponseHead, ResponseSink, run_request,
};
use http::{HeaderMap, StatusCode, Version};

use super::{
    Shared,
    input::{Input, InputBody},
    lock,
};

/// How long a thread waits for the client alone, while the application may wait for something else.
const LONGEST_READ: Duration = Duration::from_millis(20);

/// Serves requests until somebody ends the connection.
pub(crate) fn serve(
    stream: &TcpStream,
    peer: SocketAddr,
    shared: &Arc<Shared>,
    application: &dyn HttpApplication,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?;
    let input = Arc::new(Mutex::new(Input::new(stream.try_clone()?)));
    loop {
        let request = lock(&input).request();
        let mut request = match request {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(error) => {
                let refusal = BadHttpRequestError::find(&*error).map(BadHttpRequestError::status);
                let status = refusal.unwrap_or(StatusCode::BAD_REQUEST);
                return write!(
                    &*stream,
                    "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
            }
        };
        shared.set_busy(peer, true);
        let keep = Arc::new(Mutex::new(wants_to_stay(request.version, &request.headers)));
        request.body = RequestBody::new(InputBody::new(&input));
        let output = Arc::new(Mutex::new(BufWriter::new(stream.try_clone()?)));
        let sink = Sink {
            output: Arc::clone(&output),
            version: request.version,
            shared: Arc::clone(shared),
            keep: Arc::clone(&keep),
            is_chunked: false,
        };
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
        stream.set_read_timeout(Some(LONGEST_READ))?;
        let wait = || wait(stream, &input, &output);
        let outcome = block_on(run_request(application, features), shared, wait);
        stream.set_read_timeout(None)?;
        // A response that broke off can only be told by the end of the connection.
        let features = outcome.and_then(|outcome| outcome.features);
        let is_whole = features
            .and_then(|features| Some(features.get::<dyn HttpResponseBodyFeature>()?.is_completed()))
            .unwrap_or_default();
        if !is_whole || !*lock(&keep) || !lock(&input).is_body_read() {
            return Ok(());
        }
        shared.set_busy(peer, false);
        // The stop that begins from now on sees an idle connection; one that had begun did not.
        if shared.is_stopping() {
            return Ok(());
        }
    }
}

/// The way out: a buffered socket.
struct Sink {
    output: Arc<Mutex<BufWriter<TcpStream>>>,
    version: Version,
    shared: Arc<Shared>,
    keep: Arc<Mutex<bool>>,
    is_chunked: bool,
}

impl Sink {
    fn head(&mut self, head: &ResponseHead, framing: BodyFraming) -> io::Result<()> {
        self.is_chunked = framing == BodyFraming::Unknown && self.version == Version::HTTP_11;
        let mut keep = lock(&self.keep);
        *keep &= wants_to_stay(Version::HTTP_11, &head.headers)
            && !self.shared.is_stopping()
            && (framing != BodyFraming::Unknown || self.is_chunked);
        let standard = head.status.canonical_reason().unwrap_or_default();
        let reason = head.reason.as_ref().map_or(standard, |reason| reason.as_str());
        let mut output = lock(&self.output);
        write!(output, "HTTP/1.1 {} {reason}\r\n", head.status.as_str())?;
        for (name, value) in head.headers.iter().filter(|(name, _)| *name != "connection" || *keep) {
            write!(output, "{name}: ")?;
            output.write_all(value.as_bytes())?;
            output.write_all(b"\r\n")?;
        }
        if !head.headers.contains_key("date") {
            write!(output, "date: {}\r\n", httpdate::fmt_http_date(SystemTime::now()))?;
        }
        if !*keep {
            output.write_all(b"connection: close\r\n")?;
        }
        if self.is_chunked {
            output.write_all(b"transfer-encoding: chunked\r\n")?;
        }
        output.write_all(b"\r\n")
    }

    fn data(&mut self, data: &[u8]) -> io::Result<()> {
        let mut output = lock(&self.output);
        if !self.is_chunked {
            return output.write_all(data);
        }
        write!(output, "{:x}\r\n", data.len())?;
        output.write_all(data)?;
        output.write_all(b"\r\n")
    }

    fn end(&mut self) -> io::Result<()> {
        let mut output = lock(&self.output);
        output.write_all(if self.is_chunked { b"0\r\n\r\n" } else { b"" })?;
        output.flush()
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
        done(lock(&self.output).flush())
    }

    fn poll_end(&mut self, _: &mut Context<'_>, _: Option<&HeaderMap>) -> Poll<Result<(), FeatureError>> {
        done(self.end())
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
fn block_on<F: Future>(future: F, shared: &Shared, wait: impl Fn()) -> Option<F::Output> {
    let woken = Arc::new(Woken { thread: thread::current(), is_set: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&woken));
    let mut future = pin!(future);
    while !shared.is_aborting() {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        while !woken.is_set.swap(false, Ordering::AcqRel) && !shared.is_aborting() {
            wait();
        }
    }
    None
}

/// Waits for a while: for the client if the request's body is awaited, else until somebody wakes the
/// application. What it has written does not wait with it.
fn wait(mut stream: &TcpStream, input: &Mutex<Input>, output: &Mutex<BufWriter<TcpStream>>) {
    // If this fails the next write does, too.
    let _ = lock(output).flush();
    if !lock(input).is_waited_for() {
        return thread::park();
    }
    let mut bytes = [0; 16 * 1024];
    match stream.read(&mut bytes) {
        Ok(length) => lock(input).add(&bytes[..length]),
        // Time to look whether something else has happened.
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
        Err(_) => lock(input).add(&[]),
    }
}

struct Woken {
    thread: Thread,
    is_set: AtomicBool,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.is_set.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
