//! What has to be known of compressed fields (RFC 7541): whether they can be read at all, which of them are
//! pseudo fields, and the scheme. Nothing else is decoded, but the tables must be kept.

use std::collections::VecDeque;

use super::{
    static_table,
    text::{Kind, Name, Scheme, Text},
};

/// What a field takes in the table beside its bytes (section 4.1).
const ENTRY_OVERHEAD: usize = 32;

/// The table that a connection begins with, until the client knows better.
const INITIAL_TABLE_SIZE: usize = 4096;

/// Why a field block cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invalid {
    /// The connection's tables are lost (RFC 9113 section 4.3).
    Compression,
    /// A field is longer than anybody would read.
    TooLong,
}

/// What was seen of a field block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) has_pseudo_fields: bool,
    pub(super) has_authority: bool,
    pub(super) scheme: Option<Scheme>,
    has_fields: bool,
}

/// The field blocks of one connection.
#[derive(Debug)]
pub(super) struct FieldBlocks {
    /// The newest first.
    table: VecDeque<Entry>,
    size: usize,
    max_size: usize,
    /// What the client may raise the table's size to.
    size_limit: usize,
    /// The beginning of a field whose end is in the next fragment.
    rest: Vec<u8>,
    max_rest: usize,
    seen: Seen,
}

#[derive(Clone, Debug)]
struct Entry {
    name: Name,
    /// The value of a scheme.
    scheme: Option<Scheme>,
    size: usize,
}

/// A piece of input that may not be all there.
type Parsed<'a, T> = Result<Option<(T, &'a [u8])>, Invalid>;

impl FieldBlocks {
    pub(super) fn new(table_size: usize, max_fields: usize) -> Self {
        Self {
            table: VecDeque::new(),
            size: 0,
            max_size: INITIAL_TABLE_SIZE,
            size_limit: table_size.max(INITIAL_TABLE_SIZE),
            rest: Vec::new(),
            max_rest: max_fields.saturating_mul(2).max(64 * 1024),
            seen: Seen::default(),
        }
    }

    /// Takes the next piece of a field block; what was seen of the block, if that is its end.
    pub(super) fn fragment(&mut self, fragment: &[u8], is_end: bool) -> Result<Option<Seen>, Invalid> {
        if self.rest.is_empty() {
            let left = self.fields(fragment)?;
            self.rest.extend_from_slice(left);
        } else {
            let mut input = std::mem::take(&mut self.rest);
            input.extend_from_slice(fragment);
            let left = self.fields(&input)?.len();
            input.drain(..input.len() - left);
            self.rest = input;
        }
        if self.rest.len() > self.max_rest {
            return Err(Invalid::TooLong);
        }
        if !is_end {
            return Ok(None);
        }
        if self.rest.is_empty() {
            Ok(Some(std::mem::take(&mut self.seen)))
        } else {
            Err(Invalid::Compression)
        }
    }

    /// Reads all whole fields; what is left of the input.
    fn fields<'a>(&mut self, mut input: &'a [u8]) -> Result<&'a [u8], Invalid> {
        while let Some(&first) = input.first() {
            let rest = match first {
                0x80.. => self.indexed(input)?,
                0x40.. => self.literal(input, 6, true)?,
                0x20.. => self.size_update(input)?,
                _ => self.literal(input, 4, false)?,
            };
            match rest {
                Some(rest) => input = rest,
                None => break,
            }
        }
        Ok(input)
    }

    /// Section 6.1.
    fn indexed<'a>(&mut self, input: &'a [u8]) -> Result<Option<&'a [u8]>, Invalid> {
        let Some((index, input)) = integer(input, 7)? else { return Ok(None) };
        let scheme = match static_table::scheme(index) {
            None => self.entry(index).and_then(|entry| entry.scheme.clone()),
            scheme => scheme,
        };
        self.see(self.name(index)?, scheme);
        Ok(Some(input))
    }

    /// Section 6.2.
    fn literal<'a>(
        &mut self,
        input: &'a [u8],
        prefix: u32,
        is_kept: bool,
    ) -> Result<Option<&'a [u8]>, Invalid> {
        let Some((index, input)) = integer(input, prefix)? else { return Ok(None) };
        let (name, input) = match index {
            0 => match string(input)? {
                Some((name, input)) => (name.name(), input),
                None => return Ok(None),
            },
            index => (self.name(index)?, input),
        };
        let Some((value, input)) = string(input)? else { return Ok(None) };
        let scheme = (name.kind == Kind::Scheme).then(|| value.scheme());
        if is_kept {
            let size = name.len + value.len() + ENTRY_OVERHEAD;
            self.keep(Entry { name, scheme: scheme.clone(), size });
        }
        self.see(name, scheme);
        Ok(Some(input))
    }

    /// Section 6.3. Section 4.2: only at the beginning of a block.
    fn size_update<'a>(&mut self, input: &'a [u8]) -> Result<Option<&'a [u8]>, Invalid> {
        let Some((size, input)) = integer(input, 5)? else { return Ok(None) };
        if size > self.size_limit || self.seen.has_fields {
            return Err(Invalid::Compression);
        }
        self.max_size = size;
        self.evict(0);
        Ok(Some(input))
    }

    fn see(&mut self, name: Name, scheme: Option<Scheme>) {
        self.seen.has_fields = true;
        self.seen.has_pseudo_fields |= name.kind != Kind::Field;
        self.seen.has_authority |= name.kind == Kind::Authority;
        if scheme.is_some() {
            self.seen.scheme = scheme;
        }
    }

    fn name(&self, index: usize) -> Result<Name, Invalid> {
        static_table::name(index)
            .or_else(|| self.entry(index).map(|entry| entry.name))
            .ok_or(Invalid::Compression)
    }

    /// What a place behind the static table stands for.
    fn entry(&self, index: usize) -> Option<&Entry> {
        self.table.get(index.checked_sub(static_table::LEN + 1)?)
    }

    /// Section 4.4: an entry that is larger than the table empties it.
    fn keep(&mut self, entry: Entry) {
        self.evict(entry.size);
        if entry.size <= self.max_size {
            self.size += entry.size;
            self.table.push_front(entry);
        }
    }

    fn evict(&mut self, room: usize) {
        while self.size + room > self.max_size {
            let Some(entry) = self.table.pop_back() else { break };
            self.size -= entry.size;
        }
    }
}

/// Section 5.1. What does not fit into 28 bits is nothing that anybody means.
fn integer(input: &[u8], prefix: u32) -> Parsed<'_, usize> {
    let Some((&first, mut input)) = input.split_first() else { return Ok(None) };
    let mask = (1usize << prefix) - 1;
    let mut value = usize::from(first) & mask;
    if value < mask {
        return Ok(Some((value, input)));
    }
    for shift in [0, 7, 14, 21] {
        let Some((&byte, rest)) = input.split_first() else { return Ok(None) };
        value += usize::from(byte & 0x7F) << shift;
        input = rest;
        if byte & 0x80 == 0 {
            return Ok(Some((value, input)));
        }
    }
    Err(Invalid::Compression)
}

/// Section 5.2.
fn string(input: &[u8]) -> Parsed<'_, Text<'_>> {
    let is_coded = input.first().is_some_and(|first| first & 0x80 != 0);
    let Some((len, input)) = integer(input, 7)? else { return Ok(None) };
    let Some((string, input)) = input.split_at_checked(len) else { return Ok(None) };
    let text = match is_coded {
        true => Text::coded(string).ok_or(Invalid::Compression)?,
        false => Text::plain(string),
    };
    Ok(Some((text, input)))
}
