//! Bodies that stream, in one direction or both.

use std::{thread, time::Duration};

use bytes::Bytes;

use crate::{Capability::*, connect::Request, journal::Journal, runner::Trial, stage::Stage};

const AREA: &str = "streaming";
const PIECE: usize = 64 * 1024;
/// What the two systems and the server may hold together when one side does not read, in bytes.
const HELD_AT_MOST: usize = 48 << 20;
/// What a side that does not wait would send without end, in bytes.
const SENT: usize = HELD_AT_MOST / 2 * 3;

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "flushed_data_arrives_while_the_handler_runs",
        "A flush sends everything written.",
        "ASP.NET Core: PipeWriter.FlushAsync",
        flushed,
    )
    .needs(&[ResponseStreaming]),
    Trial::new(
        AREA,
        "flushed_data_arrives_though_the_handler_fails_then",
        "What was flushed is on its way; an error afterwards does not call it back.",
        "falconry: HttpResponseBodyFeature::poll_flush",
        flushed_then_failed,
    )
    .needs(&[ResponseStreaming, DataBeforeReset]),
    Trial::new(
        AREA,
        "a_flushed_head_arrives_before_any_data",
        "A flush sends the head.",
        "ASP.NET Core: IHttpResponseBodyFeature.StartAsync",
        flushed_head,
    )
    .needs(&[ResponseStreaming]),
    Trial::new(
        AREA,
        "data_is_seen_before_the_client_has_sent_it_all",
        "A request's body streams into the application.",
        "ASP.NET Core: IHttpRequestFeature.Body",
        streamed_in,
    )
    .needs(&[RequestStreaming]),
    Trial::new(
        AREA,
        "both_directions_stream_at_once",
        "A response may start, and its data arrive, before the request has ended.",
        "RFC 9112 section 9.3 (a server may answer early)",
        both_ways,
    )
    .needs(&[RequestStreaming, ResponseStreaming]),
    Trial::new(
        AREA,
        "a_client_that_does_not_read_makes_the_application_wait",
        "Writing waits while the server has no room; memory stays bounded.",
        "ASP.NET Core: KestrelServerLimits.MaxResponseBufferSize",
        slow_reader,
    )
    .needs(&[Backpressure, ResponseStreaming]),
    Trial::new(
        AREA,
        "an_application_that_does_not_read_makes_the_client_wait",
        "A request's body is not collected before it is read.",
        "ASP.NET Core: KestrelServerLimits.MaxRequestBufferSize",
        slow_application,
    )
    .needs(&[Backpressure, RequestStreaming]),
];

fn flushed(stage: &Stage) {
    let go = Journal::<()>::new();
    let server = stage.serve(&go, |go, ctx| {
        Box::pin(async move {
            for step in 1..=3 {
                ctx.response_mut().write("tick").await?;
                ctx.response_mut().flush().await?;
                go.added(step).await;
            }
            Ok(())
        })
    });
    let mut client = server.client();
    client.begin(&Request::get("/"));
    assert_eq!(client.head().status, 200);
    for _ in 0..3 {
        assert_eq!(client.read(4), b"tick");
        go.push(());
    }
    assert_eq!(client.data(), None);
}

fn flushed_then_failed(stage: &Stage) {
    let go = Journal::<()>::new();
    let server = stage.serve(&go, |go, ctx| {
        Box::pin(async move {
            ctx.response_mut().write("first").await?;
            ctx.response_mut().flush().await?;
            go.added(1).await;
            ctx.response_mut().write("second").await?;
            ctx.response_mut().flush().await?;
            Err("it went wrong".into())
        })
    });
    let mut client = server.client();
    client.begin(&Request::get("/"));
    assert_eq!(client.head().status, 200);
    assert_eq!(client.read(5), b"first");
    go.push(());
    assert_eq!(client.read(6), b"second");
    assert!(client.connection().data().is_err(), "the client takes this for a whole response");
}

fn flushed_head(stage: &Stage) {
    let go = Journal::<()>::new();
    let server = stage.serve(&go, |go, ctx| {
        Box::pin(async move {
            ctx.response_mut().set_status(202)?;
            ctx.response_mut().flush().await?;
            go.added(1).await;
            ctx.response_mut().write("later").await
        })
    });
    let mut client = server.client();
    client.begin(&Request::get("/"));
    assert_eq!(client.head().status, 202);
    go.push(());
    assert_eq!(client.rest(), b"later");
}

fn streamed_in(stage: &Stage) {
    let seen = Journal::<Bytes>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            while let Some(data) = ctx.request_mut().read().await? {
                seen.push(data);
            }
            Ok(())
        })
    });
    let mut client = server.client();
    client.begin(&Request::post("/"));
    for (count, piece) in ["first", "second", "third"].into_iter().enumerate() {
        client.send(piece.as_bytes());
        assert_eq!(seen.wait(count + 1)[count], piece);
    }
    client.end();
    assert_eq!(client.response().status(), 200);
}

fn both_ways(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().flush().await?;
            while let Some(data) = ctx.request_mut().read().await? {
                ctx.response_mut().write(data).await?;
                ctx.response_mut().flush().await?;
            }
            Ok(())
        })
    });
    let mut client = server.client();
    client.begin(&Request::post("/"));
    assert_eq!(client.head().status, 200);
    for number in 0..20 {
        let piece = format!("piece {number:2}");
        client.send(piece.as_bytes());
        assert_eq!(client.read(piece.len()), piece.as_bytes());
    }
    client.end();
    assert_eq!(client.data(), None);
}

fn slow_reader(stage: &Stage) {
    const COUNT: usize = SENT / PIECE;
    let written = Journal::<()>::new();
    let server = stage.serve(&written, |written, ctx| {
        Box::pin(async move {
            let piece = Bytes::from(vec![b'x'; PIECE]);
            for _ in 0..COUNT {
                ctx.response_mut().write(piece.clone()).await?;
                ctx.response_mut().flush().await?;
                written.push(());
            }
            Ok(())
        })
    });
    let mut client = server.client();
    client.begin(&Request::get("/"));
    assert_eq!(client.head().status, 200);
    let held = written.wait_for_quiet(Duration::from_millis(200)).len() * PIECE;
    assert!(held <= HELD_AT_MOST, "{held} bytes were taken from the application while the client read none");
    let mut received = 0;
    while let Some(data) = client.data() {
        received += data.len();
    }
    assert_eq!(received, COUNT * PIECE);
}

fn slow_application(stage: &Stage) {
    const COUNT: usize = SENT / PIECE;
    let (go, sent) = (Journal::<()>::new(), Journal::<()>::new());
    let server = stage.serve(&go, |go, ctx| {
        Box::pin(async move {
            if let Some(limit) =
                ctx.features_mut().get_mut::<dyn falconry_features::HttpMaxRequestBodySizeFeature>()
            {
                limit.set_max_request_body_size(None)?;
            }
            go.added(1).await;
            let mut received = 0;
            while let Some(data) = ctx.request_mut().read().await? {
                received += data.len();
            }
            ctx.response_mut().write(received.to_string()).await
        })
    });
    let mut client = server.client();
    client.begin(&Request::new("POST", "/").length((COUNT * PIECE) as u64));
    let sending = thread::spawn({
        let sent = sent.clone();
        move || {
            for _ in 0..COUNT {
                client.send(&[b'x'; PIECE]);
                sent.push(());
            }
            client.end();
            client
        }
    });
    let held = sent.wait_for_quiet(Duration::from_millis(200)).len() * PIECE;
    assert!(held <= HELD_AT_MOST, "{held} bytes were taken from the client while the application read none");
    go.push(());
    let mut client = sending.join().expect("the client could send everything");
    assert_eq!(client.response().text(), (COUNT * PIECE).to_string());
}
