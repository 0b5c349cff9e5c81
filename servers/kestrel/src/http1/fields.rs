//! Field lines as the application sees them.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING},
};

use super::inspect::{Fields, Head, Rejection};

const X_CONTENT_LENGTH: HeaderName = HeaderName::from_static("x-content-length");

/// Reads the fields of `head`, which starts `input`, into an empty map. The values share one copy of the lines.
pub(crate) fn read_fields(head: &Head, input: &[u8], fields: &mut HeaderMap) -> Result<(), Rejection> {
    append_lines(Bytes::copy_from_slice(head.fields(input)), fields)?;
    let changes = head.changes;
    if let Some((start, end)) = changes.host {
        let host = input.get(start..end).unwrap_or_default();
        fields.insert(HOST, HeaderValue::from_bytes(host).map_err(|_| Rejection::InvalidHostHeader)?);
    }
    if changes.set_length_aside {
        // Only the server may say what it has set aside.
        fields.remove(X_CONTENT_LENGTH);
        if let Some(length) = fields.remove(CONTENT_LENGTH) {
            fields.insert(X_CONTENT_LENGTH, length);
        }
    }
    if changes.plain_chunked {
        fields.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    Ok(())
}

/// Reads field lines that are in order, such as those of a trailer section.
pub(super) fn append_lines(lines: Bytes, fields: &mut HeaderMap) -> Result<(), Rejection> {
    for (name, value) in Fields::of(&lines) {
        // Only what is too long for the map can fail: the limits of the server are far below, unless raised.
        let name = HeaderName::from_bytes(name).map_err(|_| Rejection::HeadersExceedMaxTotalSize)?;
        let value = HeaderValue::from_maybe_shared(lines.slice_ref(value))
            .map_err(|_| Rejection::InvalidCharactersInHeaderValue)?;
        fields.try_append(name, value).map_err(|_| Rejection::TooManyHeaders)?;
    }
    Ok(())
}
