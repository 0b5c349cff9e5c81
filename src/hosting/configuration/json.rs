//! Comments and trailing commas in JSON: files written for ASP.NET Core have them.

/// The same text with spaces in the place of a byte order mark, comments and trailing commas, so that
/// lines and columns stay as they are.
pub(super) fn strict(text: &str) -> String {
    let mut out = text.as_bytes().to_vec();
    let mut at = 0;
    if text.starts_with('\u{feff}') {
        blank(&mut out, 0, 3);
        at = 3;
    }
    // Where the last comma stands, while nothing but space and comments came after it.
    let mut comma = None;
    while at < out.len() {
        let end = match (out[at], out.get(at + 1)) {
            (b'"', _) => {
                comma = None;
                string_end(&out, at)
            }
            (b'/', Some(b'/')) => {
                let end = out[at..].iter().position(|&byte| byte == b'\n').map_or(out.len(), |n| at + n);
                blank(&mut out, at, end);
                end
            }
            (b'/', Some(b'*')) => {
                let end = text[at + 2..].find("*/").map_or(out.len(), |n| at + 2 + n + 2);
                blank(&mut out, at, end);
                end
            }
            (b',', _) => {
                comma = Some(at);
                at + 1
            }
            (b'}' | b']', _) => {
                if let Some(comma) = comma.take() {
                    out[comma] = b' ';
                }
                at + 1
            }
            (byte, _) => {
                if !byte.is_ascii_whitespace() {
                    comma = None;
                }
                at + 1
            }
        };
        at = end;
    }
    String::from_utf8(out).expect("whole characters were replaced by spaces")
}

fn string_end(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < text.len() {
        match text[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

fn blank(text: &mut [u8], start: usize, end: usize) {
    for byte in &mut text[start..end] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}
