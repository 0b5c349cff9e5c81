//! A client of HTTP/1.1 that does not hide anything.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Long enough for a busy machine; a test that needs it has failed.
pub(crate) const FOREVER: Duration = Duration::from_secs(60);

/// A connection that is kept.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(FOREVER))?;
        stream.set_write_timeout(Some(FOREVER))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a request without a body and reads the answer.
    pub(crate) fn send(&mut self, line: &str, fields: &str) -> io::Result<Answer> {
        self.write(line, fields)?;
        self.read()
    }

    pub(crate) fn write(&mut self, line: &str, fields: &str) -> io::Result<()> {
        let request = format!("{line} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
        self.stream.get_mut().write_all(request.as_bytes())
    }

    pub(crate) fn write_body(&mut self, body: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(body)
    }

    pub(crate) fn read_head(&mut self) -> io::Result<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(head)
    }

    /// Whether the connection ends without the last chunk.
    pub(crate) fn rest_is_cut(&mut self) -> bool {
        let mut rest = Vec::new();
        let read = self.stream.read_to_end(&mut rest);
        read.is_err() || !rest.ends_with(b"0\r\n\r\n")
    }

    pub(crate) fn read(&mut self) -> io::Result<Answer> {
        let head = self.read_head()?;
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or(io::ErrorKind::InvalidData)?;
        let field = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(':'));
            lines
                .find(|(other, _)| other.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().to_owned())
        };
        let mut body = Vec::new();
        if let Some(length) = field("content-length") {
            let length: usize = length.parse().map_err(io::Error::other)?;
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        } else if field("transfer-encoding").is_some() {
            loop {
                let mut line = String::new();
                self.stream.read_line(&mut line)?;
                let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
                let start = body.len();
                body.resize(start + size, 0);
                self.stream.read_exact(&mut body[start..])?;
                self.stream.read_line(&mut String::new())?;
                if size == 0 {
                    break;
                }
            }
        }
        Ok(Answer { status, head, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

/// One request on a connection of its own.
pub(crate) fn get(address: &str, path: &str) -> Answer {
    Client::connect(address).unwrap().send(&format!("GET {path}"), "").unwrap()
}

/// Asks again and again until the answer is as wanted; each answer is an event.
pub(crate) fn get_until(address: &str, path: &str, is_wanted: impl Fn(&Answer) -> bool) -> Answer {
    let start = Instant::now();
    loop {
        let answer = get(address, path);
        if is_wanted(&answer) {
            return answer;
        }
        assert!(start.elapsed() < FOREVER, "still {answer:?}");
        thread::yield_now();
    }
}

/// Clients that ask without a pause, each on one connection.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Vec<Result<u16, String>>>>,
}

impl Load {
    pub(crate) fn start(address: &str, path: &str, clients: usize) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let threads = (0..clients).map(|_| {
            let (stop, address, line) = (Arc::clone(&stop), address.to_owned(), format!("GET {path}"));
            thread::spawn(move || {
                let mut outcomes = Vec::new();
                let mut client = None;
                while !stop.load(Ordering::Relaxed) {
                    let answer = match &mut client {
                        Some(client) => Client::send(client, &line, ""),
                        none => Client::connect(&address).and_then(|new| none.insert(new).send(&line, "")),
                    };
                    let is_kept =
                        |answer: &Answer| !answer.head.to_ascii_lowercase().contains("connection: close");
                    if !answer.as_ref().is_ok_and(is_kept) {
                        client = None;
                    }
                    outcomes.push(answer.map(|answer| answer.status).map_err(|error| error.to_string()));
                }
                outcomes
            })
        });
        let threads = threads.collect();
        Self { stop, threads }
    }

    /// Ends the load: what each request met, in order, by client.
    pub(crate) fn end(self) -> Vec<Vec<Result<u16, String>>> {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    }
}
