//! WebSockets through the module: an upgrade or extended CONNECT outside, always an upgrade inside.

mod http1;
mod http2;
#[cfg(feature = "http3")]
mod http3;

use std::sync::{Arc, OnceLock};

use falconry::{Pipeline, features::CancellationToken};
use falconry_conformance::contract;
use futures_util::{SinkExt, StreamExt};
use tokio::{io::DuplexStream, task::JoinHandle};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{CloseFrame, Role, frame::coding::CloseCode},
    },
};

/// How much a tunnel holds of each direction.
const BUFFER: usize = 64 * 1024;

/// A stream of HTTP/2 or HTTP/3 whose extended CONNECT was accepted, as a connection.
struct Tunnel {
    stream: DuplexStream,
    has_sub_protocol: bool,
    /// True once the server has ended the stream in order, false if it was reset.
    end: JoinHandle<bool>,
}

/// The contract app, which closes its WebSockets when told to.
fn app_until(stopping: &CancellationToken) -> Pipeline {
    contract::app_until(Arc::<OnceLock<String>>::default(), stopping.clone())
}

/// An end of a WebSocket by an implementation not written by us.
async fn client(stream: DuplexStream) -> WebSocketStream<DuplexStream> {
    WebSocketStream::from_raw_socket(stream, Role::Client, None).await
}

/// Messages of every size come back, and so does the close, after which the server ends the stream.
async fn echo_and_close(tunnel: Tunnel) {
    assert!(tunnel.has_sub_protocol);
    let mut client = client(tunnel.stream).await;
    for size in [0, 1, 125, 126, 65_535, 65_536, 1_000_000] {
        let text: String = "aß€😀".chars().cycle().take(size / 3).collect();
        let data: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        for message in [Message::text(text), Message::binary(data)] {
            client.send(message.clone()).await.unwrap();
            assert!(client.next().await.unwrap().unwrap() == message, "{size}");
        }
    }
    client.send(Message::Ping("there".into())).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Pong("there".into()));
    let close = CloseFrame { code: CloseCode::Library(4321), reason: "done".into() };
    client.close(Some(close.clone())).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Close(Some(close)));
    assert!(client.next().await.is_none());
    assert!(tunnel.end.await.unwrap(), "the stream ends in order");
}

/// The application closes; its close is answered, and the server ends the stream.
async fn closed_by_the_application(tunnel: Tunnel, stopping: &CancellationToken) {
    assert!(!tunnel.has_sub_protocol);
    let mut client = client(tunnel.stream).await;
    client.send(Message::text("one")).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("one"));
    stopping.cancel();
    let Message::Close(Some(close)) = client.next().await.unwrap().unwrap() else { panic!("no close frame") };
    assert_eq!(close.code, CloseCode::Away);
    // Reading on sends the answer.
    assert!(client.next().await.is_none());
    assert!(tunnel.end.await.unwrap(), "the stream ends in order");
}
