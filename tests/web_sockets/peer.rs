//! A client that says what it is told to, byte for byte.

use falconry_test_host::{TestClient, UpgradedStream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

pub(crate) const HANDSHAKE: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

pub(crate) const FIN: u8 = 0x80;
pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

/// A frame that came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The whole first byte: flags and opcode.
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

/// One side of a connection.
pub(crate) struct Peer<S> {
    pub(crate) stream: S,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Sends a masked frame.
    pub(crate) async fn frame(&mut self, first: u8, payload: &[u8]) {
        self.write(&masked(first, payload)).await;
    }

    pub(crate) async fn close(&mut self, code: u16, reason: &str) {
        self.frame(CLOSE, &close_payload(code, reason)).await;
    }

    /// A response's head, without its empty line.
    pub(crate) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.expect("a whole head"));
        }
        String::from_utf8(head).unwrap().trim_end().to_owned()
    }

    /// The next frame; `None` if the connection ends.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        let first = self.stream.read_u8().await.ok()?;
        let second = self.stream.read_u8().await.unwrap();
        assert_eq!(second & 0x80, 0, "a server does not mask");
        let length = match second {
            126 => u64::from(self.stream.read_u16().await.unwrap()),
            127 => self.stream.read_u64().await.unwrap(),
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).await.unwrap();
        Some(Frame { first, payload })
    }

    /// The next frame, which is a close frame: its code (0 if it has none) and reason.
    pub(crate) async fn next_close(&mut self) -> (u16, String) {
        let frame = self.next().await.expect("a close frame");
        assert_eq!(frame.first, CLOSE, "{frame:?}");
        match &*frame.payload {
            [] => (0, String::new()),
            [high, low, reason @ ..] => {
                (u16::from_be_bytes([*high, *low]), String::from_utf8(reason.to_vec()).unwrap())
            }
            [_] => panic!("a close frame of one byte"),
        }
    }

    pub(crate) async fn expect(&mut self, first: u8, payload: &[u8]) {
        assert_eq!(self.next().await, Some(Frame { first, payload: payload.to_vec() }));
    }

    pub(crate) async fn expect_end(&mut self) {
        assert_eq!(self.next().await, None);
    }
}

impl Peer<tokio::net::TcpStream> {
    /// An open WebSocket over TCP.
    pub(crate) async fn open(site: &super::app::Site) -> Self {
        let mut peer = Self::new(site.connect().await);
        peer.write(HANDSHAKE.as_bytes()).await;
        assert!(peer.head().await.starts_with("HTTP/1.1 101 "));
        peer
    }
}

impl Peer<UpgradedStream> {
    /// An open WebSocket in memory.
    pub(crate) async fn open_in_memory(client: &TestClient) -> Self {
        let request = client
            .get("/")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", KEY);
        Self::new(request.upgrade().await.unwrap())
    }
}

pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length @ 126..65536 => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

pub(crate) fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}
