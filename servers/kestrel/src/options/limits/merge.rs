//! Limits that a changed configuration brings, under those that code has set.

use super::KestrelServerLimits;

impl KestrelServerLimits {
    /// `now`, except where these limits differ from `before`: that was set on purpose.
    pub(crate) fn merge(&self, before: &Self, now: &Self) -> Self {
        Self {
            max_response_buffer_size: merge(
                &self.max_response_buffer_size,
                &before.max_response_buffer_size,
                &now.max_response_buffer_size,
            ),
            max_request_buffer_size: merge(
                &self.max_request_buffer_size,
                &before.max_request_buffer_size,
                &now.max_request_buffer_size,
            ),
            max_request_line_size: merge(
                &self.max_request_line_size,
                &before.max_request_line_size,
                &now.max_request_line_size,
            ),
            max_request_headers_total_size: merge(
                &self.max_request_headers_total_size,
                &before.max_request_headers_total_size,
                &now.max_request_headers_total_size,
            ),
            max_request_header_count: merge(
                &self.max_request_header_count,
                &before.max_request_header_count,
                &now.max_request_header_count,
            ),
            max_request_body_size: merge(
                &self.max_request_body_size,
                &before.max_request_body_size,
                &now.max_request_body_size,
            ),
            keep_alive_timeout: merge(
                &self.keep_alive_timeout,
                &before.keep_alive_timeout,
                &now.keep_alive_timeout,
            ),
            request_headers_timeout: merge(
                &self.request_headers_timeout,
                &before.request_headers_timeout,
                &now.request_headers_timeout,
            ),
            max_concurrent_connections: merge(
                &self.max_concurrent_connections,
                &before.max_concurrent_connections,
                &now.max_concurrent_connections,
            ),
            max_concurrent_upgraded_connections: merge(
                &self.max_concurrent_upgraded_connections,
                &before.max_concurrent_upgraded_connections,
                &now.max_concurrent_upgraded_connections,
            ),
            min_request_body_data_rate: merge(
                &self.min_request_body_data_rate,
                &before.min_request_body_data_rate,
                &now.min_request_body_data_rate,
            ),
            min_response_data_rate: merge(
                &self.min_response_data_rate,
                &before.min_response_data_rate,
                &now.min_response_data_rate,
            ),
            max_connection_age: merge(
                &self.max_connection_age,
                &before.max_connection_age,
                &now.max_connection_age,
            ),
            http2: self.http2.merge(&before.http2, &now.http2),
            http3: self.http3.merge(&before.http3, &now.http3),
        }
    }
}

/// One value of a merge.
pub(crate) fn merge<T: Clone + PartialEq>(own: &T, before: &T, now: &T) -> T {
    if own == before { now.clone() } else { own.clone() }
}
