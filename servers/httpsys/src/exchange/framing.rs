//! How the end of a response is told, and what becomes of the connection (decided at the first send).

use bytes::{BufMut, Bytes, BytesMut};
use falconry_features::ResponseRules;
use http::{
    HeaderMap, HeaderValue, StatusCode, Version,
    header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING},
};

use crate::{
    driver::{DataChunk, DataChunks, SendFlags},
    request::has_connection_option,
};

/// What the decision depends on beside the head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    pub(super) version: Version,
    pub(super) is_head: bool,
    /// The client keeps the connection: HTTP/1.1 without `close`, HTTP/1.0 with `keep-alive`.
    pub(super) client_keeps: bool,
    /// The whole body comes with the head.
    pub(super) is_whole: bool,
    pub(super) has_body: bool,
    /// The driver frames bodies by itself.
    pub(super) driver_frames: bool,
}

/// The decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Framing {
    /// The server writes chunks.
    pub(super) is_chunked: bool,
    /// Of every send: the last one closes the connection or ends the stream.
    pub(super) flags: SendFlags,
}

impl Framing {
    /// Decides, and completes the fields.
    pub(super) fn decide(
        status: StatusCode,
        fields: &mut HeaderMap,
        at: Circumstances,
        rules: &ResponseRules,
    ) -> Self {
        let is_http1 = at.version < Version::HTTP_2;
        let app_closes = has_connection_option(fields, "close");
        let mut closes = app_closes || (is_http1 && !at.client_keeps);
        let mut framing = Self::default();
        if !rules.may_have_framing() {
            fields.remove(CONTENT_LENGTH);
        } else if fields.contains_key(CONTENT_LENGTH) || fields.contains_key(TRANSFER_ENCODING) {
            closes |= at.version == Version::HTTP_10 && fields.contains_key(TRANSFER_ENCODING);
        } else if at.is_whole && !at.has_body {
            if !at.is_head && status != StatusCode::NOT_MODIFIED {
                fields.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
        } else if at.is_whole || at.is_head || !rules.may_have_body() {
            // The driver knows the length of what is whole.
        } else if at.version == Version::HTTP_11 {
            framing.is_chunked = !at.driver_frames;
            if framing.is_chunked {
                fields.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            }
        } else if !at.driver_frames {
            closes = true;
        }
        if closes {
            framing.flags = framing.flags | SendFlags::DISCONNECT;
            if !is_http1 && app_closes {
                framing.flags = framing.flags | SendFlags::GOAWAY;
            }
            if is_http1 && !app_closes {
                fields.append(CONNECTION, HeaderValue::from_static("close"));
            }
        }
        framing
    }

    /// The chunks of a send, with the chunked coding around them if there is one. `is_last` adds the end.
    pub(super) fn frame(self, data: DataChunks, is_last: bool) -> DataChunks {
        if !self.is_chunked {
            return data;
        }
        let mut framed = DataChunks::new();
        let length: u64 = data
            .iter()
            .map(|chunk| match chunk {
                DataChunk::Memory(data) => data.len() as u64,
                DataChunk::File { length, .. } => *length,
                DataChunk::Trailers(_) => 0,
            })
            .sum();
        if length > 0 {
            let mut size = BytesMut::with_capacity(18);
            size.put_slice(format!("{length:x}\r\n").as_bytes());
            framed.push(DataChunk::Memory(size.freeze()));
            data.into_iter().for_each(|chunk| framed.push(chunk));
            framed.push(DataChunk::Memory(Bytes::from_static(if is_last {
                b"\r\n0\r\n\r\n"
            } else {
                b"\r\n"
            })));
        } else if is_last {
            framed.push(DataChunk::Memory(Bytes::from_static(b"0\r\n\r\n")));
        }
        framed
    }
}

#[cfg(test)]
mod tests {
    use falconry_features::ResponseHead;
    use http::Method;

    use super::*;

    fn decide(
        version: Version,
        status: u16,
        fields: &[(&'static str, &'static str)],
        is_whole: bool,
        has_body: bool,
    ) -> (Framing, HeaderMap) {
        let mut head =
            ResponseHead { status: StatusCode::from_u16(status).unwrap(), ..ResponseHead::default() };
        for (name, value) in fields {
            head.headers.append(*name, HeaderValue::from_static(value));
        }
        let rules = ResponseRules::new(&Method::GET, &head).unwrap();
        let mut sent = head.headers.clone();
        let client_keeps = version != Version::HTTP_10;
        let at =
            Circumstances { version, is_head: false, client_keeps, is_whole, has_body, driver_frames: false };
        (Framing::decide(head.status, &mut sent, at, &rules), sent)
    }

    #[test]
    fn a_body_of_unknown_length_is_chunked_on_http_1_1() {
        let (framing, fields) = decide(Version::HTTP_11, 200, &[], false, true);
        assert!(framing.is_chunked);
        assert_eq!(framing.flags, SendFlags::NONE);
        assert_eq!(fields[TRANSFER_ENCODING], "chunked");
        let framed = framing.frame(Bytes::from_static(b"hello, chunked").into(), false);
        assert_eq!(text(framed), "e\r\nhello, chunked\r\n");
        assert_eq!(text(framing.frame(DataChunks::new(), true)), "0\r\n\r\n");
        assert_eq!(text(framing.frame(Bytes::from_static(b"x").into(), true)), "1\r\nx\r\n0\r\n\r\n");
    }

    fn text(chunks: DataChunks) -> String {
        let bytes = chunks.into_iter().flat_map(|chunk| match chunk {
            DataChunk::Memory(data) => data.to_vec(),
            other => panic!("{other:?}"),
        });
        String::from_utf8(bytes.collect()).unwrap()
    }

    #[test]
    fn a_body_of_unknown_length_ends_the_connection_on_http_1_0_and_the_stream_on_http_2() {
        let (framing, fields) = decide(Version::HTTP_10, 200, &[], false, true);
        assert_eq!((framing.is_chunked, framing.flags), (false, SendFlags::DISCONNECT));
        assert_eq!(fields[CONNECTION], "close");
        let (framing, fields) = decide(Version::HTTP_2, 200, &[], false, true);
        assert_eq!((framing.is_chunked, framing.flags), (false, SendFlags::DISCONNECT));
        assert!(!fields.contains_key(CONNECTION));
    }

    #[test]
    fn nothing_written_has_a_length_of_zero_where_it_may() {
        assert_eq!(decide(Version::HTTP_11, 200, &[], true, false).1[CONTENT_LENGTH], "0");
        assert!(!decide(Version::HTTP_11, 204, &[], true, false).1.contains_key(CONTENT_LENGTH));
        assert!(!decide(Version::HTTP_11, 304, &[], true, false).1.contains_key(CONTENT_LENGTH));
        assert!(!decide(Version::HTTP_11, 200, &[], true, true).1.contains_key(CONTENT_LENGTH));
    }

    #[test]
    fn an_application_that_closes_tells_http_2_clients_to_go_away() {
        let (framing, _) = decide(Version::HTTP_2, 200, &[("connection", "close")], true, true);
        assert_eq!(framing.flags, SendFlags::DISCONNECT | SendFlags::GOAWAY);
        let (framing, fields) = decide(Version::HTTP_11, 200, &[("connection", "close")], true, true);
        assert_eq!(framing.flags, SendFlags::DISCONNECT);
        assert_eq!(fields.get_all(CONNECTION).iter().count(), 1);
    }
}
