//! What QUIC allows clients.

use std::{sync::Arc, time::Duration};

use quinn::{IdleTimeout, TransportConfig, VarInt};

use super::web_transport::{DATAGRAM_BUFFER, ENABLED};
use crate::KestrelServerOptions;

/// A client that is silent for so long has gone.
const IDLE_TIMEOUT_MS: u32 = 60_000;

/// How often a silent client is asked whether it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// What may wait for the client's acknowledgement: a fast connection needs more than a response's buffer.
const SEND_WINDOW: u64 = 1024 * 1024;

/// What may wait for the application where there is no limit.
const UNLIMITED_WINDOW: u32 = 16 * 1024 * 1024;

pub(super) fn config(options: &KestrelServerOptions) -> Arc<TransportConfig> {
    let window = options.limits.max_request_buffer_size();
    let window =
        window.and_then(|size| u32::try_from(size).ok()).map_or(UNLIMITED_WINDOW, |size| size.max(64 * 1024));
    let mut config = TransportConfig::default();
    config
        .max_concurrent_bidi_streams(options.quic.max_bidirectional_stream_count.into())
        .max_concurrent_uni_streams(options.quic.max_unidirectional_stream_count.into())
        // One stream that nobody reads leaves the others something.
        .stream_receive_window((window / 4 * 3).into())
        .receive_window(window.into())
        .send_window(SEND_WINDOW)
        .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(IDLE_TIMEOUT_MS))))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .datagram_receive_buffer_size(ENABLED.then_some(DATAGRAM_BUFFER));
    Arc::new(config)
}
