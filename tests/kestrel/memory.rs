//! Much data, little memory.

use std::{
    fs, io,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{Arc, mpsc},
    thread,
};

use falconry_kestrel::KestrelServerOptions;

use crate::support::{Running, connect};

const SIZE: usize = 300 * 1000 * 1000;
/// What the server may need above its memory at rest.
const ALLOWANCE: usize = 32 * 1024 * 1024;
const PIECE: usize = 64 * 1024;
const PATTERN: usize = 1_000_003;
/// Of Linux's `send`.
const MSG_DONTWAIT: i32 = 0x40;

/// Every so often the slow side stands still until every buffer on the way is full, or empty.
const STANDSTILL: usize = 50 * 1000 * 1000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Slow {
    Reader,
    Writer,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_300_mb_is_echoed_whole_in_bounded_memory() {
    let mut options = KestrelServerOptions::default();
    options.limits.set_max_request_body_size(None);
    let server = Running::start(options).await;
    for slow in [Slow::Reader, Slow::Writer] {
        let address = server.address();
        let before = resident();
        let echo = tokio::task::spawn_blocking(move || echo(address, slow)).await.unwrap();
        assert_eq!(echo.received, SIZE);
        assert!(echo.is_intact, "the echo differs from what was sent");
        let grown = echo.peak.saturating_sub(before);
        assert!(grown < ALLOWANCE, "memory grew by {} MB", grown / 1_000_000);
    }
    server.stop().await;
}

struct Echo {
    received: usize,
    is_intact: bool,
    peak: usize,
}

fn echo(address: SocketAddr, slow: Slow) -> Echo {
    let mut stream = connect(address);
    write!(
        stream,
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {SIZE}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let pattern = Arc::new(pattern());
    let (full, is_full) = mpsc::sync_channel(1);
    let (taken, is_taken) = mpsc::channel();
    let sender = {
        let (writer, pattern) = (stream.try_clone().unwrap(), Arc::clone(&pattern));
        thread::spawn(move || {
            let mut sent = 0;
            while sent < SIZE {
                let piece = piece_at(&pattern, sent);
                let count = write_or_tell(&writer, piece, &full);
                if slow == Slow::Writer && sent / STANDSTILL != (sent + count) / STANDSTILL {
                    // Nothing more until all of it has come back.
                    while is_taken.recv().is_ok_and(|taken: usize| taken < sent + count) {}
                }
                sent += count;
            }
        })
    };
    let mut body = Chunks::new(skip_head(&stream));
    let mut buffer = vec![0; PIECE];
    let (mut received, mut is_intact, mut peak) = (0, true, 0);
    let preamble = body.read_until_empty_line();
    assert!(preamble.starts_with("method=POST"), "{preamble}");
    loop {
        let wanted = piece_at(&pattern, received).len();
        let count = body.read(&mut buffer[..wanted.max(1)]).unwrap();
        if count == 0 {
            break;
        }
        is_intact &= buffer[..count] == piece_at(&pattern, received)[..count];
        if slow == Slow::Reader
            && received / STANDSTILL != (received + count) / STANDSTILL
            && received + STANDSTILL < SIZE
        {
            // Nothing more until the sender is stuck.
            is_full.recv().unwrap();
        }
        received += count;
        let _ = taken.send(received);
        peak = peak.max(resident());
    }
    sender.join().unwrap();
    let _ = stream.shutdown(Shutdown::Both);
    Echo { received, is_intact, peak }
}

/// Writes what fits; tells when nothing does, and then waits until something does.
fn write_or_tell(writer: &TcpStream, piece: &[u8], full: &mpsc::SyncSender<()>) -> usize {
    let writer = socket2::SockRef::from(writer);
    match writer.send_with_flags(piece, MSG_DONTWAIT) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            let _ = full.try_send(());
            writer.send(piece).unwrap()
        }
        sent => sent.unwrap(),
    }
}

/// Noise that repeats after a prime number of bytes, so that a piece in the wrong place shows.
fn pattern() -> Vec<u8> {
    (0..PATTERN).map(|at: usize| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// What follows `at`, at most a piece, at least a byte unless the body ends there.
fn piece_at(pattern: &[u8], at: usize) -> &[u8] {
    let start = at % PATTERN;
    &pattern[start..(start + PIECE.min(SIZE - at)).min(PATTERN)]
}

fn skip_head(stream: &TcpStream) -> impl Read + use<> {
    let mut stream = io::BufReader::with_capacity(PIECE, stream.try_clone().unwrap());
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
    stream
}

/// Takes the chunked coding off.
struct Chunks<R> {
    inner: R,
    left: usize,
}

impl<R: Read> Chunks<R> {
    fn new(inner: R) -> Self {
        Self { inner, left: 0 }
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.inner.read_exact(&mut byte).unwrap();
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap().trim_end().to_owned()
    }

    fn read_until_empty_line(&mut self) -> String {
        let mut text = Vec::new();
        while !text.ends_with(b"\n\n") {
            let mut byte = [0];
            assert_eq!(self.read(&mut byte).unwrap(), 1);
            text.push(byte[0]);
        }
        String::from_utf8(text).unwrap()
    }
}

impl<R: Read> Read for Chunks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            self.left = usize::from_str_radix(&self.line(), 16).unwrap();
            if self.left == 0 {
                return Ok(0);
            }
        }
        let wanted = buffer.len().min(self.left);
        let count = self.inner.read(&mut buffer[..wanted])?;
        self.left -= count;
        if self.left == 0 {
            assert_eq!(self.line(), "");
        }
        Ok(count)
    }
}

/// The memory of this process that is resident now, in bytes.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/statm").expect("Linux tells the size of a process");
    let pages: usize = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}
