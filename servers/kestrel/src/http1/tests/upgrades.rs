//! Connections that leave HTTP.

use std::future::poll_fn;

use super::*;

fn request(connection: &str) -> String {
    format!("GET /upgrade HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\nConnection: {connection}\r\n\r\n")
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_ahead_belongs_to_the_other_protocol() {
    let mut client = Client::connect(4096, |_| {});
    client.send(&(request("upgrade") + "GET / HTTP/1.1\r\n")).await;
    client.stream.shutdown().await.unwrap();
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nGET / HTTP/1.1\r\n"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_does_not_say_that_the_connection_closes() {
    let mut client = Client::connect(4096, |_| {});
    client.send(&request("close, upgrade")).await;
    client.stream.shutdown().await.unwrap();
    let answer = client.rest().await.to_ascii_lowercase();
    assert!(answer.contains("\r\nconnection: upgrade\r\n"), "{answer}");
    assert!(!answer.contains("close"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn answers_before_the_upgrade_leave_before_it() {
    let mut client = Client::connect(4096, |_| {});
    client.send(&("GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned() + &request("upgrade") + "x")).await;
    client.stream.shutdown().await.unwrap();
    let answers = client.rest().await;
    let (first, second) = answers.split_at(answers.find("HTTP/1.1 101").unwrap());
    assert!(first.starts_with("HTTP/1.1 200 OK") && first.ends_with("\r\n\r\n."), "{first}");
    assert!(second.ends_with("\r\n\r\nx"), "{second}");
}

/// Gives back what comes, to its end.
pub(super) async fn echo(features: &mut FeatureCollection) -> Result<(), BoxError> {
    let mut stream = falconry_features::upgrade(features).await?;
    let mut buffer = [0; 64];
    loop {
        let count = poll_fn(|cx| stream.poll_read(cx, &mut buffer)).await?;
        if count == 0 {
            return Ok(poll_fn(|cx| stream.poll_shutdown(cx)).await?);
        }
        let mut data = &buffer[..count];
        while !data.is_empty() {
            data = &data[poll_fn(|cx| stream.poll_write(cx, data)).await?..];
        }
    }
}
