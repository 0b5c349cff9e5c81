//! Bodies of requests: read here and elsewhere, kept, left, cut into pieces.

use std::{future::poll_fn, pin::pin};

use falconry_features::RequestBody;

use super::*;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

fn post(path: &str, length: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
}

/// The bodies of all answers, one after the other.
fn contents(answers: &str) -> Vec<&str> {
    answers
        .split("HTTP/1.1 200 OK\r\n")
        .skip(1)
        .filter_map(|answer| Some(answer.split_once("\r\n\r\n")?.1))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_body_can_be_read_by_another_task() {
    let mut client = Client::connect(4096, |_| {});
    client.send(&post("/elsewhere", 10)).await;
    for _ in 0..10 {
        wait(Duration::from_millis(10)).await;
        client.send("x").await;
    }
    client.send(GET).await;
    assert_eq!(contents(&client.rest().await), ["xxxxxxxxxx.", "."]);
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_the_body_before_it_that_somebody_still_reads() {
    let mut client = Client::connect(4096, |_| {});
    client.send(&post("/kept", 10)).await;
    client.send("12345").await;
    wait(Duration::from_secs(1)).await;
    client.send("67890").await;
    client.send(GET).await;
    assert_eq!(contents(&client.rest().await), ["kept", "."]);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_a_body_is_no_request() {
    let mut client = Client::connect(4096, |_| {});
    let body = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(&format!("{}{body}{GET}", post("/left", body.len()))).await;
    assert_eq!(contents(&client.rest().await), ["left", "."]);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_left_and_does_not_come_closes_the_connection() {
    let mut client = Client::connect(4096, |_| {});
    client.send(&post("/left", 10)).await;
    let answer = client.rest().await;
    assert!(answer.contains("connection: close") && answer.ends_with("left"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_ends_early_fails_with_what_is_missing() {
    let mut client = Client::connect(4096, |_| {});
    client.send(&post("/", 10)).await;
    client.send("12345").await;
    client.stream.shutdown().await.unwrap();
    assert!(client.rest().await.starts_with("HTTP/1.1 400 Bad Request\r\n"));
}

#[tokio::test(start_paused = true)]
async fn fields_of_a_request_are_gone_with_the_next_even_if_the_application_had_changed_them() {
    let mut client = Client::connect(4096, |_| {});
    for secret in ["X-Secret: 1\r\n", "X-Secret: 1\r\n", "", "X-Secret: 2\r\n", ""] {
        client.send(&format!("GET /fields HTTP/1.1\r\nHost: a\r\n{secret}\r\n")).await;
    }
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let seen = ["host,x-secret;", "host,x-secret;", "host;", "host,x-secret;", "host;", "."];
    assert_eq!(contents(&client.rest().await), seen);
}

#[tokio::test(start_paused = true)]
async fn pieces_are_as_they_were_sent_however_little_room_was_left() {
    let mut client = Client::connect(64 * 1024, |_| {});
    client
        .send("POST /pieces HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    for size in [1, 900, 100, 3000, 90, 1000, 5, 20_000, 7] {
        wait(Duration::from_millis(1)).await;
        client.send(&format!("{size:x}\r\n{}\r\n", "x".repeat(size))).await;
    }
    client.send("0\r\n\r\n").await;
    assert!(contents(&client.rest().await.replace("\r\n2\r\n", ""))[0].contains("1 900 100 3000 90 1000 5 "));
}

/// Reads a body to its end.
pub(super) async fn read(mut body: RequestBody) -> Result<Vec<u8>, BoxError> {
    let mut whole = Vec::new();
    while let Some(data) = body.data().await {
        whole.extend_from_slice(&data?);
    }
    Ok(whole)
}

/// What else the application answers, by path.
pub(super) async fn answer(path: &str, features: &mut FeatureCollection) -> Result<Vec<u8>, BoxError> {
    let request = features.required_mut::<dyn HttpRequestFeature>()?;
    Ok(match path {
        "/elsewhere" => {
            let mut whole = tokio::spawn(read(request.take_body())).await??;
            whole.push(b'.');
            whole
        }
        "/kept" => {
            let body = request.take_body();
            tokio::spawn(async move { assert_eq!(read(body).await.unwrap(), b"1234567890") });
            b"kept".to_vec()
        }
        "/left" => b"left".to_vec(),
        "/busy" => {
            let mut body = pin!(read(request.take_body()));
            let mut is_first = true;
            poll_fn(|cx| {
                while is_first && tokio::task::coop::has_budget_remaining() {
                    let _ = pin!(tokio::task::consume_budget()).poll(cx);
                }
                is_first = false;
                body.as_mut().poll(cx)
            })
            .await?
        }
        "/fields" => {
            let mut names: Vec<_> = request.headers().keys().map(|name| name.as_str()).collect();
            names.sort_unstable();
            let text = names.join(",") + ";";
            request.headers_mut().insert("x-own", http::HeaderValue::from_static("1"));
            text.into_bytes()
        }
        _ => {
            let mut body = request.take_body();
            let mut sizes = String::new();
            while let Some(data) = body.data().await {
                sizes += &format!("{} ", data?.len());
            }
            sizes.into_bytes()
        }
    })
}
