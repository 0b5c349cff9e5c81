//! WebSockets through the proxy.

use futures_util::{SinkExt, StreamExt};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    client_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::HeaderValue,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::{client::PATIENCE, front::Front};

pub(crate) fn echo(front: &Front) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(PATIENCE, talk(front)).await.expect("it ends in time") });
    front.assert_alive();
}

async fn talk(front: &Front) {
    let mut request = format!("ws://{}/ws", front.address()).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("chat, echo"));
    let stream = TcpStream::connect(front.address()).await.unwrap();
    let (mut client, response) = client_async(request, stream).await.unwrap_or_else(|error| {
        panic!("{error}: {}", front.logs());
    });
    assert_eq!(response.headers()["sec-websocket-protocol"], "echo");
    for size in [0, 5, 125, 126, 65_535, 65_536, 300_000] {
        let text: String = "aß€😀".chars().cycle().take(size / 3).collect();
        for message in [Message::text(text), Message::binary(vec![size as u8; size])] {
            client.send(message.clone()).await.unwrap();
            assert!(client.next().await.unwrap().unwrap() == message, "{size}");
        }
    }
    client.send(Message::Ping("are you there".into())).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Pong("are you there".into()));
    let close = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
    client.close(Some(close.clone())).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Close(Some(close)));
    while client.next().await.is_some() {}
    front.witness().wait_for_completion("/ws");
}
