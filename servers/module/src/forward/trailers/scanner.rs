//! Where a chunked request is, byte by byte.

/// Follows one request with a chunked body, as hyper writes it: the head, then chunks without extensions (RFC 9112
/// section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkScanner {
    /// How much was there of the empty line that ends the head, and of the LF before it.
    Head(u8),
    /// A chunk's size, as far as its digits have come.
    Size(u64),
    /// The LF after the size.
    SizeEnd(u64),
    /// So many bytes of a chunk are left, with the CRLF after them.
    Data(u64),
    /// Behind the last chunk: what comes is a trailer section, and so far an empty one.
    Trailers,
    /// The LF of the empty line after the last chunk.
    LastLine,
    /// Behind the request.
    End,
    /// This is not what hyper writes: nothing is known any more.
    Lost,
}

impl ChunkScanner {
    pub(super) const START: Self = Self::Head(0);

    /// Goes on over `bytes`, to the end of the request at most; how many it went over.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> usize {
        let mut at = self.pass_chunks(bytes);
        while let Some(&byte) = bytes.get(at) {
            *self = match (*self, byte) {
                (Self::Trailers, b'\r') => Self::LastLine,
                (Self::LastLine, b'\n') => Self::End,
                (Self::End, _) => break,
                _ => Self::Lost,
            };
            at += 1;
            if *self == Self::Lost {
                return bytes.len();
            }
        }
        at
    }

    /// The same, to the end of the last chunk at most.
    pub(super) fn pass_chunks(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let rest = &bytes[at..];
            at += match self {
                Self::Head(seen) => {
                    let (passed, has_ended) = pass_head(seen, rest);
                    if has_ended {
                        *self = Self::Size(0);
                    }
                    passed
                }
                Self::Data(left) => {
                    let passed = usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
                    *left -= passed as u64;
                    if *left == 0 {
                        *self = Self::Size(0);
                    }
                    passed
                }
                Self::Size(size) => {
                    let (passed, next) = pass_size(*size, rest);
                    *self = next;
                    passed
                }
                Self::SizeEnd(size) => {
                    *self = match (byte, *size) {
                        (b'\n', 0) => Self::Trailers,
                        (b'\n', size) => Self::Data(size + 2),
                        _ => Self::Lost,
                    };
                    1
                }
                Self::Lost => rest.len(),
                Self::Trailers | Self::LastLine | Self::End => return at,
            };
        }
        at
    }
}

/// How many bytes belong to the head, and whether it ends with them. `seen` counts those of the empty line, with the LF
/// before it.
fn pass_head(seen: &mut u8, bytes: &[u8]) -> (usize, bool) {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match (*seen, byte) {
            (2, b'\n') => return (at, true),
            (1, b'\r') => *seen = 2,
            (_, b'\n') => *seen = 1,
            _ => {
                let Some(next) = memchr::memchr(b'\n', &bytes[at..]) else {
                    *seen = 0;
                    return (bytes.len(), false);
                };
                *seen = 1;
                at += next + 1;
            }
        }
    }
    (at, false)
}

/// How many bytes belong to a size, up to its CR, and what is known then.
fn pass_size(mut size: u64, bytes: &[u8]) -> (usize, ChunkScanner) {
    for (at, &byte) in bytes.iter().enumerate() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'F' => byte - b'A' + 10,
            b'\r' => return (at + 1, ChunkScanner::SizeEnd(size)),
            _ => return (at + 1, ChunkScanner::Lost),
        };
        if size >> 56 != 0 {
            return (at + 1, ChunkScanner::Lost);
        }
        size = size << 4 | u64::from(digit);
    }
    (bytes.len(), ChunkScanner::Size(size))
}

#[cfg(test)]
mod tests {
    use super::ChunkScanner;

    const REQUEST: &[u8] =
        b"POST / HTTP/1.1\r\nx: \ry\r\r\n\r\n5\r\n0\r\n\r\n\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n";

    #[test]
    fn the_end_is_found_however_the_bytes_are_cut() {
        for first in 0..=REQUEST.len() {
            for second in first..=REQUEST.len() {
                let mut scanner = ChunkScanner::START;
                let cuts = [0, first, second, REQUEST.len()];
                let mut chunks = 0;
                for part in cuts.windows(2).map(|cut| &REQUEST[cut[0]..cut[1]]) {
                    chunks += scanner.pass_chunks(part);
                }
                assert_eq!((scanner, chunks), (ChunkScanner::Trailers, REQUEST.len() - 2), "{cuts:?}");
                let mut scanner = ChunkScanner::START;
                for part in cuts.windows(2).map(|cut| &REQUEST[cut[0]..cut[1]]) {
                    assert_eq!(scanner.pass(part), part.len());
                }
                assert_eq!(scanner, ChunkScanner::End, "{cuts:?}");
            }
        }
    }

    #[test]
    fn what_comes_after_the_request_is_not_passed() {
        let mut scanner = ChunkScanner::START;
        let both = [REQUEST, b"GET / HTTP/1.1\r\n"].concat();
        assert_eq!(scanner.pass(&both), REQUEST.len());
        assert_eq!(scanner.pass(b"GET"), 0);
    }

    #[test]
    fn what_is_no_chunk_is_passed_to_its_end_without_one() {
        for body in [
            "x\r\n",
            "5;a=b\r\nhello\r\n",
            "\n",
            "5\rx",
            "0\rx",
            "0\r\na: b\r\n\r\n",
            "0\r\n\rx",
            "11111111111111111\r\n",
        ] {
            let mut scanner = ChunkScanner::START;
            let bytes = ["POST / HTTP/1.1\r\n\r\n", body, "0\r\n\r\n0\r\n\r\n"].concat();
            assert_eq!(scanner.pass(bytes.as_bytes()), bytes.len(), "{body:?}");
            assert_eq!(scanner, ChunkScanner::Lost, "{body:?}");
        }
    }
}
