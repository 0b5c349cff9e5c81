//! The layer below hyper, with sockets that take little at a time.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use falconry_features::{BoxError, RequestBody};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame};
use tokio::io::AsyncWrite;

use super::{TrailerIo, TrailerSlot, lines, retain_forwardable};
use crate::forward::{
    body::{BodyRules, BodyWatch},
    fields::Nominated,
};

const HEAD: &[u8] = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";
const LINES: &[u8] = b"x-sum: abc\r\nx-two: 1\r\n";

/// Takes so many bytes at a time, and nothing every other time.
#[derive(Debug)]
struct Sink {
    taken: Vec<u8>,
    most: usize,
    is_vectored: bool,
    is_busy: bool,
}

impl Sink {
    fn new(most: usize, is_vectored: bool) -> Self {
        Self { taken: Vec::new(), most, is_vectored, is_busy: false }
    }

    fn take<'a>(&mut self, parts: impl IntoIterator<Item = &'a [u8]>) -> Poll<io::Result<usize>> {
        self.is_busy = !self.is_busy;
        if self.is_busy {
            return Poll::Pending;
        }
        let before = self.taken.len();
        for part in parts {
            let room = self.most - (self.taken.len() - before);
            self.taken.extend_from_slice(&part[..part.len().min(room)]);
        }
        Poll::Ready(Ok(self.taken.len() - before))
    }
}

impl AsyncWrite for Sink {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.take([data])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.is_vectored {
            true => self.take(data.iter().map(|part| &**part)),
            false => self.take(data.iter().find(|part| !part.is_empty()).map(|part| &**part)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.is_vectored
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Writes all of `parts` as hyper does; each write says how much of them it took.
fn write(io: &mut TrailerIo<Sink>, parts: &[&[u8]], is_vectored: bool) {
    let mut cx = Context::from_waker(Waker::noop());
    let all = parts.concat();
    let ends: Vec<usize> = parts
        .iter()
        .scan(0, |end, part| {
            *end += part.len();
            Some(*end)
        })
        .collect();
    let mut done = 0;
    while done < all.len() {
        let mut start = done;
        let mut rest = Vec::new();
        for &end in ends.iter().filter(|&&end| end > done) {
            rest.push(IoSlice::new(&all[start..end]));
            start = end;
        }
        let written = match is_vectored {
            true => Pin::new(&mut *io).poll_write_vectored(&mut cx, &rest),
            false => Pin::new(&mut *io).poll_write(&mut cx, &rest[0]),
        };
        if let Poll::Ready(written) = written {
            let written = written.unwrap();
            assert!(written > 0, "hyper takes that for an error");
            done += written;
            assert!(done <= all.len());
        }
    }
}

/// Each number of bytes at a time, by one part and by several.
fn every_way(test: impl Fn(TrailerIo<Sink>, bool)) {
    for most in 1..=120 {
        for (sink, writer) in [(true, true), (false, true), (false, false)] {
            test(TrailerIo::new(Sink::new(most, sink)), writer);
        }
    }
}

#[test]
fn trailers_come_after_the_last_chunk_however_little_is_taken_at_a_time() {
    let body: [&[u8]; 4] = [b"5\r\n", b"0\r\n\r\n", b"\r\n", b"0\r\n\r\n"];
    every_way(|mut io, is_vectored| {
        io.slot().open();
        io.slot().fill(Bytes::from_static(LINES));
        write(&mut io, &[&[HEAD], &body[..]].concat(), is_vectored);
        assert!(io.slot().is_closed());
        let expected = [HEAD, b"5\r\n0\r\n\r\n\r\n0\r\n", LINES, b"\r\n"].concat();
        assert_eq!(io.into_inner().taken, expected);
    });
}

#[test]
fn trailers_that_are_known_late_come_after_the_last_chunk() {
    every_way(|mut io, is_vectored| {
        io.slot().open();
        write(&mut io, &[HEAD, b"3\r\n", b"abc", b"\r\n"], is_vectored);
        assert!(!io.slot().is_closed());
        io.slot().fill(Bytes::from_static(LINES));
        write(&mut io, &[b"0\r\n\r\n"], is_vectored);
        assert!(io.slot().is_closed());
        assert_eq!(io.into_inner().taken, [HEAD, b"3\r\nabc\r\n0\r\n", LINES, b"\r\n"].concat());
    });
}

#[test]
fn requests_without_trailers_are_written_as_they_are() {
    let sized: &[u8] = b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\n0\r\n\r\n";
    every_way(|mut io, is_vectored| {
        write(&mut io, &[sized], is_vectored);
        io.slot().open();
        write(&mut io, &[HEAD, b"1\r\n", b"a", b"\r\n", b"0\r\n\r\n"], is_vectored);
        assert!(io.slot().is_closed());
        write(&mut io, &[sized], is_vectored);
        io.slot().open();
        io.slot().fill(Bytes::from_static(LINES));
        write(&mut io, &[HEAD, b"0\r\n\r\n"], is_vectored);
        write(&mut io, &[sized], is_vectored);
        let expected =
            [sized, HEAD, b"1\r\na\r\n0\r\n\r\n", sized, HEAD, b"0\r\n", LINES, b"\r\n", sized].concat();
        assert_eq!(io.into_inner().taken, expected);
    });
}

#[test]
fn what_hyper_does_not_write_is_not_touched() {
    let strange: &[u8] = b"1;x=y\r\na\r\n0\r\n\r\n0\r\n\r\n";
    every_way(|mut io, is_vectored| {
        io.slot().open();
        io.slot().fill(Bytes::from_static(LINES));
        write(&mut io, &[HEAD, strange], is_vectored);
        assert!(!io.slot().is_closed(), "the connection is not used again");
        assert_eq!(io.into_inner().taken, [HEAD, strange].concat());
    });
}

#[test]
fn a_socket_that_takes_nothing_any_more_is_said_to_take_nothing() {
    let mut io = TrailerIo::new(Sink::new(0, true));
    io.slot().open();
    io.slot().fill(Bytes::from_static(LINES));
    let mut cx = Context::from_waker(Waker::noop());
    let parts = [IoSlice::new(HEAD), IoSlice::new(b"0\r\n\r\n")];
    assert!(Pin::new(&mut io).poll_write_vectored(&mut cx, &parts).is_pending());
    let written = Pin::new(&mut io).poll_write_vectored(&mut cx, &parts);
    assert!(matches!(written, Poll::Ready(Ok(0))), "{written:?}");
}

#[test]
fn the_lines_have_every_value_in_its_order() {
    let mut fields = HeaderMap::new();
    for (name, value) in [("x-two", "1"), ("host", "evil"), ("x-mine", "a"), ("x-two", "2"), ("x-none", "")] {
        fields.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let mut head = HeaderMap::new();
    head.insert("connection", HeaderValue::from_static("X-Mine"));
    retain_forwardable(&mut fields, &Nominated::new(&head));
    assert_eq!(lines(&fields), "x-two: 1\r\nx-two: 2\r\nx-none: \r\n");
}

/// The body of a client.
struct Frames(VecDeque<Frame<Bytes>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

#[test]
fn a_body_that_is_sent_again_has_its_trailers_again() {
    let mut fields = HeaderMap::new();
    fields.insert("x-sum", HeaderValue::from_static("abc"));
    let frames = [Frame::data(Bytes::from_static(b"hello")), Frame::trailers(fields)];
    let rules = BodyRules {
        length: None,
        is_chunked: true,
        limit: None,
        is_held: false,
        nominated: Nominated::default(),
    };
    let watch = BodyWatch::new(RequestBody::new(Frames(frames.into())), rules);
    for _ in 0..2 {
        let slot = Arc::<TrailerSlot>::default();
        let mut body = watch.start(&slot);
        assert!(!slot.is_closed() && watch.is_repeatable());
        let mut cx = Context::from_waker(Waker::noop());
        let mut data = Vec::new();
        while let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut cx) {
            data.extend_from_slice(&frame.unwrap().into_data().unwrap());
        }
        assert_eq!(data, b"hello");
        assert_eq!(slot.take().unwrap(), "x-sum: abc\r\n");
    }
}
