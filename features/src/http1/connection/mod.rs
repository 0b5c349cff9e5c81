//! One connection: a request, its response, and again.

mod body;
mod exchange;
mod sink;
mod upgrade;
mod wire;

use std::{
    fmt,
    future::poll_fn,
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, ready},
};

use self::{body::Incoming, exchange::Exchange, wire::Wire};
use super::{RequestFraming, RequestHead, RequestLimits, ResponseWriter};
use crate::{
    CancellationToken, DuplexStream, FeatureCollection, HttpApplication, HttpInformationalResponseFeature,
    HttpMaxRequestBodySizeFeature, HttpRequestBodyDetectionFeature, HttpRequestFeature,
    HttpRequestIdentifierFeature, HttpRequestLifetimeFeature, HttpRequestTrailersFeature,
    HttpResponseBodyFeature, HttpResponseFeature, HttpResponseTrailersFeature, HttpUpgradeFeature,
    PlainRequestIdentifier, PlainRequestLifetime, PlainResponse, PlainResponseBody, PlainResponseTrailers,
    RequestBody, RequestOutcome, cancellation::Cancelled, run_request,
};

/// More of a body that nobody reads is not worth the next request.
const MOST_SKIPPED: u64 = 256 * 1024;

/// An HTTP/1.1 connection over any byte stream: gives the features of a request, sends what the application answers.
///
/// It offers all that HTTP/1.1 has: streaming both ways with backpressure, keep-alive and pipelining, trailers, interim
/// responses, 100 Continue, upgrades. Timeouts are the caller's, as it needs a clock: drop the futures.
///
/// ```
/// # use std::io;
/// use falconry_features::{
///     CancellationToken, DuplexStream, HttpApplication,
///     http1::{Connection, RequestLimits},
/// };
///
/// async fn serve(stream: impl DuplexStream + 'static, application: &dyn HttpApplication) -> io::Result<()> {
///     let stopping = CancellationToken::new();
///     let mut connection = Connection::new(stream, RequestLimits::default(), &stopping);
///     while let Some(features) = connection.next_request(stopping.cancelled()).await? {
///         connection.respond(application, features).await?;
///     }
///     connection.close(std::future::pending()).await
/// }
/// ```
pub struct Connection<T> {
    wire: Arc<Mutex<Wire<T>>>,
    /// That of the request under way.
    aborted: CancellationToken,
    is_over: bool,
}

impl<T: DuplexStream + 'static> Connection<T> {
    /// A new connection. Once `stopping` fires, the response under way is the last.
    pub fn new(stream: T, limits: RequestLimits, stopping: &CancellationToken) -> Self {
        Self {
            wire: Arc::new(Mutex::new(Wire::new(stream, limits, stopping))),
            aborted: CancellationToken::new(),
            is_over: false,
        }
    }

    /// The features of the next request, to which the caller may add, above all
    /// [`HttpConnectionFeature`](crate::HttpConnectionFeature); `None` if there will be no other, or if `time_is_up`
    /// before its head is complete: the keep-alive timeout, or what a server that stops still waits for clients whose
    /// request is on its way.
    ///
    /// A request that is not in order is answered here.
    ///
    /// # Errors
    /// The stream has failed.
    pub async fn next_request(
        &mut self,
        time_is_up: impl Future<Output = ()>,
    ) -> io::Result<Option<FeatureCollection>> {
        let mut time_is_up = pin!(time_is_up);
        poll_fn(|cx| match self.poll_request(cx) {
            // What has arrived until then counts.
            Poll::Pending => time_is_up.as_mut().poll(cx).map(|()| Ok(None)),
            request => request,
        })
        .await
    }

    /// Runs `application` for a request ([`run_request`]); what it writes leaves when it waits for something.
    ///
    /// # Errors
    /// The stream has failed. What the application fails with is in the outcome.
    pub async fn respond(
        &mut self,
        application: &dyn HttpApplication,
        features: FeatureCollection,
    ) -> io::Result<RequestOutcome> {
        let mut run = pin!(run_request(application, features));
        // Who drops this future abandons the request: its token fires first, then the application goes.
        let abandoned = CancelOnDrop(self.aborted.clone());
        let mut aborted = self.aborted.cancelled();
        let outcome = poll_fn(|cx| {
            let outcome = run.as_mut().poll(cx);
            if outcome.is_pending() && self.poll_progress(&mut aborted, cx).is_err() {
                self.aborted.cancel();
            }
            outcome
        })
        .await;
        abandoned.forget();
        self.end_exchange();
        poll_fn(|cx| self.lock().poll_flush(cx)).await?;
        Ok(outcome)
    }

    /// Ends the connection: sends what is left, then its end, and reads on until the client has ended its side, too, or
    /// until `time_is_up`. Who closes at once may destroy what the client has not read yet (RFC 9112 section 9.6).
    ///
    /// A connection whose response broke off ends at once.
    ///
    /// # Errors
    /// The stream has failed.
    pub async fn close(self, time_is_up: impl Future<Output = ()>) -> io::Result<()> {
        let mut time_is_up = pin!(time_is_up);
        poll_fn(|cx| match self.lock().poll_close(cx) {
            Poll::Pending => time_is_up.as_mut().poll(cx).map(Ok),
            closed => closed,
        })
        .await
    }

    /// The application waits: what it has written leaves, unless it has aborted its request.
    fn poll_progress(&self, aborted: &mut Cancelled, cx: &mut Context<'_>) -> io::Result<()> {
        let is_aborted = Pin::new(aborted).poll(cx).is_ready();
        let mut wire = self.lock();
        let progress = match is_aborted && !wire.writer.has_ended() {
            _ if wire.is_taken => return Ok(()),
            true => wire.poll_cut(cx),
            false => wire.poll_flush(cx),
        };
        if let Poll::Ready(done) = progress { done } else { Ok(()) }
    }

    fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<FeatureCollection>>> {
        let wire = Arc::clone(&self.wire);
        let mut wire = wire::lock(&wire);
        while !self.is_over {
            let is_skipping = !wire.reader.is_body_over();
            match wire.reader.head() {
                Ok(Some(head)) => return Poll::Ready(Ok(Some(self.begin(head, &mut wire)))),
                // There was an answer already.
                Err(_) if is_skipping => break,
                Err(refusal) => {
                    ResponseWriter::refuse(&refusal, &mut wire.output);
                    break;
                }
                Ok(None) if wire.reader.skipped() > MOST_SKIPPED => break,
                Ok(None) => {}
            }
            if wire.is_at_end {
                if let Some(refusal) = wire.reader.end_of_input().filter(|_| !is_skipping) {
                    ResponseWriter::refuse(&refusal, &mut wire.output);
                }
                break;
            }
            ready!(wire.poll_receive(cx))?;
        }
        self.is_over = true;
        Poll::Ready(Ok(None))
    }

    fn begin(&mut self, mut head: RequestHead, wire: &mut Wire<T>) -> FeatureCollection {
        wire.begin(&head);
        self.aborted = CancellationToken::new();
        let exchange = Exchange::new(&self.wire, wire.number, self.aborted.clone(), &head);
        if head.framing != RequestFraming::None {
            head.request.body = RequestBody::new(Incoming::new(exchange.clone()));
        }
        let body = PlainResponseBody::new(head.request.method.clone(), exchange.clone());
        let mut features = FeatureCollection::new();
        features.set::<dyn HttpResponseBodyFeature>(Box::new(body));
        features.set::<dyn HttpResponseFeature>(Box::<PlainResponse>::default());
        features.set::<dyn HttpRequestIdentifierFeature>(Box::<PlainRequestIdentifier>::default());
        let lifetime = PlainRequestLifetime::new(self.aborted.clone());
        features.set::<dyn HttpRequestLifetimeFeature>(Box::new(lifetime));
        features.set::<dyn HttpRequestBodyDetectionFeature>(Box::new(exchange.clone()));
        features.set::<dyn HttpMaxRequestBodySizeFeature>(Box::new(exchange.clone()));
        features.set::<dyn HttpRequestTrailersFeature>(Box::new(exchange.clone()));
        if head.accepts_trailers {
            features.set::<dyn HttpResponseTrailersFeature>(Box::<PlainResponseTrailers>::default());
        }
        if head.request.version == http::Version::HTTP_11 {
            features.set::<dyn HttpInformationalResponseFeature>(Box::new(exchange.clone()));
        }
        features.set::<dyn HttpUpgradeFeature>(Box::new(exchange));
        features.set::<dyn HttpRequestFeature>(Box::new(head.request));
        features
    }

    /// The application is done. Whoever still holds a part of the request reaches nothing through it.
    fn end_exchange(&mut self) {
        let mut wire = wire::lock(&self.wire);
        let wire = &mut *wire;
        wire.number += 1;
        let is_whole = wire.writer.has_ended();
        if !is_whole {
            wire.is_broken = true;
            if self.aborted.is_cancelled() {
                wire.output.clear();
            }
            // What the application began to say to a request that is none has not left yet.
            if let Some(refusal) = wire.reader.refusal().filter(|_| !wire.has_left) {
                wire.is_broken = false;
                wire.output.clear();
                ResponseWriter::refuse(refusal, &mut wire.output);
            }
        }
        // A client that was not told to send its body may leave it out, and nobody can tell.
        let is_waiting = wire.writer.expects_continue() && !wire.reader.is_body_over();
        let is_refused = wire.reader.refusal().is_some();
        self.is_over = !is_whole || is_waiting || is_refused || !wire.writer.keep_alive();
    }

    fn lock(&self) -> MutexGuard<'_, Wire<T>> {
        wire::lock(&self.wire)
    }
}

impl<T> fmt::Debug for Connection<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("is_over", &self.is_over).finish_non_exhaustive()
    }
}

/// Fires a token that is forgotten too late.
struct CancelOnDrop(CancellationToken);

impl CancelOnDrop {
    fn forget(mut self) {
        self.0 = CancellationToken::new();
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
