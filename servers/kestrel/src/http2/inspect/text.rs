//! Strings of field blocks (RFC 7541 section 5.2), and what has to be known of those that are names.

use std::sync::Arc;

use crate::huffman;

/// A string as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Text<'a> {
    coded: Option<&'a [u8]>,
    plain: &'a [u8],
    len: usize,
    first: Option<u8>,
}

/// The name of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) len: usize,
    pub(super) kind: Kind,
}

/// Which names have to be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Field,
    /// `:authority`.
    Authority,
    /// `:scheme`.
    Scheme,
    /// Any other pseudo field.
    Pseudo,
}

/// What `:scheme` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http2) enum Scheme {
    Http,
    Https,
    Other(Arc<str>),
}

impl<'a> Text<'a> {
    pub(super) fn plain(plain: &'a [u8]) -> Self {
        Self { coded: None, plain, len: plain.len(), first: plain.first().copied() }
    }

    /// A string in Huffman's code; `None` if it is none.
    pub(super) fn coded(coded: &'a [u8]) -> Option<Self> {
        let (mut len, mut first) = (0, None);
        huffman::read(coded, |symbol| {
            first.get_or_insert(symbol);
            len += 1;
            Some(())
        })?;
        Some(Self { coded: Some(coded), plain: b"", len, first })
    }

    /// How many bytes it stands for.
    pub(super) fn len(self) -> usize {
        self.len
    }

    /// The name that it is.
    pub(super) fn name(self) -> Name {
        let kind = match (self.first, self.len) {
            (Some(b':'), 7) if self.is(b":scheme") => Kind::Scheme,
            (Some(b':'), 10) if self.is(b":authority") => Kind::Authority,
            (Some(b':'), _) => Kind::Pseudo,
            _ => Kind::Field,
        };
        Name { len: self.len, kind }
    }

    /// The scheme that it is.
    pub(super) fn scheme(self) -> Scheme {
        match self.decoded() {
            text if text.eq_ignore_ascii_case(b"http") => Scheme::Http,
            text if text.eq_ignore_ascii_case(b"https") => Scheme::Https,
            text => Scheme::Other(String::from_utf8_lossy(&text).into()),
        }
    }

    fn is(self, text: &[u8]) -> bool {
        if self.coded.is_none() { self.plain == text } else { self.decoded() == text }
    }

    fn decoded(self) -> Vec<u8> {
        let mut decoded = self.plain.to_vec();
        // It has been read before: nothing is wrong with it.
        let _ = huffman::read(self.coded.unwrap_or_default(), |symbol| {
            decoded.push(symbol);
            Some(())
        });
        decoded
    }
}

impl Scheme {
    pub(in crate::http2) fn as_str(&self) -> &str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Other(scheme) => scheme,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn len(coded: &[u8]) -> Option<usize> {
        Text::coded(coded).map(Text::len)
    }

    #[test]
    fn strings_of_the_specification_are_measured() {
        // RFC 7541 appendix C.4 and C.6.
        let example = b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";
        assert_eq!(len(example), Some("www.example.com".len()));
        assert_eq!(len(b"\xa8\xeb\x10\x64\x9c\xbf"), Some("no-cache".len()));
        assert_eq!(len(b"\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf"), Some("custom-value".len()));
        let date =
            b"\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66\xe0\x82\xa6\x2d\x1b\xff";
        assert_eq!(len(date), Some("Mon, 21 Oct 2013 20:13:21 GMT".len()));
        assert_eq!(len(b""), Some(0));
    }

    #[test]
    fn names_are_told_apart() {
        for (name, kind) in [
            (":scheme", Kind::Scheme),
            (":authority", Kind::Authority),
            (":method", Kind::Pseudo),
            (":", Kind::Pseudo),
            ("scheme", Kind::Field),
            ("", Kind::Field),
        ] {
            assert_eq!(Text::plain(name.as_bytes()).name(), Name { len: name.len(), kind }, "{name}");
        }
        // ":path": 1011100 101011 00011 01001 100111 and ones.
        let path = Text::coded(&[0b1011_1001, 0b0101_1000, 0b1101_0011, 0b0011_1111]).unwrap();
        assert_eq!(path.name(), Name { len: 5, kind: Kind::Pseudo });
        // ":scheme": 1011100 01000 00100 100111 00101 101001 00101 and ones.
        let scheme = [0b1011_1000, 0b1000_0010, 0b0100_1110, 0b0101_1010, 0b0100_1011];
        assert_eq!(Text::coded(&scheme).unwrap().name(), Name { len: 7, kind: Kind::Scheme });
    }

    #[test]
    fn schemes_are_read_in_any_case_and_code() {
        assert_eq!(Text::plain(b"HTTP").scheme(), Scheme::Http);
        assert_eq!(Text::plain(b"https").scheme(), Scheme::Https);
        assert_eq!(Text::plain(b"ftp").scheme(), Scheme::Other("ftp".into()));
        // "http": 100111 01001 01001 101011 and ones.
        assert_eq!(Text::coded(&[0b1001_1101, 0b0010_1001, 0b1010_1111]).unwrap().scheme(), Scheme::Http);
    }

    #[test]
    fn padding_is_ones_and_shorter_than_a_byte() {
        // Section 5.2: each of these MUSTs makes the string an error.
        assert_eq!(len(b"\xff"), None);
        assert_eq!(len(&[0b0001_1000]), None);
        assert_eq!(len(b"\xff\xff\xff\xff"), None);
    }
}
