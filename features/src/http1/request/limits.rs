//! How large a request may be.

/// What a request may measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// Octets of the request line with its CRLF; 414 above it. Default: 8192.
    pub max_request_line_size: usize,
    /// Octets of all field lines with their CRLF, trailers included; 431 above it. Default: 32,768.
    pub max_fields_size: usize,
    /// Number of field lines, trailers included; 431 above it. Default: 100.
    pub max_field_count: usize,
    /// Octets of the line before a chunk, which may have extensions; 400 above it. Default: 4096.
    pub max_chunk_line_size: usize,
    /// Octets of a body, for [`Connection`](crate::http1::Connection): 413 above it, unless the application changes the limit
    /// of its request; `None` is unlimited. Default: 30,000,000, as Kestrel has it.
    pub max_body_size: Option<u64>,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            max_request_line_size: 8192,
            max_fields_size: 32 * 1024,
            max_field_count: 100,
            max_chunk_line_size: 4096,
            max_body_size: Some(30_000_000),
        }
    }
}
