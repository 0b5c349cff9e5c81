//! Pieces of a body.

use std::os::windows::io::AsRawHandle;

use falconry_httpapi::memory_chunks;
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_BYTE_RANGE, HTTP_DATA_CHUNK, HTTP_DATA_CHUNK_0, HTTP_DATA_CHUNK_0_1, HTTP_DATA_CHUNK_0_4,
    HTTP_UNKNOWN_HEADER, HttpDataChunkFromFileHandle, HttpDataChunkTrailers,
};

use super::{fields::unknown_header, length};
use crate::driver::{DataChunk, DataChunks, Win32Error};

/// Chunks as the kernel reads them. They share memory and files with those they were made of.
pub(in super::super) struct NativeChunks {
    native: Box<[HTTP_DATA_CHUNK]>,
    count: u16,
    _chunks: Box<DataChunks>,
    _trailers: Vec<Box<[HTTP_UNKNOWN_HEADER]>>,
}

impl NativeChunks {
    /// # Errors
    /// [`INVALID_PARAMETER`](Win32Error::INVALID_PARAMETER): more than the API can say.
    pub(in super::super) fn new(chunks: DataChunks) -> Result<Self, Win32Error> {
        let chunks = Box::new(chunks);
        let (mut native, mut all_trailers) = (Vec::with_capacity(chunks.len()), Vec::new());
        for chunk in chunks.iter() {
            match chunk {
                DataChunk::Memory(data) => native.extend(memory_chunks(data)),
                DataChunk::File { file, offset, length } => native.push(HTTP_DATA_CHUNK {
                    DataChunkType: HttpDataChunkFromFileHandle,
                    Anonymous: HTTP_DATA_CHUNK_0 {
                        FromFileHandle: HTTP_DATA_CHUNK_0_1 {
                            ByteRange: HTTP_BYTE_RANGE { StartingOffset: *offset, Length: *length },
                            FileHandle: file.as_raw_handle(),
                        },
                    },
                }),
                DataChunk::Trailers(trailers) => {
                    let fields = trailers.iter().map(|(name, value)| unknown_header(name, value));
                    let fields = fields.collect::<Result<Box<[_]>, _>>()?;
                    native.push(HTTP_DATA_CHUNK {
                        DataChunkType: HttpDataChunkTrailers,
                        Anonymous: HTTP_DATA_CHUNK_0 {
                            Trailers: HTTP_DATA_CHUNK_0_4 {
                                TrailerCount: length(fields.len())?,
                                pTrailers: fields.as_ptr().cast_mut(),
                            },
                        },
                    });
                    all_trailers.push(fields);
                }
            }
        }
        Ok(Self {
            count: length(native.len())?,
            native: native.into_boxed_slice(),
            _chunks: chunks,
            _trailers: all_trailers,
        })
    }

    pub(in super::super) fn count(&self) -> u16 {
        self.count
    }

    pub(in super::super) fn as_ptr(&self) -> *const HTTP_DATA_CHUNK {
        self.native.as_ptr()
    }
}

// SAFETY: all its pointers point to what it owns or shares.
unsafe impl Send for NativeChunks {}
