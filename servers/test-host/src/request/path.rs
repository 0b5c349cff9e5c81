//! The decoded path.

/// Percent-decodes `path` as UTF-8 and removes its dot segments.
///
/// `%2F` and `%00` stay as they are, and so does what is not UTF-8.
pub(crate) fn decode_path(path: &str) -> String {
    let decoded = percent_decode(path);
    if decoded.split('/').any(|segment| segment == "." || segment == "..") {
        remove_dot_segments(&decoded)
    } else {
        decoded
    }
}

fn percent_decode(path: &str) -> String {
    let mut decoded = String::with_capacity(path.len());
    let mut run = Vec::new();
    let mut rest = path;
    while let Some(next) = rest.chars().next() {
        match escaped(rest) {
            Some(byte) if byte != b'/' && byte != 0 => {
                run.push(byte);
                rest = &rest[3..];
            }
            _ => {
                push_run(&mut decoded, &mut run);
                decoded.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    push_run(&mut decoded, &mut run);
    decoded
}

/// The byte that `text` begins with an escape of.
fn escaped(text: &str) -> Option<u8> {
    let digits = text.strip_prefix('%')?.get(..2)?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

/// Adds the bytes of adjacent escapes; those that are not UTF-8 are escaped again.
fn push_run(decoded: &mut String, run: &mut Vec<u8>) {
    for chunk in run.utf8_chunks() {
        decoded.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| decoded.push_str(&format!("%{byte:02X}")));
    }
    run.clear();
}

/// RFC 3986 section 5.2.4, for a path that begins with a slash.
fn remove_dot_segments(path: &str) -> String {
    let mut kept = Vec::new();
    let mut ends_open = false;
    for segment in path.split('/').skip(1) {
        ends_open = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    if ends_open {
        kept.push("");
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::decode_path;

    #[test]
    fn the_path_is_decoded_but_for_the_slash() {
        for (raw, decoded) in [
            ("/", "/"),
            ("", ""),
            ("/a%20b%2Fc/d", "/a b%2Fc/d"),
            ("/a%2fb", "/a%2fb"),
            ("/gr%C3%BC%C3%9Fe", "/grüße"),
            ("/%FFx", "/%FFx"),
            ("/%C3/%BC", "/%C3/%BC"),
            ("/100%", "/100%"),
            ("/%zz%4", "/%zz%4"),
            ("/%2525", "/%25"),
            ("/%00", "/%00"),
        ] {
            assert_eq!(decode_path(raw), decoded, "{raw}");
        }
    }

    #[test]
    fn dot_segments_are_removed_even_if_escaped() {
        for (raw, decoded) in [
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/../../b", "/b"),
            ("/a/%2e%2E/b", "/b"),
            ("/a/b/..", "/a/"),
            ("/a/.", "/a/"),
            ("/a//../b", "/a/b"),
            ("/a/...", "/a/..."),
        ] {
            assert_eq!(decode_path(raw), decoded, "{raw}");
        }
    }
}
