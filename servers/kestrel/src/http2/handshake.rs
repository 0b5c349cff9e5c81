//! The beginning of a connection: settings, and the limits that they tell (RFC 9113 section 6.5).

use std::time::Duration;

use bytes::Bytes;
use h2::server::{Builder, Connection};

use super::io::GuardedIo;
use crate::{KestrelServerLimits, connection::ConnectionShared, events, transport::Transport};

/// How long a handshake may still take when the server stops.
const STOP_GRACE: Duration = Duration::from_millis(500);

pub(super) type H2<S> = Connection<GuardedIo<S>, Bytes>;

/// Exchanges settings with the client; `None` if it has none or takes too long.
pub(super) async fn shake_hands<S: Transport>(
    io: &GuardedIo<S>,
    connection: &ConnectionShared,
) -> Option<H2<S>> {
    let limits = &connection.options.limits;
    let handshake = builder(limits).handshake(io.other_handle());
    let too_long = async {
        match limits.request_headers_timeout() {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    let stopped = async {
        connection.signal.stopping().await;
        let _ = tokio::time::timeout(STOP_GRACE, connection.signal.aborted()).await;
    };
    tokio::select! {
        done = handshake => done
            .map_err(|error| events::http2_connection_error(connection, &error))
            .ok(),
        () = too_long => None,
        () = stopped => None,
    }
}

fn builder(limits: &KestrelServerLimits) -> Builder {
    const MIN_SEND_BUFFER: usize = 16 * 1024;
    const MAX_SEND_BUFFER: usize = 1024 * 1024;
    let http2 = &limits.http2;
    let send_buffer = limits.max_response_buffer_size().unwrap_or(MAX_SEND_BUFFER);
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(http2.max_streams_per_connection())
        .header_table_size(http2.header_table_size())
        .max_frame_size(http2.max_frame_size())
        .max_header_list_size(u32::try_from(limits.max_request_headers_total_size()).unwrap_or(u32::MAX))
        .initial_window_size(http2.initial_stream_window_size())
        .initial_connection_window_size(http2.initial_connection_window_size())
        .max_send_buffer_size(send_buffer.clamp(MIN_SEND_BUFFER, MAX_SEND_BUFFER))
        .enable_connect_protocol();
    builder
}
