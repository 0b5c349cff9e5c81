//! How old a connection becomes.

use super::*;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn client(age: u64) -> Client {
    Client::connect(4096, |limits| {
        limits.set_max_connection_age(Duration::from_secs(age)).unwrap();
    })
}

#[tokio::test(start_paused = true)]
async fn a_connection_at_rest_ends_when_it_is_as_old_as_it_may_become() {
    let mut client = client(100);
    let start = tokio::time::Instant::now();
    assert_eq!(client.rest().await, "");
    let age = start.elapsed().as_secs();
    assert!((90..=110).contains(&age), "{age} s");
}

#[tokio::test(start_paused = true)]
async fn an_old_connection_answers_once_more_and_says_that_it_closes() {
    let mut client = client(10);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n").await;
    for _ in 0..20 {
        wait(Duration::from_secs(1)).await;
        client.send(&"x".repeat(500)).await;
    }
    let answer = client.rest().await.to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 200 ok"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_below_its_age_is_kept() {
    let mut client = client(100);
    wait(Duration::from_secs(80)).await;
    client.send(GET).await;
    assert!(client.read(12).await == 12);
    let start = tokio::time::Instant::now();
    let answer = client.rest().await.to_ascii_lowercase();
    assert!(!answer.contains("connection: close"), "{answer}");
    assert!(start.elapsed() >= Duration::from_secs(10));
}
