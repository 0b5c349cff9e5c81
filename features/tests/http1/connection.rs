//! Connections over a stream in memory, polled by hand: what happens does so in the poll that it is looked for after.

use std::{
    collections::VecDeque,
    future::pending,
    io,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use falconry_features::{
    BoxError, BoxFuture, CancellationToken, DuplexStream, FeatureCollection, HttpMaxRequestBodySizeFeature,
    HttpRequestFeature, HttpRequestLifetimeFeature, RequestBody, flush_response,
    http1::{Connection, RequestLimits},
    write_response,
};

use crate::support::{Log, TestApp, now};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// The client's end of a stream.
#[derive(Clone, Default)]
struct Client(Arc<Mutex<Pipe>>);

#[derive(Default)]
struct Pipe {
    sent: VecDeque<u8>,
    has_ended: bool,
    received: Vec<u8>,
    /// How much more is taken; everything if nobody says.
    room: Option<usize>,
    is_shut: bool,
}

impl Client {
    fn pipe(&self) -> MutexGuard<'_, Pipe> {
        self.0.lock().unwrap()
    }

    fn send(&self, text: impl AsRef<[u8]>) {
        self.pipe().sent.extend(text.as_ref());
    }

    fn end(&self) {
        self.pipe().has_ended = true;
    }

    /// What has come since it was last asked, without the dates.
    fn received(&self) -> String {
        let text = String::from_utf8(std::mem::take(&mut self.pipe().received)).unwrap();
        text.split_inclusive("\r\n").filter(|line| !line.starts_with("date: ")).collect()
    }
}

impl DuplexStream for Client {
    fn poll_read(&mut self, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut pipe = self.pipe();
        if pipe.sent.is_empty() && !pipe.has_ended {
            return Poll::Pending;
        }
        Poll::Ready(io::Read::read(&mut pipe.sent, buffer))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let mut pipe = self.pipe();
        let length = pipe.room.map_or(data.len(), |room| room.min(data.len()));
        if length == 0 {
            return Poll::Pending;
        }
        pipe.room = pipe.room.map(|room| room - length);
        pipe.received.extend_from_slice(&data[..length]);
        Poll::Ready(Ok(length))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe().is_shut = true;
        Poll::Ready(Ok(()))
    }
}

/// A connection that is served, with its client.
struct Serving {
    client: Client,
    stopping: CancellationToken,
    log: Log,
    served: BoxFuture<'static, io::Result<()>>,
}

impl Serving {
    fn new<H>(handler: H) -> Self
    where
        H: for<'a> Fn(&'a mut FeatureCollection) -> BoxFuture<'a, Result<(), BoxError>>
            + Send
            + Sync
            + 'static,
    {
        let (client, stopping, log) = (Client::default(), CancellationToken::new(), Log::default());
        let app = TestApp::new(&log, handler);
        let mut connection = Connection::new(client.clone(), RequestLimits::default(), &stopping);
        let stop = stopping.clone();
        let served = Box::pin(async move {
            while let Some(features) = connection.next_request(stop.cancelled()).await? {
                connection.respond(&app, features).await?;
            }
            connection.close(pending()).await
        });
        Self { client, stopping, log, served }
    }

    /// Goes on as far as it can; true if it has ended.
    fn goes_on(&mut self) -> bool {
        // What has woken it is not asked: it is polled until nothing moves any more.
        for _ in 0..100 {
            if let Poll::Ready(ended) = self.served.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                ended.unwrap();
                return true;
            }
        }
        false
    }
}

fn nothing(_: &mut FeatureCollection) -> BoxFuture<'_, Result<(), BoxError>> {
    Box::pin(async { Ok(()) })
}

/// Sends the body back, and `>` ahead of it.
fn echo(features: &mut FeatureCollection) -> BoxFuture<'_, Result<(), BoxError>> {
    Box::pin(async {
        write_response(features, Bytes::from(">")).await?;
        let mut body = features.required_mut::<dyn HttpRequestFeature>()?.take_body();
        while let Some(data) = body.data().await {
            write_response(features, data?).await?;
        }
        Ok(())
    })
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let mut serving = Serving::new(|features| {
        Box::pin(async {
            let path = features.required::<dyn HttpRequestFeature>()?.path().to_owned();
            Ok(write_response(features, Bytes::from(path)).await?)
        })
    });
    serving.client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3");
    assert!(!serving.goes_on());
    let one =
        |body: &str| format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{body}\r\n0\r\n\r\n");
    assert_eq!(serving.client.received(), one("/1") + &one("/2"));
}

#[test]
fn what_is_written_leaves_when_the_application_waits() {
    let mut serving = Serving::new(|features| {
        Box::pin(async {
            write_response(features, Bytes::from("now")).await?;
            pending().await
        })
    });
    serving.client.send(GET);
    assert!(!serving.goes_on());
    assert!(serving.client.received().ends_with("\r\n\r\n3\r\nnow\r\n"));
}

#[test]
fn a_response_to_a_malformed_body_that_has_not_left_gives_way_to_the_refusal() {
    let mut serving = Serving::new(echo);
    serving
        .client
        .send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naX\r\n0\r\n\r\n");
    assert!(!serving.goes_on(), "it waits for the client's end");
    let refusal = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    assert_eq!(serving.client.received(), refusal);
    assert!(serving.client.pipe().is_shut);
    serving.client.end();
    assert!(serving.goes_on());
}

#[test]
fn a_response_to_a_malformed_body_that_has_left_breaks_off() {
    let mut serving = Serving::new(echo);
    serving.client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na");
    assert!(!serving.goes_on());
    assert!(serving.client.received().ends_with("\r\n\r\n1\r\n>\r\n1\r\na\r\n"));
    serving.client.send("X");
    assert!(serving.goes_on());
    assert_eq!(serving.client.received(), "");
}

#[test]
fn a_malformed_body_that_the_application_forgives_is_answered_once() {
    let mut serving = Serving::new(|features| {
        Box::pin(async {
            let mut body = features.required_mut::<dyn HttpRequestFeature>()?.take_body();
            assert!(body.data().await.is_some_and(|data| data.is_err()));
            Ok(write_response(features, Bytes::from("never mind")).await?)
        })
    });
    serving.client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nX\r\n");
    serving.client.send(GET);
    serving.client.end();
    assert!(serving.goes_on());
    let received = serving.client.received();
    assert_eq!(received.matches("HTTP/1.1 ").count(), 1, "{received}");
    assert!(received.ends_with("a\r\nnever mind\r\n0\r\n\r\n"), "{received}");
}

#[test]
fn a_malformed_body_is_refused_after_the_client_was_asked_for_it() {
    let mut serving = Serving::new(|features| {
        Box::pin(async {
            let mut body = features.required_mut::<dyn HttpRequestFeature>()?.take_body();
            let data = body.data().await.transpose()?.unwrap_or_default();
            write_response(features, data).await?;
            Err(body.data().await.transpose().expect_err("the next chunk is malformed"))
        })
    });
    let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
    serving.client.send(head);
    assert!(!serving.goes_on());
    assert_eq!(serving.client.received(), "HTTP/1.1 100 Continue\r\n\r\n");
    serving.client.send("1\r\na\r\nX");
    serving.client.send("\r\n");
    assert!(!serving.goes_on());
    assert!(serving.client.received().starts_with("HTTP/1.1 400 Bad Request\r\n"));
}

#[test]
fn a_client_is_asked_for_its_body_ahead_of_what_has_been_begun() {
    let mut serving = Serving::new(echo);
    serving.client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert!(!serving.goes_on());
    let received = serving.client.received();
    assert!(received.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"), "{received}");
    serving.client.send("ok");
    assert!(!serving.goes_on());
    assert_eq!(serving.client.received(), "2\r\nok\r\n0\r\n\r\n");
}

#[test]
fn a_client_that_was_not_asked_for_its_body_cannot_send_another_request() {
    let mut serving = Serving::new(nothing);
    serving.client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    serving.client.end();
    assert!(serving.goes_on());
    assert_eq!(serving.client.received(), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
}

#[test]
fn a_body_that_nobody_reads_is_skipped_if_it_is_small() {
    let post = |length: usize| {
        let body = "x".repeat(length);
        format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}{GET}")
    };
    for (length, answers) in [(1000, 2), (300 * 1024, 1)] {
        let mut serving = Serving::new(nothing);
        serving.client.send(post(length));
        serving.client.end();
        assert!(serving.goes_on());
        assert_eq!(serving.client.received().matches("200 OK").count(), answers, "{length}");
    }
}

#[test]
fn a_body_that_is_kept_reaches_no_other_request() {
    static KEPT: Mutex<Option<RequestBody>> = Mutex::new(None);
    let mut serving = Serving::new(|features| {
        Box::pin(async {
            let body = features.required_mut::<dyn HttpRequestFeature>()?.take_body();
            KEPT.lock().unwrap().get_or_insert(body);
            Ok(())
        })
    });
    serving.client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nabPOST /secret HTTP/1.1\r\nHost: a\r\n",
    );
    serving.client.send("Content-Length: 6\r\n\r\nsec");
    assert!(!serving.goes_on());
    assert_eq!(serving.client.received().matches("200 OK").count(), 2);
    let mut kept = KEPT.lock().unwrap().take().unwrap();
    let error = now(kept.data()).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the request is over; nothing of it can be used any more");
}

#[test]
fn an_abort_ends_the_stream_while_the_application_goes_on() {
    let mut serving = Serving::new(|features| {
        Box::pin(async {
            write_response(features, Bytes::from("never seen")).await?;
            features.required::<dyn HttpRequestLifetimeFeature>()?.abort();
            let written = write_response(features, Bytes::from("nor this")).await;
            assert!(written.unwrap_err().is_aborted());
            pending().await
        })
    });
    serving.client.send(GET);
    assert!(!serving.goes_on());
    assert_eq!(serving.client.received(), "");
    assert!(serving.client.pipe().is_shut);
}

#[test]
fn who_drops_a_request_fires_its_token_before_the_application_goes() {
    let log = Log::default();
    let mut serving = Serving::new({
        let log = log.clone();
        move |features| {
            struct Going(Log);
            impl Drop for Going {
                fn drop(&mut self) {
                    self.0.note("going");
                }
            }
            let (log, fired) = (log.clone(), log.clone());
            Box::pin(async move {
                let token = features.required::<dyn HttpRequestLifetimeFeature>()?.request_aborted();
                token.on_cancelled(move || fired.note("fired"));
                let _going = Going(log);
                pending().await
            })
        }
    });
    serving.client.send(GET);
    assert!(!serving.goes_on());
    assert!(log.events().is_empty());
    drop(serving);
    assert_eq!(log.events(), ["fired", "going"]);
}

#[test]
fn a_stop_ends_idle_connections_and_partial_requests() {
    for sent in ["", "GET /", &format!("{GET}GET / HTTP/1.1\r\n")] {
        let mut serving = Serving::new(nothing);
        serving.client.send(sent);
        assert!(!serving.goes_on(), "{sent}");
        serving.stopping.cancel();
        assert!(!serving.goes_on(), "{sent}");
        assert!(serving.client.pipe().is_shut, "{sent}");
        serving.client.end();
        assert!(serving.goes_on(), "{sent}");
    }
}

#[test]
fn a_stop_lets_what_has_arrived_be_answered_as_the_last() {
    let mut serving = Serving::new(nothing);
    assert!(!serving.goes_on());
    serving.client.send(format!("{GET}{GET}"));
    serving.stopping.cancel();
    serving.client.end();
    assert!(serving.goes_on());
    let last = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    assert_eq!(serving.client.received(), last);
    assert_eq!(serving.log.events(), ["create", "process", "dispose"]);
}

#[test]
fn who_writes_waits_for_a_client_that_does_not_read() {
    let log = Log::default();
    let mut serving = Serving::new({
        let log = log.clone();
        move |features| {
            let log = log.clone();
            Box::pin(async move {
                for _ in 0..64 {
                    write_response(features, Bytes::from(vec![b'x'; 8192])).await?;
                    log.note("written");
                }
                Ok(flush_response(features).await?)
            })
        }
    });
    serving.client.pipe().room = Some(0);
    serving.client.send(GET);
    assert!(!serving.goes_on());
    assert!((1..=16).contains(&log.events().len()), "{} pieces are held", log.events().len());
    serving.client.pipe().room = None;
    serving.client.end();
    assert!(serving.goes_on());
    assert_eq!(log.events().len(), 64);
    assert!(serving.client.received().ends_with("\r\n0\r\n\r\n"));
}

#[test]
fn a_body_is_as_large_as_its_request_allows() {
    let mut serving = Serving::new(|features| {
        Box::pin(async {
            let limit = features.required_mut::<dyn HttpMaxRequestBodySizeFeature>()?;
            assert_eq!(limit.max_request_body_size(), Some(30_000_000));
            limit.set_max_request_body_size(Some(4))?;
            let mut body = features.required_mut::<dyn HttpRequestFeature>()?.take_body();
            while body.data().await.transpose()?.is_some() {}
            Ok(())
        })
    });
    serving
        .client
        .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nfourPOST / HTTP/1.1\r\nHost: a\r\n");
    serving.client.send("Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n");
    serving.client.end();
    assert!(serving.goes_on());
    let received = serving.client.received();
    assert!(received.starts_with("HTTP/1.1 200 OK\r\n") && received.contains("HTTP/1.1 413 "), "{received}");
}

#[test]
fn a_client_that_breaks_off_inside_its_head_is_told() {
    let mut serving = Serving::new(nothing);
    serving.client.send("GET / HTTP/1.1\r\nHost");
    serving.client.end();
    assert!(serving.goes_on());
    assert!(serving.client.received().starts_with("HTTP/1.1 400 Bad Request\r\n"));
    assert!(serving.log.events().is_empty());
}
