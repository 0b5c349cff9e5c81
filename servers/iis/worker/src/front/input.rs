//! What a client sends.

/// The largest head.
const LARGEST_HEAD: usize = 64 * 1024;

/// What has been read and not been used.
#[derive(Debug, Default)]
pub(crate) struct Input {
    bytes: Vec<u8>,
    left: Left,
}

/// What is left of the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Left {
    #[default]
    Nothing,
    Bytes(u64),
    /// The line before a chunk; true if the end of another stands before it.
    ChunkSize(bool),
    Chunk(u64),
    Trailers,
    /// No HTTP any more.
    Raw,
}

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) target: Vec<u8>,
    pub(crate) minor_version: u16,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) has_body: bool,
}

/// What is there of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Data(usize),
    NotYet,
    End,
}

impl Input {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next head, if it is there; an error is the status of its refusal.
    pub(crate) fn head(&mut self) -> Result<Option<Head>, &'static str> {
        let mut fields = [httparse::EMPTY_HEADER; 128];
        let mut parsed = httparse::Request::new(&mut fields);
        let length = match parsed.parse(&self.bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if self.bytes.len() < LARGEST_HEAD => return Ok(None),
            Ok(httparse::Status::Partial) => return Err("431 Request Header Fields Too Large"),
            Err(_) => return Err("400 Bad Request"),
        };
        let mut head = Head {
            method: parsed.method.unwrap_or_default().to_owned(),
            target: parsed.path.unwrap_or_default().as_bytes().to_vec(),
            minor_version: u16::from(parsed.version.unwrap_or(1)),
            fields: parsed
                .headers
                .iter()
                .map(|field| (field.name.to_owned(), field.value.to_vec()))
                .collect(),
            has_body: false,
        };
        let hosts = head.values("host").count();
        if hosts > 1 || (hosts == 0 && head.minor_version == 1) {
            return Err("400 Bad Request");
        }
        self.left = head.framing().ok_or("400 Bad Request")?;
        head.has_body = self.left != Left::Nothing;
        self.bytes.drain(..length);
        Ok(Some(head))
    }

    /// What `GetRemainingEntityBytes` tells: what is known to be left, or that nobody knows.
    pub(crate) fn remaining(&self) -> u32 {
        match self.left {
            Left::Nothing => 0,
            Left::Bytes(left) => u32::try_from(left).unwrap_or(u32::MAX),
            _ => u32::MAX,
        }
    }

    /// From here on the bytes are no HTTP.
    pub(crate) fn become_raw(&mut self) {
        self.left = Left::Raw;
    }

    pub(crate) fn has_data(&self) -> bool {
        !self.bytes.is_empty() && matches!(self.left, Left::Bytes(_) | Left::Chunk(_) | Left::Raw)
    }

    /// Takes data of the body into `buffer`; an error if it is malformed.
    pub(crate) fn take(&mut self, buffer: &mut [u8]) -> Result<Taken, ()> {
        loop {
            match self.left {
                Left::Nothing => return Ok(Taken::End),
                Left::Bytes(left) | Left::Chunk(left) => {
                    let length = self.take_up_to(buffer, usize::try_from(left).unwrap_or(usize::MAX));
                    if length == 0 {
                        return Ok(Taken::NotYet);
                    }
                    self.left = match (self.left, left - length as u64) {
                        (Left::Bytes(_), 0) => Left::Nothing,
                        (Left::Bytes(_), left) => Left::Bytes(left),
                        (_, 0) => Left::ChunkSize(true),
                        (_, left) => Left::Chunk(left),
                    };
                    return Ok(Taken::Data(length));
                }
                Left::Raw => {
                    let length = self.take_up_to(buffer, usize::MAX);
                    return Ok(if length == 0 { Taken::NotYet } else { Taken::Data(length) });
                }
                Left::ChunkSize(is_after_chunk) => {
                    let skip = if is_after_chunk { 2 } else { 0 };
                    if self.bytes.len() < skip {
                        return Ok(Taken::NotYet);
                    }
                    if !self.bytes.starts_with(&b"\r\n"[..skip]) {
                        return Err(());
                    }
                    match httparse::parse_chunk_size(&self.bytes[skip..]).map_err(drop)? {
                        httparse::Status::Complete((length, size)) => {
                            self.bytes.drain(..skip + length);
                            self.left = if size == 0 { Left::Trailers } else { Left::Chunk(size) };
                        }
                        httparse::Status::Partial => return Ok(Taken::NotYet),
                    }
                }
                Left::Trailers => {
                    let mut fields = [httparse::EMPTY_HEADER; 64];
                    match httparse::parse_headers(&self.bytes, &mut fields).map_err(drop)? {
                        httparse::Status::Complete((length, _)) => {
                            self.bytes.drain(..length);
                            self.left = Left::Nothing;
                        }
                        httparse::Status::Partial => return Ok(Taken::NotYet),
                    }
                }
            }
        }
    }

    fn take_up_to(&mut self, buffer: &mut [u8], most: usize) -> usize {
        let length = self.bytes.len().min(buffer.len()).min(most);
        buffer[..length].copy_from_slice(&self.bytes[..length]);
        self.bytes.drain(..length);
        length
    }
}

impl Head {
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().filter(move |field| field.0.eq_ignore_ascii_case(name)).map(|field| &*field.1)
    }

    /// True if the list-like field `name` has `option`.
    pub(crate) fn has_option(&self, name: &str, option: &str) -> bool {
        self.values(name)
            .filter_map(|value| std::str::from_utf8(value).ok())
            .flat_map(|value| value.split(','))
            .any(|member| member.trim().eq_ignore_ascii_case(option))
    }

    /// How the body ends (RFC 9112 section 6.3). HTTP.sys lets both ways of telling it pass.
    fn framing(&self) -> Option<Left> {
        if self.values("transfer-encoding").next().is_some() {
            return self.has_option("transfer-encoding", "chunked").then_some(Left::ChunkSize(false));
        }
        let mut lengths = self.values("content-length");
        let Some(length) = lengths.next() else { return Some(Left::Nothing) };
        if lengths.next().is_some() || !length.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let length = std::str::from_utf8(length).ok()?.parse().ok()?;
        Some(if length == 0 { Left::Nothing } else { Left::Bytes(length) })
    }
}
