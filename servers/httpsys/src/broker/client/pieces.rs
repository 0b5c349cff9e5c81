//! Sends in pieces that fit into frames.

use std::{collections::VecDeque, fs::File, io, sync::Arc};

use bytes::{Bytes, BytesMut};
use http::{
    StatusCode,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};

use crate::{
    driver::{DataChunk, DataChunks, SendEntityBody, SendFlags, SendResponse},
    file::read_at,
};

/// How much goes into one frame, in bytes.
pub(super) const PIECE: usize = 256 * 1024;

/// What goes into one frame.
#[derive(Debug)]
pub(super) enum Piece {
    Body(SendEntityBody),
    /// The broker has no file of this process: it gets the bytes.
    File(SendFlags, FilePiece),
}

/// A part of a file, at most [`PIECE`] bytes.
#[derive(Debug)]
pub(super) struct FilePiece {
    file: Arc<File>,
    offset: u64,
    length: u64,
}

impl Piece {
    /// A send of nothing.
    pub(super) fn empty(flags: SendFlags) -> Self {
        Self::Body(SendEntityBody { flags, chunks: DataChunks::new() })
    }

    fn flags_mut(&mut self) -> &mut SendFlags {
        match self {
            Self::Body(body) => &mut body.flags,
            Self::File(flags, _) => flags,
        }
    }
}

impl FilePiece {
    /// All of it; waits for the disk.
    pub(super) fn read(&self) -> io::Result<Bytes> {
        let mut all = BytesMut::new();
        loop {
            let read = all.len() as u64;
            let data = read_at(&self.file, self.offset + read, self.length - read)?;
            if data.len() as u64 == self.length {
                return Ok(data);
            }
            all.extend_from_slice(&data);
            if all.len() as u64 == self.length {
                return Ok(all.freeze());
            }
        }
    }
}

/// How many bytes a response is that comes in one send; `None` if that is not for its head to say.
pub(super) fn whole_length(response: &SendResponse) -> Option<u64> {
    let is_whole = !response.flags.contains(SendFlags::MORE_DATA)
        && !response.headers.contains_key(CONTENT_LENGTH)
        && !response.headers.contains_key(TRANSFER_ENCODING);
    let status = response.status;
    let may_have_body = !status.is_informational()
        && !matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED);
    if !is_whole || !may_have_body {
        return None;
    }
    let lengths = response.chunks.iter().map(|chunk| match chunk {
        DataChunk::Memory(data) => Some(data.len() as u64),
        DataChunk::File { length, .. } => Some(*length),
        DataChunk::Trailers(_) => None,
    });
    lengths.sum()
}

/// What goes with the head, and what follows it; the last has the flags.
pub(super) fn of_response(chunks: DataChunks, flags: SendFlags) -> (DataChunks, VecDeque<Piece>) {
    let mut rest = of_body(chunks, flags);
    match rest.pop_front() {
        Some(Piece::Body(first)) => (first.chunks, rest),
        Some(file) => {
            rest.push_front(file);
            (DataChunks::new(), rest)
        }
        None => (DataChunks::new(), rest),
    }
}

/// The pieces of a send, of which the last has the flags.
pub(super) fn of_body(chunks: DataChunks, flags: SendFlags) -> VecDeque<Piece> {
    let mut pieces = VecDeque::new();
    let mut room = PIECE;
    for chunk in chunks {
        match chunk {
            DataChunk::Memory(mut data) => {
                while data.len() > room {
                    let piece = data.split_to(room);
                    push(&mut pieces, DataChunk::Memory(piece), flags);
                    pieces.push_back(Piece::empty(flags));
                    room = PIECE;
                }
                room -= data.len();
                push(&mut pieces, DataChunk::Memory(data), flags);
            }
            DataChunk::File { file, offset, length } => {
                let end = offset + length;
                let mut at = offset;
                while at < end {
                    let length = (end - at).min(PIECE as u64);
                    let piece = FilePiece { file: Arc::clone(&file), offset: at, length };
                    pieces.push_back(Piece::File(flags, piece));
                    at += length;
                }
                room = PIECE;
            }
            trailers @ DataChunk::Trailers(_) => push(&mut pieces, trailers, flags),
        }
    }
    let before_last = pieces.len().saturating_sub(1);
    for piece in pieces.iter_mut().take(before_last) {
        *piece.flags_mut() = flags | SendFlags::MORE_DATA;
    }
    pieces
}

/// Adds to the last piece, or begins one.
fn push(pieces: &mut VecDeque<Piece>, chunk: DataChunk, flags: SendFlags) {
    match pieces.back_mut() {
        Some(Piece::Body(body)) => body.chunks.push(chunk),
        _ => {
            let mut chunks = DataChunks::new();
            chunks.push(chunk);
            pieces.push_back(Piece::Body(SendEntityBody { flags, chunks }));
        }
    }
}
