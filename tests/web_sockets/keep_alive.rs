//! Keep-alive, in memory with a clock of its own.

use std::time::Duration;

use falconry::{WebSocketOptions, features::WebSocketAcceptContext};
use falconry_test_host::{TestServer, UpgradedStream};
use tokio::time::{Instant, sleep};

use super::{
    app::{Echo, Events, in_memory},
    golden::{rows, text},
    peer::{PING, PONG, Peer, TEXT},
};

async fn open(interval: u64, timeout: Option<u64>) -> (TestServer, Peer<UpgradedStream>, Events, Instant) {
    let mut options = WebSocketOptions::default();
    options.keep_alive_interval = Duration::from_millis(interval);
    options.keep_alive_timeout = timeout.map(Duration::from_millis);
    let echo = Echo::default();
    let events = echo.events.clone();
    let (server, client) = in_memory(options, echo).await;
    let peer = Peer::open_in_memory(&client).await;
    (server, peer, events, Instant::now())
}

#[tokio::test(start_paused = true)]
async fn without_a_timeout_a_pong_goes_out_every_interval_as_recorded() {
    let recorded = rows("keepalive");
    let pongs = text(&recorded[0], "after").split(", ").count();
    let (_server, mut peer, _, start) = open(400, None).await;
    for number in 1..=pongs as u128 {
        peer.expect(PONG, b"").await;
        assert_eq!(start.elapsed().as_millis() / 10, number * 40);
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_timeout_a_silent_client_is_pinged_and_given_up() {
    let (_server, mut peer, events, start) = open(1000, Some(300)).await;
    let ping = peer.next().await.unwrap();
    assert_eq!((ping.first, start.elapsed().as_millis() / 10), (PING, 100));
    peer.expect_end().await;
    assert_eq!(start.elapsed().as_millis() / 10, 130);
    events.wait("failed: the client has not answered a ping in time").await;
}

#[tokio::test(start_paused = true)]
async fn an_answered_ping_is_followed_by_the_next() {
    let (_server, mut peer, _, start) = open(1000, Some(300)).await;
    for number in 1..=3 {
        let ping = peer.next().await.unwrap();
        assert_eq!((ping.first, start.elapsed().as_millis() / 10), (PING, number * 100));
        peer.frame(PONG, &ping.payload).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_pong_that_repeats_another_ping_does_not_count() {
    let (_server, mut peer, _, start) = open(1000, Some(300)).await;
    peer.next().await.unwrap();
    peer.frame(PONG, b"any").await;
    peer.expect_end().await;
    assert_eq!(start.elapsed().as_millis() / 10, 130);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_is_not_pinged() {
    let (_server, mut peer, _, start) = open(1000, Some(300)).await;
    for _ in 0..5 {
        sleep(Duration::from_millis(700)).await;
        peer.frame(TEXT, b"x").await;
        peer.expect(TEXT, b"x").await;
    }
    assert_eq!(peer.next().await.unwrap().first, PING);
    assert_eq!(start.elapsed().as_millis() / 10, 450);
}

#[tokio::test(start_paused = true)]
async fn an_interval_of_zero_is_never_and_the_application_may_choose_another() {
    let mut options = WebSocketOptions::default();
    options.keep_alive_interval = Duration::ZERO;
    let mut echo = Echo::default();
    let (_server, client) = in_memory(options.clone(), echo.clone()).await;
    let mut peer = Peer::open_in_memory(&client).await;
    let day = tokio::time::timeout(Duration::from_secs(86_400), peer.next()).await;
    assert!(day.is_err(), "{day:?}");

    echo.context = WebSocketAcceptContext::default();
    echo.context.keep_alive_interval = Some(Duration::from_secs(1));
    let (_server, client) = in_memory(options, echo).await;
    Peer::open_in_memory(&client).await.expect(PONG, b"").await;
}
