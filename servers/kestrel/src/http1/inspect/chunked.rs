//! The chunked transfer coding up to its trailer section (RFC 9112 section 7.1), one octet at a time.

use super::Rejection;
use super::chars::{is_escapable, is_quoted_text, is_token};

/// Hexadecimal digits of a size, leading zeros included. Sixteen hold every size that can be counted to.
const MAX_DIGITS: u8 = 16;
/// Octets of all chunk extensions of one body (RFC 9112 section 7.1.1 asks for a limit).
const MAX_EXTENSIONS: u32 = 16_000;

/// Where in the framing the next octet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before the first digit of a size.
    Size,
    /// After a digit.
    SizeMore,
    /// After whitespace behind the size: only an extension may follow.
    AfterSize,
    /// Behind a semicolon.
    ExtensionStart,
    ExtensionName,
    /// After whitespace behind an extension's name.
    AfterName,
    /// Behind the equals sign.
    ValueStart,
    TokenValue,
    QuotedValue,
    /// Behind a backslash.
    QuotedPair,
    /// Behind the closing quote.
    QuotedEnd,
    /// After whitespace behind a value: only another extension may follow.
    AfterValue,
    /// Behind the CR of the size's line.
    SizeLf,
    Data,
    /// Behind the last octet of data.
    DataCr,
    DataLf,
}

/// What became of some input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// What was looked at is in order.
    More,
    /// The line of the last chunk has ended; the trailer section follows.
    LastChunk,
    /// The next octet is not in order.
    Bad(Rejection),
}

/// The state of one chunked body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunked {
    at: At,
    digits: u8,
    extensions: u32,
    /// The size so far, then what is left of the data.
    size: u64,
}

impl Chunked {
    /// Before the first chunk.
    pub(super) fn new() -> Self {
        Self { at: At::Size, digits: 0, extensions: 0, size: 0 }
    }

    /// What is left of the present chunk's data.
    pub(super) fn data_left(&self) -> u64 {
        match self.at {
            At::Data => self.size,
            _ => 0,
        }
    }

    /// Looks at `input` up to the end of the first data in it: how many octets from its start are framing that is
    /// in order, and how many after them are data.
    pub(super) fn advance(&mut self, input: &[u8]) -> (usize, usize, Progress) {
        let mut used = 0;
        while let Some(&byte) = input.get(used) {
            if self.at == At::Data {
                let there = input.len() - used;
                let data = usize::try_from(self.size).map_or(there, |size| size.min(there));
                self.size -= data as u64;
                if self.size == 0 {
                    self.at = At::DataCr;
                }
                return (used, data, Progress::More);
            }
            match self.step(byte) {
                Ok(()) => used += 1,
                Err(rejection) => return (used, 0, Progress::Bad(rejection)),
            }
            // Only the LF of a size's line leads to data; without any data this was the last chunk.
            if self.at == At::Data && self.size == 0 {
                return (used, 0, Progress::LastChunk);
            }
        }
        (used, 0, Progress::More)
    }

    /// Takes one octet of framing.
    fn step(&mut self, byte: u8) -> Result<(), Rejection> {
        self.at = match (self.at, byte) {
            (At::Size | At::SizeMore, b'0'..=b'9') => self.digit(byte - b'0')?,
            (At::Size | At::SizeMore, b'a'..=b'f') => self.digit(byte - b'a' + 10)?,
            (At::Size | At::SizeMore, b'A'..=b'F') => self.digit(byte - b'A' + 10)?,
            (At::SizeMore, b'\r') => At::SizeLf,
            (At::SizeLf, b'\n') => At::Data,
            (At::DataCr, b'\r') => At::DataLf,
            (At::DataLf, b'\n') => {
                self.digits = 0;
                self.size = 0;
                At::Size
            }
            (At::DataCr | At::DataLf, _) => return Err(Rejection::BadChunkSuffix),
            (At::Size | At::SizeLf, _) => return Err(Rejection::BadChunkSizeData),
            (At::SizeMore, b' ' | b'\t' | b';') => self.extension(byte)?,
            (At::SizeMore, _) => return Err(Rejection::BadChunkSizeData),
            _ => self.extension(byte)?,
        };
        Ok(())
    }

    /// Takes a digit of the size.
    fn digit(&mut self, digit: u8) -> Result<At, Rejection> {
        self.digits += 1;
        self.size = self.size << 4 | u64::from(digit);
        // Sixteen digits cannot shift anything out; the highest bit is refused as in Content-Length.
        match self.digits > MAX_DIGITS || self.size > i64::MAX as u64 {
            true => Err(Rejection::BadChunkSizeData),
            false => Ok(At::SizeMore),
        }
    }

    /// `chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`, RFC 9112 section 7.1.1:
    /// whitespace stands around a semicolon or an equals sign, never before the CR.
    fn extension(&mut self, byte: u8) -> Result<At, Rejection> {
        self.extensions += 1;
        if self.extensions > MAX_EXTENSIONS {
            return Err(Rejection::BadChunkExtension);
        }
        Ok(match (self.at, byte) {
            (At::QuotedValue, b'"') => At::QuotedEnd,
            (At::QuotedValue, b'\\') => At::QuotedPair,
            (At::QuotedValue, _) if is_quoted_text(byte) => At::QuotedValue,
            (At::QuotedPair, _) if is_escapable(byte) => At::QuotedValue,
            (At::QuotedValue | At::QuotedPair, _) => return Err(Rejection::BadChunkExtension),

            (At::ExtensionStart, b' ' | b'\t') => At::ExtensionStart,
            (At::ValueStart, b' ' | b'\t') => At::ValueStart,
            (At::SizeMore | At::AfterSize, b' ' | b'\t') => At::AfterSize,
            (At::ExtensionName | At::AfterName, b' ' | b'\t') => At::AfterName,
            (At::TokenValue | At::QuotedEnd | At::AfterValue, b' ' | b'\t') => At::AfterValue,

            (At::ExtensionName | At::AfterName, b'=') => At::ValueStart,
            (At::ValueStart, b'"') => At::QuotedValue,
            (At::SizeMore | At::AfterSize | At::ExtensionName | At::AfterName, b';')
            | (At::TokenValue | At::QuotedEnd | At::AfterValue, b';') => At::ExtensionStart,
            (At::ExtensionName | At::TokenValue | At::QuotedEnd, b'\r') => At::SizeLf,

            (At::ExtensionStart | At::ExtensionName, _) if is_token(byte) => At::ExtensionName,
            (At::ValueStart | At::TokenValue, _) if is_token(byte) => At::TokenValue,
            (At::AfterSize, _) => return Err(Rejection::BadChunkSizeData),
            _ => return Err(Rejection::BadChunkExtension),
        })
    }
}
