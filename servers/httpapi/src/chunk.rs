//! Pieces of a body.

use windows_sys::Win32::Networking::HttpServer::{
    HTTP_DATA_CHUNK, HTTP_DATA_CHUNK_0, HTTP_DATA_CHUNK_0_0, HttpDataChunkFromMemory,
};

/// How much of memory one chunk tells of; it counts in 32 bits.
const MOST_OF_MEMORY: usize = 1 << 30;

/// Chunks that tell of `data`, which must stay where it is as long as they are used.
///
/// ```
/// let data = b"a body".as_slice();
/// let chunks: Vec<_> = falconry_httpapi::memory_chunks(data).collect();
/// assert_eq!(chunks.len(), 1);
/// ```
pub fn memory_chunks(data: &[u8]) -> impl Iterator<Item = HTTP_DATA_CHUNK> + '_ {
    data.chunks(MOST_OF_MEMORY).map(|data| HTTP_DATA_CHUNK {
        DataChunkType: HttpDataChunkFromMemory,
        Anonymous: HTTP_DATA_CHUNK_0 {
            FromMemory: HTTP_DATA_CHUNK_0_0 {
                pBuffer: data.as_ptr().cast_mut().cast(),
                BufferLength: data.len() as u32,
            },
        },
    })
}
