//! Tokens (RFC 9110 section 5.6.2).

/// True if `text` is a token: what may name a field, a cookie or a sub-protocol.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
