//! By an upgrade of HTTP/1.1.

use falconry_kestrel::KestrelServerOptions;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    client_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::HeaderValue,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::support::Running;

#[tokio::test]
async fn messages_of_every_size_and_the_close_come_back() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let address = running.address();
    let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("other, echo"));
    let (mut client, response) =
        client_async(request, TcpStream::connect(address).await.unwrap()).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "echo");
    for size in [0, 1, 125, 126, 65_535, 65_536, 5_000_000] {
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
    running.stop().await;
}

#[tokio::test]
async fn a_path_without_web_sockets_refuses_them_as_it_does_without_the_module() {
    let running = Running::start(KestrelServerOptions::default()).await;
    let address = running.address();
    let socket = TcpStream::connect(address).await.unwrap();
    let refused = client_async(format!("ws://{address}/status/418"), socket).await.unwrap_err();
    let Error::Http(response) = refused else { panic!("{refused}") };
    assert_eq!(response.status(), 418);
    running.stop().await;
}
