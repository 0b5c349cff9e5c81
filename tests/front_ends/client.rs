//! A plain HTTP/1.1 client that says what it is told to.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Long enough for a busy machine; a test that needs it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Client {
    stream: TcpStream,
    /// What has come and is not read yet.
    buffer: Vec<u8>,
}

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    fields: Vec<(String, String)>,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the proxy accepts");
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream, buffer: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the proxy reads");
    }

    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: site.test\r\n\r\n"));
        self.answer()
    }

    /// Posts a body with its length; it is sent while the answer is read, as both may be long.
    pub(crate) fn post(&mut self, target: &str, body: &[u8]) -> Answer {
        let length = body.len();
        self.send(format!("POST {target} HTTP/1.1\r\nHost: site.test\r\nContent-Length: {length}\r\n\r\n"));
        let mut sender = self.stream.try_clone().expect("there are descriptors");
        std::thread::scope(|scope| {
            scope.spawn(move || sender.write_all(body).expect("the proxy reads"));
            self.answer()
        })
    }

    /// The next answer to a request other than HEAD; interim ones are passed over.
    pub(crate) fn answer(&mut self) -> Answer {
        let head = loop {
            match self.head() {
                head if head.status >= 200 => break head,
                _ => {}
            }
        };
        let body = self.body(&head).unwrap_or_else(|error| panic!("{error} after {head:?}"));
        Answer { status: head.status, fields: head.fields, body }
    }

    /// The next head.
    pub(crate) fn head(&mut self) -> Head {
        self.try_head().expect("a head comes")
    }

    /// The next head; none if the connection ends before it.
    pub(crate) fn try_head(&mut self) -> Option<Head> {
        let length = self.fill_until(|bytes| find(bytes, b"\r\n\r\n")).ok()? + 4;
        let bytes: Vec<u8> = self.buffer.drain(..length).collect();
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Response::new(&mut fields);
        parsed.parse(&bytes).expect("the head is well-formed");
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let status = parsed.code.expect("a head has a status");
        let fields = parsed.headers.iter().map(|field| (field.name.to_owned(), text(field.value)));
        Some(Head { status, fields: fields.collect() })
    }

    /// The body that follows a head.
    pub(crate) fn body(&mut self, head: &Head) -> Result<Vec<u8>, String> {
        let is_chunked = field(&head.fields, "transfer-encoding").is_some();
        let length = field(&head.fields, "content-length").map(|value| value.parse().expect("a length"));
        match length {
            _ if head.status == 204 || head.status == 304 => Ok(Vec::new()),
            _ if is_chunked => self.chunks(),
            Some(length) => self.exactly(length),
            None => {
                while self.fill()? > 0 {}
                Ok(std::mem::take(&mut self.buffer))
            }
        }
    }

    /// So many bytes.
    pub(crate) fn exactly(&mut self, length: usize) -> Result<Vec<u8>, String> {
        self.fill_until(|bytes| (bytes.len() >= length).then_some(length))?;
        Ok(self.buffer.drain(..length).collect())
    }

    /// The data of the next chunk; empty at the end.
    pub(crate) fn chunk(&mut self) -> Result<Vec<u8>, String> {
        let end = self.fill_until(|bytes| find(bytes, b"\r\n"))?;
        let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
        let size = String::from_utf8_lossy(&line[..end]).trim().to_owned();
        let size = usize::from_str_radix(&size, 16).map_err(|_| format!("{size:?} is no size"))?;
        let data = self.exactly(size)?;
        match &*self.exactly(2)? {
            b"\r\n" => Ok(data),
            other => Err(format!("{other:?} after a chunk")),
        }
    }

    fn chunks(&mut self) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        loop {
            match self.chunk()? {
                data if data.is_empty() => return Ok(body),
                data => body.extend(data),
            }
        }
    }

    fn fill(&mut self) -> Result<usize, String> {
        let mut bytes = [0; 16 * 1024];
        let count =
            self.stream.read(&mut bytes).map_err(|error| format!("the connection failed: {error}"))?;
        self.buffer.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn fill_until<T>(&mut self, find: impl Fn(&[u8]) -> Option<T>) -> Result<T, String> {
        loop {
            if let Some(found) = find(&self.buffer) {
                return Ok(found);
            }
            if self.fill()? == 0 {
                return Err(format!(
                    "the connection ended after {:?}",
                    String::from_utf8_lossy(&self.buffer)
                ));
            }
        }
    }
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        field(&self.fields, name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
