//! The target of a request, taken apart.

use falconry_features::{RequestTarget, decode_path};
use http::Method;

/// A target that cannot be: it is answered by 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MalformedTarget;

/// Writes the decoded path of a raw target into `path`, and gives the query with its `?`.
///
/// Percent-encoded bytes are decoded as UTF-8; `%2F` and what is no UTF-8 stay. Then dot segments are removed. The path
/// of `OPTIONS *` and of CONNECT is empty.
pub(crate) fn decode_target<'a>(
    method: &Method,
    target: &'a str,
    path: &mut String,
) -> Result<&'a str, MalformedTarget> {
    path.clear();
    let parts = RequestTarget::new(method, target);
    decode_path(parts.path, path).map_err(|_| MalformedTarget)?;
    Ok(parts.query)
}

/// How much of `path` is the path base under a prefix with the base `base` (no slash at its end): in any case, and with
/// `\`, `%2F` and repeated slashes for `/`. `None` if the path is not under it.
pub(crate) fn split_path_base(path: &str, base: &str) -> Option<usize> {
    if let Some((start, rest)) = path.split_at_checked(base.len())
        && start.eq_ignore_ascii_case(base)
        && (rest.is_empty() || rest.starts_with('/'))
    {
        return Some(base.len());
    }
    walk(path.as_bytes(), base.as_bytes()).filter(|length| path.is_char_boundary(*length))
}

/// Follows both, slash by slash.
fn walk(path: &[u8], base: &[u8]) -> Option<usize> {
    let mut at = 0;
    for wanted in base {
        if *wanted == b'/' {
            let mut length = slash(&path[at..])?;
            while length > 0 {
                at += length;
                length = slash(path.get(at..)?).unwrap_or(0);
            }
        } else {
            if !path.get(at)?.eq_ignore_ascii_case(wanted) {
                return None;
            }
            at += 1;
        }
    }
    (at == path.len() || slash(&path[at..]).is_some()).then_some(at)
}

fn slash(path: &[u8]) -> Option<usize> {
    match path {
        [b'/' | b'\\', ..] => Some(1),
        [b'%', b'2', b'F' | b'f', ..] => Some(3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(target: &str) -> Result<(String, String), MalformedTarget> {
        let mut path = "left over".to_owned();
        let query = decode_target(&Method::GET, target, &mut path)?.to_owned();
        Ok((path, query))
    }

    #[test]
    fn a_path_is_decoded_except_for_its_slashes() {
        let path = |target| decoded(target).unwrap().0;
        assert_eq!(path("/a/b?c=%41"), "/a/b");
        assert_eq!(path("/%41%2f%2Fb%C3%A9"), "/A%2f%2Fb\u{e9}");
        assert_eq!(path("/%zz%4%ff"), "/%zz%4%ff");
        assert_eq!(path("/a/%2e%2e/b/./c/.."), "/b/");
        assert_eq!(path("/../../a"), "/a");
        assert_eq!(path("http://example.org"), "/");
        assert_eq!(path("http://example.org/a//b"), "/a//b");
        assert_eq!(path("*"), "");
    }

    #[test]
    fn the_query_stays_as_it_came() {
        assert_eq!(decoded("/a?b=%20?c").unwrap().1, "?b=%20?c");
        assert_eq!(decoded("http://example.org?x").unwrap(), ("/".to_owned(), "?x".to_owned()));
    }

    #[test]
    fn a_nul_is_malformed() {
        assert_eq!(decoded("/a%00"), Err(MalformedTarget));
    }

    #[test]
    fn the_path_base_is_found_whatever_its_case_and_slashes() {
        assert_eq!(split_path_base("/App/x", "/app"), Some(4));
        assert_eq!(split_path_base("/app", "/app"), Some(4));
        assert_eq!(split_path_base("/apple", "/app"), None);
        assert_eq!(split_path_base("/x", ""), Some(0));
        assert_eq!(split_path_base("//a%2Fb/c", "/a/b"), Some(7));
        assert_eq!(split_path_base("/a\\b", "/a/b"), Some(4));
        assert_eq!(split_path_base("/other", "/a/b"), None);
    }
}
