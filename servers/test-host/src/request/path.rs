//! The decoded path.

/// The path that applications see; one with an encoded NUL, which servers refuse, stays as it is.
pub(crate) fn decode_path(path: &str) -> String {
    let mut decoded = String::with_capacity(path.len());
    match falconry_features::decode_path(path, &mut decoded) {
        Ok(()) => decoded,
        Err(_) => path.to_owned(),
    }
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
