//! A client that sends what it is told to, in order or not.

use std::{
    collections::HashMap,
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use super::{
    Frame, code,
    frame::{self, flag, headers, kind},
};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a GET needs.
pub(crate) const GET: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.test")];

/// What a POST needs.
pub(crate) const POST: [(&str, &str); 4] =
    [(":method", "POST"), (":scheme", "http"), (":path", "/echo"), (":authority", "a.test")];

/// One connection.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    input: Vec<u8>,
    decoder: fluke_hpack::Decoder<'static>,
    /// What the server has said at the beginning.
    pub(crate) settings: Option<Frame>,
    /// What the server has let be sent on the connection so far, counted as its frames are taken: its
    /// first WINDOW_UPDATE may come during the exchange of settings or after it.
    pub(crate) connection_window: usize,
    partial: HashMap<u32, Response>,
    complete: HashMap<u32, Response>,
}

/// A response that was received whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    pub(crate) interim: Vec<Vec<(String, String)>>,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
    /// The code that it ended with before its time.
    pub(crate) reset: Option<u32>,
}

impl Raw {
    /// Only connects.
    pub(crate) fn bare(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self {
            stream,
            input: Vec::new(),
            decoder: fluke_hpack::Decoder::new(),
            settings: None,
            connection_window: 65_535,
            partial: HashMap::new(),
            complete: HashMap::new(),
        }
    }

    /// Connects and exchanges settings.
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::connect_with(address, &[])
    }

    pub(crate) fn connect_with(address: SocketAddr, values: &[(u16, u32)]) -> Self {
        let mut raw = Self::bare(address);
        raw.send(PREFACE);
        raw.send(&frame::settings(values));
        raw.settings = Some(raw.expect(kind::SETTINGS));
        raw.send(&frame::frame(kind::SETTINGS, flag::ACK, 0, b""));
        while !raw.expect(kind::SETTINGS).has(flag::ACK) {}
        raw
    }

    /// Sends bytes; that the server has closed shows when it is read from.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// The next frame; `None` at the end of the connection.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.take_frame() {
                return Some(frame);
            }
            let mut buffer = [0; 16_384];
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(count) => self.input.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("nothing came: {error}"),
            }
        }
    }

    /// Takes what has come without waiting; false at the end of the connection.
    pub(crate) fn fill(&mut self) -> bool {
        let mut buffer = [0; 16_384];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return false,
                Ok(count) => self.input.extend_from_slice(&buffer[..count]),
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
        }
    }

    fn take_frame(&mut self) -> Option<Frame> {
        let [high, middle, low, kind, flags, a, b, c, d] = *self.input.first_chunk()?;
        let len = u32::from_be_bytes([0, high, middle, low]) as usize;
        let payload = self.input.get(9..9 + len)?.to_vec();
        self.input.drain(..9 + len);
        let frame = Frame { kind, flags, stream: u32::from_be_bytes([a, b, c, d]), payload };
        if frame.kind == kind::WINDOW_UPDATE && frame.stream == 0 {
            self.connection_window += frame.number(0) as usize;
        }
        Some(frame)
    }

    /// The next frame of a kind; others are dropped.
    pub(crate) fn expect(&mut self, kind: u8) -> Frame {
        loop {
            match self.next() {
                Some(frame) if frame.kind == kind => {
                    self.note(&frame);
                    return frame;
                }
                Some(frame) if frame.kind == kind::GOAWAY => panic!("the server goes away: {frame:?}"),
                Some(frame) => self.note(&frame),
                None => panic!("the connection has ended"),
            }
        }
    }

    /// Field blocks must be read even if nobody wants to know.
    fn note(&mut self, frame: &Frame) {
        if frame.kind == kind::HEADERS {
            self.decode(frame);
        }
    }

    fn decode(&mut self, frame: &Frame) -> Vec<(String, String)> {
        let fields = self.decoder.decode(&frame.payload).expect("fields can be read");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        fields.into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    /// All that comes on a stream until its end.
    pub(crate) fn response(&mut self, stream: u32) -> Response {
        let mut response = Response::default();
        loop {
            let Some(frame) = self.next() else { panic!("the connection has ended: {response:?}") };
            if frame.stream != stream {
                assert_ne!(frame.kind, kind::GOAWAY, "the server goes away: {frame:?}");
                self.note(&frame);
                continue;
            }
            match frame.kind {
                kind::HEADERS => {
                    let fields = self.decode(&frame);
                    if !response.fields.is_empty() {
                        response.trailers = fields;
                    } else if fields[0].1.starts_with('1') {
                        response.interim.push(fields);
                    } else {
                        response.fields = fields;
                    }
                }
                kind::DATA => response.body.extend_from_slice(&frame.payload),
                kind::RST_STREAM => response.reset = Some(frame.code()),
                _ => {}
            }
            let is_end = matches!(frame.kind, kind::DATA | kind::HEADERS) && frame.has(flag::END_STREAM);
            if is_end || frame.kind == kind::RST_STREAM {
                return response;
            }
        }
    }

    /// The same if the frames of other streams come before and must not be lost.
    pub(crate) fn response_among(&mut self, stream: u32) -> Response {
        loop {
            if let Some(response) = self.complete.remove(&stream) {
                return response;
            }
            let frame = self.next().expect("the connection has ended");
            let (id, is_end) = (frame.stream, frame.has(flag::END_STREAM));
            let mut response = self.partial.remove(&id).unwrap_or_default();
            match frame.kind {
                kind::HEADERS => response.fields = self.decode(&frame),
                kind::DATA => response.body.extend_from_slice(&frame.payload),
                _ => continue,
            }
            let all = if is_end { &mut self.complete } else { &mut self.partial };
            all.insert(id, response);
        }
    }

    /// The next frame of a kind on a stream.
    pub(crate) fn expect_of(&mut self, stream: u32, kind: u8) -> Frame {
        loop {
            match self.next() {
                Some(frame) if frame.kind == kind && frame.stream == stream => {
                    self.note(&frame);
                    return frame;
                }
                Some(frame) => self.note(&frame),
                None => panic!("the connection has ended"),
            }
        }
    }

    /// The next GOAWAY.
    pub(crate) fn goaway_frame(&mut self) -> Frame {
        self.expect_of(0, kind::GOAWAY)
    }

    /// Asks for something and reads the answer.
    pub(crate) fn get(&mut self, stream: u32, path: &str) -> Response {
        self.send(&headers(stream, flag::END_STREAM, &path_of(&GET, path)));
        self.response(stream)
    }

    /// Reads until the server goes away and closes; the code.
    pub(crate) fn goaway(&mut self) -> Option<u32> {
        let mut code = None;
        while let Some(frame) = self.next() {
            if frame.kind == kind::GOAWAY {
                code = Some(frame.code());
            }
        }
        code
    }

    /// The code with which a stream is reset; the connection must live.
    pub(crate) fn reset_of(&mut self, stream: u32) -> u32 {
        loop {
            let frame = self.next().expect("the connection has ended");
            match frame.kind {
                kind::GOAWAY => panic!("the server goes away with {:#x}", frame.code()),
                kind::RST_STREAM if frame.stream == stream => return frame.code(),
                _ => self.note(&frame),
            }
        }
    }

    /// Whether the connection still serves.
    pub(crate) fn assert_serves(&mut self, stream: u32) {
        let response = self.get(stream, "/");
        assert_eq!(response.status(), 200);
        assert_eq!(response.body, b"Hello World!");
    }

    /// Waits until the server has seen everything that was sent.
    pub(crate) fn ping(&mut self) {
        self.send(&frame::frame(kind::PING, 0, 0, b"are you?"));
        while self.expect(kind::PING).payload != b"are you?" {}
    }
}

/// The fields of a request with another path.
pub(crate) fn path_of<'a>(fields: &[(&'a str, &'a str)], path: &'a str) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, if *name == ":path" { path } else { *value })).collect()
}

/// The fields of a request and some more.
pub(crate) fn with<'a>(
    fields: &[(&'a str, &'a str)],
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    fields.iter().chain(more).copied().collect()
}

impl Response {
    pub(crate) fn status(&self) -> u16 {
        assert_eq!(self.reset, None, "reset: {self:?}");
        self.field(":status").unwrap().parse().unwrap()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        find(&self.fields, name)
    }

    pub(crate) fn trailer(&self, name: &str) -> Option<&str> {
        find(&self.trailers, name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn assert_no_error(&self) {
        assert!(matches!(self.reset, None | Some(code::NO_ERROR)), "{self:?}");
    }
}

fn find<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}
