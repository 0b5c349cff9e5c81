//! Which waits end, and how.

use super::*;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn status(answer: &str) -> &str {
    answer.lines().next().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_is_closed_after_the_keep_alive_timeout() {
    let mut client = Client::connect(4096, |_| {});
    let start = tokio::time::Instant::now();
    assert_eq!(client.rest().await, "");
    assert_eq!(start.elapsed().as_secs(), 130);
}

#[tokio::test(start_paused = true)]
async fn the_keep_alive_timeout_counts_from_the_last_answer() {
    let mut client = Client::connect(4096, |_| {});
    wait(seconds(100)).await;
    client.send(GET).await;
    let start = tokio::time::Instant::now();
    let answer = client.rest().await;
    assert_eq!(status(&answer), "HTTP/1.1 200 OK");
    assert_eq!(start.elapsed().as_secs(), 130);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_not_complete_in_time_is_answered_with_408() {
    let mut client = Client::connect(4096, |_| {});
    let start = tokio::time::Instant::now();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n").await;
    let answer = client.rest().await;
    assert_eq!(status(&answer), "HTTP/1.1 408 Request Timeout");
    assert!(answer.to_ascii_lowercase().contains("connection: close"));
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_does_not_get_more_time() {
    let mut client = Client::connect(4096, |_| {});
    let start = tokio::time::Instant::now();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n").await;
    for _ in 0..4 {
        wait(seconds(7)).await;
        client.send("X-More: 1\r\n").await;
    }
    assert_eq!(status(&client.rest().await), "HTTP/1.1 408 Request Timeout");
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_is_answered_with_408_after_the_grace_period() {
    let mut client = Client::connect(4096, |_| {});
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc").await;
    let start = tokio::time::Instant::now();
    assert_eq!(status(&client.rest().await), "HTTP/1.1 408 Request Timeout");
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_above_the_minimum_rate_is_served() {
    let mut client = Client::connect(4096, |_| {});
    client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3000\r\n\r\n").await;
    for _ in 0..10 {
        wait(seconds(1)).await;
        client.send(&"x".repeat(300)).await;
    }
    assert_eq!(status(&client.rest().await), "HTTP/1.1 200 OK");
}

#[tokio::test(start_paused = true)]
async fn without_a_minimum_rate_a_body_may_take_its_time() {
    let mut client = Client::connect(4096, |limits| {
        limits.set_min_request_body_data_rate(None);
    });
    client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nab").await;
    wait(seconds(3600)).await;
    client.send("c").await;
    assert!(client.rest().await.ends_with("abc."));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_reading_is_cut_off_after_the_grace_period() {
    let mut client = Client::connect(1024, |_| {});
    client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let start = tokio::time::Instant::now();
    client.served.await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_but_above_the_minimum_rate_gets_everything() {
    let mut client = Client::connect(1024, |_| {});
    client.send("GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let mut received = 0;
    for _ in 0..60 {
        wait(seconds(1)).await;
        received += client.read(512).await;
    }
    assert!(received + client.rest().await.len() > 1024 * 1024);
}

#[tokio::test(start_paused = true)]
async fn an_infinite_keep_alive_timeout_keeps_the_connection() {
    let mut client = Client::connect(4096, |limits| {
        limits.set_keep_alive_timeout(None).unwrap();
    });
    wait(seconds(24 * 3600)).await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert_eq!(status(&client.rest().await), "HTTP/1.1 200 OK");
}

#[tokio::test(start_paused = true)]
async fn a_half_closed_client_gets_its_answer() {
    let mut client = Client::connect(4096, |_| {});
    client.send(GET).await;
    client.stream.shutdown().await.unwrap();
    assert_eq!(status(&client.rest().await), "HTTP/1.1 200 OK");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_holds_although_the_application_has_used_up_the_turn_of_its_task() {
    let mut client = Client::connect(4096, |_| {});
    client.send("POST /busy HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n").await;
    let start = tokio::time::Instant::now();
    assert_eq!(status(&client.rest().await), "HTTP/1.1 408 Request Timeout");
    assert_eq!(start.elapsed().as_secs(), 5);
}
