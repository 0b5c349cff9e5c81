//! A client not written by us.

use falconry::{WebHost, WebSocketOptions, features::Deadline};
use falconry_conformance::contract;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::HeaderValue,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::app::Site;

async fn connect(address: &str, path: &str, protocols: &str) -> (WebSocketStream<TcpStream>, Option<String>) {
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    if !protocols.is_empty() {
        let offered = HeaderValue::from_str(protocols).unwrap();
        request.headers_mut().insert("sec-websocket-protocol", offered);
    }
    let stream = TcpStream::connect(address).await.unwrap();
    let (client, response) = client_async(request, stream).await.unwrap();
    let agreed = response.headers().get("sec-websocket-protocol");
    (client, agreed.map(|value| value.to_str().unwrap().to_owned()))
}

#[tokio::test]
async fn text_and_binary_of_every_size_come_back() {
    let (site, _) = Site::echo(WebSocketOptions::default()).await;
    let (mut client, _) = connect(&site.address(), "/", "").await;
    for size in [0, 1, 125, 126, 65_535, 65_536, 1024 * 1024] {
        let text: String = "aß€😀".chars().cycle().take(size / 3).collect();
        let data: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        for message in [Message::text(text), Message::binary(data)] {
            client.send(message.clone()).await.unwrap();
            assert!(client.next().await.unwrap().unwrap() == message, "{size}");
        }
    }
    client.close(Some(CloseFrame { code: CloseCode::Normal, reason: "done".into() })).await.unwrap();
    let answer = client.next().await.unwrap().unwrap();
    assert_eq!(answer, Message::Close(Some(CloseFrame { code: CloseCode::Normal, reason: "done".into() })));
    assert!(client.next().await.is_none());
    site.stop().await;
}

#[tokio::test]
async fn a_message_larger_than_a_frame_of_ours_comes_back_whole() {
    let (site, _) = Site::echo(WebSocketOptions::default()).await;
    let (mut client, _) = connect(&site.address(), "/", "").await;
    let message = Message::binary(vec![7; 5_000_000]);
    // Both ways at once: no side may wait for the other to read.
    client.send(message.clone()).await.unwrap();
    assert!(client.next().await.unwrap().unwrap() == message);
    site.stop().await;
}

#[tokio::test]
async fn the_contract_app_echoes_and_agrees_on_its_sub_protocol() {
    let host = WebHost::builder()
        .server_named("kestrel")
        .urls("http://127.0.0.1:0")
        .suppress_status_messages(true)
        .build(contract::app())
        .unwrap();
    host.start().await.unwrap();
    let address = host.addresses()[0].trim_start_matches("http://").to_owned();
    for (offered, expected) in [("", None), ("chat, echo", Some("echo"))] {
        let (mut client, agreed) = connect(&address, "/ws", offered).await;
        assert_eq!(agreed.as_deref(), expected);
        client.send(Message::text("hello")).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::text("hello"));
        client.close(None).await.unwrap();
        while client.next().await.is_some() {}
    }
    host.stop(Deadline::never()).await.unwrap();
}
