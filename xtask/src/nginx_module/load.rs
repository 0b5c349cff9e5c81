//! Requests of all kinds for the contract app, well and badly behaved.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

const THREADS: u64 = 4;

/// What one request is, and what must come of it.
struct Kind {
    name: &'static str,
    run: fn(&mut Client) -> io::Result<()>,
}

const KINDS: [Kind; 14] = [
    Kind {
        name: "hello",
        run: |client| client.expect(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"Hello World!"),
    },
    Kind {
        name: "hello again",
        run: |client| client.expect(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"Hello World!"),
    },
    Kind {
        name: "unknown",
        run: |client| client.expect(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 404"),
    },
    Kind {
        name: "upload of known length",
        run: |client| {
            let mut request = b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n".to_vec();
            request.resize(request.len() + 70_000, b'x');
            client.expect(&request, b"70000 ")
        },
    },
    Kind {
        name: "upload in chunks",
        run: |client| {
            let mut request =
                b"POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            for _ in 0..5 {
                request.extend_from_slice(b"3e8\r\n");
                request.resize(request.len() + 1000, b'y');
                request.extend_from_slice(b"\r\n");
            }
            request.extend_from_slice(b"0\r\n\r\n");
            client.expect(&request, b"5000 ")
        },
    },
    Kind {
        name: "unread body",
        run: |client| {
            client.once(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", b"HTTP/1.1 405")
        },
    },
    Kind {
        name: "stream",
        run: |client| {
            client.expect(
                b"GET /stream?count=4&size=500&delay_ms=1 HTTP/1.1\r\nHost: a\r\n\r\n",
                b"\r\n0\r\n\r\n",
            )
        },
    },
    Kind {
        name: "trailers",
        run: |client| {
            let request =
                b"POST /trailers HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nContent-Length: 2\r\n\r\nhi";
            client.expect(request, b"x-count: 2")
        },
    },
    Kind {
        name: "big",
        run: |client| {
            client.expect(b"GET /big?size=600000 HTTP/1.1\r\nHost: a\r\n\r\n", b"Content-Length: 600000")
        },
    },
    Kind {
        name: "error",
        run: |client| client.expect(b"GET /throw HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 500"),
    },
    Kind {
        name: "late error",
        run: |client| client.once(b"GET /throw-late HTTP/1.1\r\nHost: a\r\n\r\n", b"beginning"),
    },
    Kind { name: "abort", run: |client| client.once(b"GET /abort HTTP/1.1\r\nHost: a\r\n\r\n", b"") },
    Kind {
        name: "client that leaves",
        run: |client| {
            client.send(b"GET /wait?ms=60000 HTTP/1.1\r\nHost: a\r\n\r\n")?;
            client.leave();
            client.send(b"GET /big?size=5000000 HTTP/1.1\r\nHost: a\r\n\r\n")?;
            client.leave();
            Ok(())
        },
    },
    Kind {
        name: "upgrade",
        run: |client| {
            let request = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
            client.send(request)?;
            client.read_until(b"\r\n\r\n")?;
            // "hi", masked with zeros, and back without a mask.
            client.send(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i'])?;
            client.read_until(&[0x81, 0x02, b'h', b'i'])?;
            client.leave();
            Ok(())
        },
    },
];

/// Sends `requests` requests on several connections; each kind takes its turn.
pub(super) fn run(port: u16, requests: u64) -> Result<(), String> {
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = Client { port, stream: None };
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= requests {
                            return Ok(());
                        }
                        let kind = &KINDS[(number % KINDS.len() as u64) as usize];
                        (kind.run)(&mut client)
                            .map_err(|error| format!("request {number}, {}: {error}", kind.name))?;
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| Err("a client panicked".into())))
    })
}

/// A connection, which is made anew when it has gone.
struct Client {
    port: u16,
    stream: Option<TcpStream>,
}

impl Client {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(120)))?;
            self.stream = Some(stream);
        }
        self.stream()?.write_all(bytes)
    }

    /// Sends a request, reads its answer as far as `wanted`, and asks once more on the same connection.
    fn expect(&mut self, request: &[u8], wanted: &[u8]) -> io::Result<()> {
        self.send(request)?;
        self.read_until(wanted)?;
        self.send(b"GET /status/299 HTTP/1.1\r\nHost: a\r\n\r\n")?;
        self.read_until(b"HTTP/1.1 299")?;
        // What is left of this answer cannot be told from the next.
        self.leave();
        Ok(())
    }

    /// Sends a request on a connection of its own and reads until that ends, or until the answer has `wanted`.
    fn once(&mut self, request: &[u8], wanted: &[u8]) -> io::Result<()> {
        self.send(request)?;
        let stream = self.stream()?;
        let mut answer = Vec::new();
        let mut buffer = [0; 16 * 1024];
        while wanted.is_empty() || !contains(&answer, wanted) {
            match stream.read(&mut buffer) {
                // What is cut off may end in a reset.
                Ok(0) | Err(_) => break,
                Ok(length) => answer.extend_from_slice(&buffer[..length]),
            }
        }
        self.leave();
        if contains(&answer, wanted) { Ok(()) } else { Err(unexpected(&answer)) }
    }

    fn read_until(&mut self, wanted: &[u8]) -> io::Result<()> {
        let stream = self.stream()?;
        let mut answer = Vec::new();
        let mut buffer = [0; 16 * 1024];
        while !contains(&answer, wanted) {
            match stream.read(&mut buffer)? {
                0 => return Err(unexpected(&answer)),
                length => answer.extend_from_slice(&buffer[..length]),
            }
        }
        Ok(())
    }

    fn leave(&mut self) {
        if let Some(stream) = self.stream.take() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn stream(&mut self) -> io::Result<&mut TcpStream> {
        self.stream.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    wanted.is_empty() || bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn unexpected(answer: &[u8]) -> io::Error {
    io::Error::other(format!("got {:?}", String::from_utf8_lossy(answer.get(..400).unwrap_or(answer))))
}
