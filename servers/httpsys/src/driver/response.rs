//! What is sent: heads, pieces of bodies, trailers, and how.

use std::{fmt, fs::File, ops::BitOr, sync::Arc};

use bytes::Bytes;
use falconry_features::ReasonPhrase;
use http::{HeaderMap, StatusCode};

/// `HTTP_SEND_RESPONSE_FLAG_*`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SendFlags(u32);

impl SendFlags {
    /// Nothing special: this is the last send of the response.
    pub const NONE: Self = Self(0);
    /// The connection is closed after this send, which is the last one. On HTTP/2 and later only the stream ends.
    pub const DISCONNECT: Self = Self(0x1);
    /// More sends of this response follow.
    pub const MORE_DATA: Self = Self(0x2);
    /// The system may keep the data for a while, to send it together with what follows.
    pub const BUFFER_DATA: Self = Self(0x4);
    /// The connection leaves HTTP: what is received and sent from now on are raw bytes.
    pub const OPAQUE: Self = Self(0x40);
    /// HTTP/2 and later: the client is told to take another connection.
    pub const GOAWAY: Self = Self(0x100);

    /// True if all flags of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The same without the flags of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The number, as the API takes it.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The flags with this number.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

impl BitOr for SendFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for SendFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SendFlags({:#x})", self.0)
    }
}

/// `HTTP_CACHE_POLICY`: whether the system may answer later requests for the same URL by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CachePolicy {
    /// It may not.
    #[default]
    NoCache,
    /// For so many seconds, above 0.
    TimeToLive(u32),
}

/// `HTTP_DATA_CHUNK`.
#[derive(Clone, Debug)]
pub enum DataChunk {
    /// Bytes.
    Memory(Bytes),
    /// Bytes of a file.
    File {
        /// The file, open for reading.
        file: Arc<File>,
        /// Where they begin, in bytes.
        offset: u64,
        /// How many they are.
        length: u64,
    },
    /// Trailers; the last chunk of the last send, on HTTP/2 and later.
    Trailers(HeaderMap),
}

/// The chunks of one send. One or none are the usual case and take no storage of their own.
#[derive(Clone, Debug, Default)]
pub struct DataChunks {
    first: Option<DataChunk>,
    rest: Vec<DataChunk>,
}

impl DataChunks {
    /// No chunks.
    pub const fn new() -> Self {
        Self { first: None, rest: Vec::new() }
    }

    /// Adds a chunk after the others.
    pub fn push(&mut self, chunk: DataChunk) {
        match self.first {
            None => self.first = Some(chunk),
            Some(_) => self.rest.push(chunk),
        }
    }

    /// The chunks, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &DataChunk> {
        self.first.iter().chain(&self.rest)
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// True if there is nothing but at most one piece of memory.
    pub(crate) fn is_one_piece(&self) -> bool {
        self.rest.is_empty() && matches!(self.first, None | Some(DataChunk::Memory(_)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }
}

impl IntoIterator for DataChunks {
    type Item = DataChunk;
    type IntoIter = std::iter::Chain<std::option::IntoIter<DataChunk>, std::vec::IntoIter<DataChunk>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.rest)
    }
}

impl From<Bytes> for DataChunks {
    fn from(data: Bytes) -> Self {
        Self { first: (!data.is_empty()).then_some(DataChunk::Memory(data)), rest: Vec::new() }
    }
}

/// The first send of a response: `HttpSendHttpResponse`.
#[derive(Clone, Debug, Default)]
pub struct SendResponse {
    /// How.
    pub flags: SendFlags,
    /// The status.
    pub status: StatusCode,
    /// The reason phrase; `None` is the standard one.
    pub reason: Option<ReasonPhrase>,
    /// The fields. The system adds `Date` unless it is there, and `Content-Length` where the response is whole (no
    /// [`SendFlags::MORE_DATA`]) and neither that nor `Transfer-Encoding` is there.
    pub headers: HeaderMap,
    /// The body, or the beginning of it.
    pub chunks: DataChunks,
    /// Whether it may be kept for later requests. Only for whole responses to GET.
    pub cache_policy: CachePolicy,
}

/// Every later send: `HttpSendResponseEntityBody`.
#[derive(Clone, Debug, Default)]
pub struct SendEntityBody {
    /// How.
    pub flags: SendFlags,
    /// More of the body.
    pub chunks: DataChunks,
}
