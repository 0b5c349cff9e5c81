//! A client of single frames.

use quinn::{ReadError, ReadToEndError, RecvStream, SendStream};

/// One connection whose control stream is there.
pub(crate) struct Raw {
    pub(crate) quic: quinn::Connection,
    pub(crate) control: SendStream,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Status(u16),
    /// The stream was reset with this code.
    Reset(u64),
    /// The connection was closed with this code.
    Closed(u64),
}

pub(crate) mod kind {
    pub(crate) const DATA: u64 = 0x0;
    pub(crate) const HEADERS: u64 = 0x1;
    pub(crate) const CANCEL_PUSH: u64 = 0x3;
    pub(crate) const SETTINGS: u64 = 0x4;
    pub(crate) const PUSH_PROMISE: u64 = 0x5;
    pub(crate) const GOAWAY: u64 = 0x7;
    pub(crate) const MAX_PUSH_ID: u64 = 0xd;
    /// Of those that must be ignored.
    pub(crate) const GREASE: u64 = 0x21;
}

pub(crate) mod code {
    pub(crate) const NO_ERROR: u64 = 0x100;
    pub(crate) const INTERNAL_ERROR: u64 = 0x102;
    pub(crate) const STREAM_CREATION_ERROR: u64 = 0x103;
    pub(crate) const CLOSED_CRITICAL_STREAM: u64 = 0x104;
    pub(crate) const FRAME_UNEXPECTED: u64 = 0x105;
    pub(crate) const FRAME_ERROR: u64 = 0x106;
    pub(crate) const EXCESSIVE_LOAD: u64 = 0x107;
    pub(crate) const ID_ERROR: u64 = 0x108;
    pub(crate) const SETTINGS_ERROR: u64 = 0x109;
    pub(crate) const MISSING_SETTINGS: u64 = 0x10a;
    pub(crate) const REQUEST_REJECTED: u64 = 0x10b;
    pub(crate) const REQUEST_CANCELLED: u64 = 0x10c;
    pub(crate) const REQUEST_INCOMPLETE: u64 = 0x10d;
    pub(crate) const MESSAGE_ERROR: u64 = 0x10e;
    pub(crate) const DECOMPRESSION_FAILED: u64 = 0x200;
    pub(crate) const ENCODER_STREAM_ERROR: u64 = 0x201;
    pub(crate) const DECODER_STREAM_ERROR: u64 = 0x202;
}

/// A request that the server answers.
pub(crate) const GET: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "https"), (":authority", "a.test"), (":path", "/")];

/// The same for a body.
pub(crate) const POST: [(&str, &str); 4] =
    [(":method", "POST"), (":scheme", "https"), (":authority", "a.test"), (":path", "/upload")];

impl Raw {
    pub(crate) async fn new(quic: quinn::Connection) -> Self {
        Self::with_control(quic, &frame(kind::SETTINGS, &[])).await
    }

    /// The control stream begins so, after its type.
    pub(crate) async fn with_control(quic: quinn::Connection, frames: &[u8]) -> Self {
        let mut control = quic.open_uni().await.unwrap();
        control.write_all(&[0]).await.unwrap();
        control.write_all(frames).await.unwrap();
        Self { quic, control }
    }

    /// A stream of this type with these bytes.
    pub(crate) async fn uni(&self, kind: u8, bytes: &[u8]) -> SendStream {
        let mut stream = self.quic.open_uni().await.unwrap();
        stream.write_all(&[kind]).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    /// Sends a request and the end of the stream.
    pub(crate) async fn outcome(&self, bytes: &[u8]) -> Outcome {
        let (mut send, receive) = self.quic.open_bi().await.unwrap();
        // The server may have stopped reading already.
        let _ = send.write_all(bytes).await;
        let _ = send.finish();
        self.outcome_of(receive).await
    }

    /// The same without an end.
    pub(crate) async fn outcome_without_end(&self, bytes: &[u8]) -> Outcome {
        let (mut send, receive) = self.quic.open_bi().await.unwrap();
        let _ = send.write_all(bytes).await;
        let outcome = self.outcome_of(receive).await;
        drop(send);
        outcome
    }

    pub(crate) async fn outcome_of(&self, mut receive: RecvStream) -> Outcome {
        match receive.read_to_end(1_000_000).await {
            Ok(bytes) => Outcome::Status(status(&bytes)),
            Err(ReadToEndError::Read(ReadError::Reset(code))) => Outcome::Reset(code.into_inner()),
            Err(ReadToEndError::Read(ReadError::ConnectionLost(error))) => Outcome::Closed(close_code(error)),
            Err(error) => panic!("{error}"),
        }
    }

    /// The code with which the server closes the connection.
    pub(crate) async fn closed(&self) -> u64 {
        close_code(self.quic.closed().await)
    }

    /// The connection still serves requests.
    pub(crate) async fn assert_serves(&self) {
        assert_eq!(self.outcome(&headers(&GET)).await, Outcome::Status(200));
    }
}

pub(crate) fn close_code(error: quinn::ConnectionError) -> u64 {
    match error {
        quinn::ConnectionError::ApplicationClosed(close) => close.error_code.into_inner(),
        other => panic!("{other}"),
    }
}

/// An integer in as few bytes as it takes (RFC 9000 section 16).
pub(crate) fn varint(value: u64) -> Vec<u8> {
    match value {
        0..=0x3f => vec![value as u8],
        0x40..=0x3fff => (value as u16 | 0x4000).to_be_bytes().to_vec(),
        0x4000..=0x3fff_ffff => (value as u32 | 0x8000_0000).to_be_bytes().to_vec(),
        _ => (value | 0xc000_0000_0000_0000).to_be_bytes().to_vec(),
    }
}

pub(crate) fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
    [varint(kind), varint(payload.len() as u64), payload.to_vec()].concat()
}

pub(crate) fn headers(fields: &[(&str, &str)]) -> Vec<u8> {
    frame(kind::HEADERS, &section(fields))
}

pub(crate) fn data(payload: &[u8]) -> Vec<u8> {
    frame(kind::DATA, payload)
}

/// A field section without compression (RFC 9204 section 4.5.6).
pub(crate) fn section(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = vec![0, 0];
    for (name, value) in fields {
        string(0x20, 3, name.as_bytes(), &mut block);
        string(0, 7, value.as_bytes(), &mut block);
    }
    block
}

fn string(pattern: u8, bits: u32, text: &[u8], block: &mut Vec<u8>) {
    let max = (1 << bits) - 1;
    if text.len() < max {
        block.push(pattern | text.len() as u8);
    } else {
        block.push(pattern | max as u8);
        let mut rest = text.len() - max;
        while rest >= 0x80 {
            block.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        block.push(rest as u8);
    }
    block.extend_from_slice(text);
}

/// `fields` with another value for one of them, or with one more.
pub(crate) fn with<'a>(
    fields: &[(&'a str, &'a str)],
    name: &'a str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let mut fields = fields.to_vec();
    match fields.iter_mut().find(|(known, _)| *known == name) {
        Some(field) => field.1 = value,
        None => fields.push((name, value)),
    }
    fields
}

/// `fields` without one of them.
pub(crate) fn without<'a>(fields: &[(&'a str, &'a str)], name: &str) -> Vec<(&'a str, &'a str)> {
    fields.iter().copied().filter(|(known, _)| *known != name).collect()
}

/// The status of the last response in a stream: it is the first line of its section, in the static table or
/// a literal under a name of it.
pub(crate) fn status(mut bytes: &[u8]) -> u16 {
    let mut status = None;
    while !bytes.is_empty() {
        let (kind, rest) = read_varint(bytes);
        let (len, rest) = read_varint(rest);
        let (payload, rest) = rest.split_at(len as usize);
        if kind == kind::HEADERS && status.is_none_or(|status| status < 200) {
            status = Some(first_line(&payload[2..]));
        }
        bytes = rest;
    }
    status.expect("a response")
}

fn first_line(line: &[u8]) -> u16 {
    const EARLY: [u16; 5] = [103, 200, 304, 404, 503];
    const LATE: [u16; 9] = [100, 204, 206, 302, 400, 403, 421, 425, 500];
    match line[0] {
        first @ 0xd8..=0xdc => EARLY[usize::from(first - 0xd8)],
        0xff => LATE[usize::from(line[1])],
        first if first & 0xf0 == 0x50 => {
            let value = if first & 0xf == 0xf { &line[2..] } else { &line[1..] };
            let len = usize::from(value[0] & 0x7f);
            let text = &value[1..=len];
            if value[0] & 0x80 == 0 {
                std::str::from_utf8(text).unwrap().parse().unwrap()
            } else {
                digits(text)
            }
        }
        _ => panic!("{line:?} is no status"),
    }
}

/// Huffman's code of three digits (RFC 7541 appendix B).
fn digits(text: &[u8]) -> u16 {
    let mut bits = text.iter().flat_map(|byte| (0..8).rev().map(move |bit| u16::from(byte >> bit & 1)));
    let mut number = 0;
    for _ in 0..3 {
        let mut take = |count: u32| (0..count).fold(0, |value, _| value << 1 | bits.next().unwrap());
        let short = take(5);
        let digit = if short <= 2 { short } else { (short << 1 | take(1)) - 0x19 + 3 };
        number = number * 10 + digit;
    }
    number
}

fn read_varint(bytes: &[u8]) -> (u64, &[u8]) {
    let len = 1 << (bytes[0] >> 6);
    let value =
        bytes[1..len].iter().fold(u64::from(bytes[0] & 0x3f), |value, byte| value << 8 | u64::from(*byte));
    (value, &bytes[len..])
}
