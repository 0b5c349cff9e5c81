//! How WebSockets end.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use falconry::{
    HttpContext, Result, WebSocketOptions,
    features::{Deadline, WebSocketAcceptContext, WebSocketState},
    with_state,
};
use tokio::{io::AsyncWriteExt, time::Instant};

use super::{
    app::{Events, Site, in_memory},
    golden::{rows, text},
    peer::{BINARY, CLOSE, Peer, TEXT, masked},
};

/// The recorded rows, what ours sends, and the test here that shows it.
const RECORDED: [(&str, &str, &str); 9] = [
    ("client FIN without close", "", "a_client_that_ends_without_a_close_frame_is_an_error"),
    ("client RST without close", "", "as above"),
    ("app returns without closing", "", "an_application_that_returns_or_aborts_ends_the_connection"),
    (
        "app CloseAsync, client never answers (token 400 ms)",
        "close 1000 'bye'",
        "a_client_that_does_not_answer",
    ),
    ("app Abort", "", "an_application_that_returns_or_aborts_ends_the_connection"),
    ("app throws after accept", "", "an_application_that_returns_or_aborts_ends_the_connection"),
    // 1005 cannot stand in a frame (RFC 6455 section 7.4.1); it is refused with the others.
    ("app uses bad close codes", "close 1005 ''", "the_application_closes"),
    // Dropping the future of `receive` ends nothing: the next call goes on.
    ("app cancels receive", "", "dropping_a_receive_loses_nothing"),
    ("server stop (token 500 ms) with an open web socket", "", "a_stop_says_going_away"),
];

#[test]
fn every_recorded_end_is_known() {
    for row in rows("close") {
        let known = RECORDED.iter().find(|(case, ..)| *case == text(&row, "case"));
        assert_eq!(known.map(|(_, after, _)| *after), Some(text(&row, "after")), "{row}");
    }
}

#[tokio::test]
async fn dropping_a_receive_loses_nothing() {
    async fn hasty(ctx: &mut HttpContext) -> Result {
        let mut socket = ctx.web_sockets().accept(WebSocketAcceptContext::default()).await?;
        let message = loop {
            // Each future is polled once and dropped.
            let once = poll_fn(|cx| Poll::Ready(pin!(socket.receive()).poll(cx))).await;
            match once {
                Poll::Ready(message) => break message?,
                Poll::Pending => tokio::task::yield_now().await,
            }
        };
        socket.send(message.expect("the client has sent one")).await
    }
    let site = Site::start(WebSocketOptions::default(), hasty).await;
    let mut peer = Peer::open(&site).await;
    for byte in masked(TEXT, b"slowly") {
        peer.write(&[byte]).await;
        tokio::task::yield_now().await;
    }
    peer.expect(TEXT, b"slowly").await;
    site.stop().await;
}

#[tokio::test]
async fn a_close_frame_is_answered_with_its_code_and_the_connection_ends() {
    let (site, events) = Site::echo(WebSocketOptions::default()).await;
    for code in [1000, 1001, 1011, 3000, 4999] {
        let mut peer = Peer::open(&site).await;
        peer.close(code, "why").await;
        assert_eq!(peer.next_close().await, (code, "why".to_owned()));
        peer.expect_end().await;
    }
    events.wait("closed Some(4999)").await;
    site.stop().await;
}

#[tokio::test]
async fn the_application_closes_and_what_the_client_still_sends_is_left_out() {
    async fn bye(events: &Events, ctx: &mut HttpContext) -> Result {
        let mut socket = ctx.web_sockets().accept(WebSocketAcceptContext::default()).await?;
        assert!(socket.close(1006, "").await.is_err(), "no code for a frame");
        socket.close(4001, "bye").await?;
        socket.close(4001, "bye").await?;
        assert_eq!(socket.state(), WebSocketState::Closed);
        assert!(socket.send("x").await.is_err());
        assert_eq!(socket.receive().await?, None);
        events.push(format!("{:?}", socket.close_received().and_then(|close| close.code())));
        Ok(())
    }
    let events = Events::default();
    let site = Site::start(WebSocketOptions::default(), with_state(events.clone(), bye)).await;
    let mut peer = Peer::open(&site).await;
    assert_eq!(peer.next_close().await, (4001, "bye".to_owned()));
    peer.frame(TEXT, b"under way").await;
    peer.close(4001, "bye").await;
    peer.expect_end().await;
    assert_eq!(events.wait("").await, "Some(4001)");
    site.stop().await;
}

#[tokio::test]
async fn a_client_that_ends_without_a_close_frame_is_an_error() {
    let (site, events) = Site::echo(WebSocketOptions::default()).await;
    let mut peer = Peer::open(&site).await;
    peer.frame(TEXT, b"half a frame").await;
    peer.expect(TEXT, b"half a frame").await;
    peer.write(&masked(TEXT, b"half a frame")[..7]).await;
    peer.stream.shutdown().await.unwrap();
    peer.expect_end().await;
    events.wait("failed: the WebSocket has ended without a close handshake").await;
    site.stop().await;
}

#[tokio::test]
async fn an_application_that_returns_or_aborts_ends_the_connection_without_a_frame() {
    async fn leave(ctx: &mut HttpContext) -> Result {
        drop(ctx.web_sockets().accept(WebSocketAcceptContext::default()).await?);
        Ok(())
    }
    async fn abort(ctx: &mut HttpContext) -> Result {
        let mut socket = ctx.web_sockets().accept(WebSocketAcceptContext::default()).await?;
        socket.abort();
        assert_eq!(socket.state(), WebSocketState::Aborted);
        socket.receive().await.map(drop)
    }
    async fn fail(ctx: &mut HttpContext) -> Result {
        let _socket = ctx.web_sockets().accept(WebSocketAcceptContext::default()).await?;
        Err("on purpose".into())
    }
    let options = WebSocketOptions::default;
    for site in [
        Site::start(options(), leave).await,
        Site::start(options(), abort).await,
        Site::start(options(), fail).await,
    ] {
        Peer::open(&site).await.expect_end().await;
        site.stop().await;
    }
}

#[tokio::test]
async fn a_stop_says_going_away_and_waits_for_the_answer() {
    let (site, events) = Site::echo(WebSocketOptions::default()).await;
    let mut peer = Peer::open(&site).await;
    peer.frame(TEXT, b"here").await;
    peer.expect(TEXT, b"here").await;
    let client = async {
        assert_eq!(peer.next_close().await.0, 1001);
        peer.frame(BINARY, b"too late").await;
        peer.close(1001, "").await;
        peer.expect_end().await;
    };
    let (stopped, ()) = tokio::join!(site.host.stop(Deadline::never()), client);
    stopped.unwrap();
    assert_eq!(events.all()[1], "closed Some(1001)");
}

#[tokio::test]
async fn a_stop_that_cannot_wait_ends_the_connection() {
    let (site, _) = Site::echo(WebSocketOptions::default()).await;
    let mut peer = Peer::open(&site).await;
    site.host.stop(Deadline::now()).await.unwrap();
    while peer.next().await.is_some_and(|frame| frame.first == CLOSE) {}
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_answer_a_close_frame_is_given_up() {
    async fn bye(events: &Events, ctx: &mut HttpContext) -> Result {
        let mut socket = ctx.web_sockets().accept(WebSocketAcceptContext::default()).await?;
        events.push(socket.close(1000, "").await.unwrap_err().to_string());
        Ok(())
    }
    let events = Events::default();
    let (_server, client) = in_memory(WebSocketOptions::default(), with_state(events.clone(), bye)).await;
    let start = Instant::now();
    let mut peer = Peer::open_in_memory(&client).await;
    assert_eq!(peer.next_close().await.0, 1000);
    peer.expect_end().await;
    assert_eq!(start.elapsed().as_secs(), Duration::from_secs(5).as_secs());
    assert_eq!(events.wait("").await, "the client has not answered the close frame in time");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_on_after_a_protocol_error_is_read_for_a_while() {
    let (_server, client) = in_memory(WebSocketOptions::default(), super::app::Echo::default()).await;
    let mut peer = Peer::open_in_memory(&client).await;
    peer.frame(0x83, b"reserved").await;
    let start = Instant::now();
    assert_eq!(peer.next_close().await.0, 1002);
    for _ in 0..100 {
        peer.frame(TEXT, &[b'x'; 1000]).await;
    }
    peer.expect_end().await;
    let mut written = Ok(());
    while written.is_ok() {
        tokio::time::advance(Duration::from_secs(1)).await;
        written = peer.stream.write_all(&[0]).await;
    }
    assert!((4..=6).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}
