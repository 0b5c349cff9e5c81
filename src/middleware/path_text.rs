//! Paths between their two forms: as fields carry them, and decoded as requests have them.

/// A path as a field carries it, percent-decoded except `%2F`: a slash that is no separator stays
/// recognizable, as in [`Request::path`](crate::Request::path). `None` if it is not UTF-8 or has a
/// control character, which no path that anybody means has.
pub(super) fn decoded(path: &str) -> Option<String> {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match escaped(bytes, at) {
            Some(byte) if byte != b'/' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok().filter(|path| !path.chars().any(char::is_control))
}

/// A decoded path as a field can carry it.
pub(super) fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for (at, byte) in path.bytes().enumerate() {
        let is_slash = escaped(path.as_bytes(), at) == Some(b'/');
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte) || is_slash {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// What the `%XX` at `at` stands for.
fn escaped(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    let is_escape = bytes.get(at) == Some(&b'%');
    let value = digit(at + 1)? * 16 + digit(at + 2)?;
    is_escape.then(|| u8::try_from(value).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_decoded_except_for_slashes() {
        assert_eq!(decoded("/a%20b/%C3%BC%2fc").as_deref(), Some("/a b/ü%2fc"));
        assert_eq!(decoded("/100%/%4").as_deref(), Some("/100%/%4"));
    }

    #[test]
    fn a_path_that_is_no_text_is_none() {
        for path in ["/%FF", "/%0D%0A", "/%00", "/\u{7f}"] {
            assert_eq!(decoded(path), None, "{path}");
        }
    }

    #[test]
    fn what_is_encoded_decodes_to_the_same() {
        for path in ["/", "/a b", "/ü%2Fx", "/a?b#c"] {
            assert_eq!(decoded(&encoded(path)).as_deref(), Some(path));
        }
        assert_eq!(encoded("/a b%2Fc?"), "/a%20b%2Fc%3F");
    }
}
