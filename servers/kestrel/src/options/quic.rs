//! What connections of QUIC allow.

/// What HTTP/3 connections allow clients. Without the Cargo feature `http3` there are none.
///
/// ```
/// # use falconry_kestrel::QuicTransportOptions;
/// let mut quic = QuicTransportOptions::default();
/// quic.max_bidirectional_stream_count = 256;
/// assert_eq!(quic.max_unidirectional_stream_count, 10);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuicTransportOptions {
    /// How many requests a client may have under way on one connection; more wait at the client. Default: 100.
    pub max_bidirectional_stream_count: u32,

    /// How many streams beside its requests a client may have open on one connection. HTTP/3 needs 3. Default: 10.
    pub max_unidirectional_stream_count: u32,

    /// How many new connections may wait on one socket for the server to take them; more are not answered, and ask
    /// again. Default: 512.
    pub backlog: u32,
}

impl Default for QuicTransportOptions {
    fn default() -> Self {
        Self { max_bidirectional_stream_count: 100, max_unidirectional_stream_count: 10, backlog: 512 }
    }
}
