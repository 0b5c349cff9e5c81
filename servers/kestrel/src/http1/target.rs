//! Where the authority of an absolute request target is (RFC 9112 section 3.2.2).

/// Where the authority of an absolute `http` or `https` URI is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Absolute {
    /// First octet of the authority.
    pub(crate) start: usize,
    /// The octet after it: the path, the query or the end.
    pub(crate) end: usize,
    /// Port that the scheme implies.
    pub(crate) default_port: u16,
}

/// Finds the authority of an absolute `http` or `https` URI; the scheme's case does not matter (RFC 3986
/// section 3.1).
pub(crate) fn split_absolute(target: &[u8]) -> Option<Absolute> {
    let is_prefix =
        |prefix: &[u8]| target.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let (start, default_port) = match () {
        () if is_prefix(b"http://") => (7, 80),
        () if is_prefix(b"https://") => (8, 443),
        () => return None,
    };
    let authority = target.get(start..)?;
    let len = authority.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(authority.len());
    Some(Absolute { start, end: start + len, default_port })
}
