//! What the server logs of its connections and requests, one function per event.
//!
//! Each message begins with the name of the event in the original; the fields are `connection`, the id of the
//! connection, and `trace`, the trace identifier of the request. The target of all is `falconry_kestrel`.

use std::{error::Error, sync::atomic::Ordering, time::Duration};

use crate::{connection::ConnectionShared, exchange::ExchangeShared, metrics::error_type};

const TARGET: &str = "falconry_kestrel";

pub(crate) fn connection_accepted(connection: &ConnectionShared) {
    tracing::debug!(
        target: TARGET,
        connection = connection.id,
        remote = connection.endpoints.remote.map(tracing::field::display),
        "ConnectionAccepted: a connection was accepted"
    );
}

pub(crate) fn connection_rejected(connection: &ConnectionShared) {
    tracing::warn!(
        target: TARGET,
        connection = connection.id,
        "ConnectionRejected: the limit of concurrent connections is reached (max_concurrent_connections)"
    );
}

pub(crate) fn connection_start(connection: &ConnectionShared) {
    tracing::debug!(target: TARGET, connection = connection.id, "ConnectionStart: the connection begins");
}

pub(crate) fn connection_stop(connection: &ConnectionShared) {
    tracing::debug!(target: TARGET, connection = connection.id, "ConnectionStop: the connection has ended");
}

pub(crate) fn connection_keep_alive(connection: &ConnectionShared) {
    tracing::debug!(
        target: TARGET,
        connection = connection.id,
        "ConnectionKeepAlive: everything is answered, the connection waits for a request"
    );
}

pub(crate) fn connection_disconnect(connection: &ConnectionShared) {
    tracing::debug!(
        target: TARGET,
        connection = connection.id,
        "ConnectionDisconnect: the server ends the connection in order"
    );
}

/// The connection is older than it may become.
pub(crate) fn connection_aged(connection: &ConnectionShared, age: Duration) {
    tracing::debug!(
        target: TARGET,
        connection = connection.id,
        ?age,
        "ConnectionAged: the connection ends after what is under way (max_connection_age)"
    );
}

pub(crate) fn connection_bad_request(connection: &ConnectionShared, number: u64, reason: &str) {
    tracing::debug!(
        target: TARGET,
        connection = connection.id,
        trace = trace_identifier(connection, number),
        reason,
        "ConnectionBadRequest: the connection sent a bad request"
    );
}

/// A client has broken the rules of HTTP/2, or has gone.
pub(crate) fn http2_connection_error(connection: &ConnectionShared, error: &h2::Error) {
    tracing::debug!(
        target: TARGET,
        connection = connection.id,
        %error,
        "Http2ConnectionError: HTTP/2 ended early"
    );
    let kind = error.get_io().map(std::io::Error::kind);
    connection.observed.failed(match (kind, error.is_remote()) {
        // The client's own GOAWAY.
        (None, true) => return,
        (None, false) => error_type::OTHER_ERROR,
        (Some(kind), _) => error_type::of(kind),
    });
}

/// Something broke that is nobody's request in particular.
pub(crate) fn request_processing_error(connection: &ConnectionShared, error: &(dyn Error + 'static)) {
    tracing::debug!(
        target: TARGET,
        connection = connection.id,
        error,
        "RequestProcessingError: the connection ended in the middle of something"
    );
}

pub(crate) fn head_response_body_write(request: &ExchangeShared, bytes: usize) {
    tracing::debug!(
        target: TARGET,
        connection = request.connection.id,
        trace = request.trace_identifier(),
        bytes,
        "ConnectionHeadResponseBodyWrite: the body of an answer to HEAD is not sent"
    );
}

pub(crate) fn request_body_start(request: &ExchangeShared) {
    tracing::debug!(
        target: TARGET,
        connection = request.connection.id,
        trace = request.trace_identifier(),
        "RequestBodyStart: the application begins to read the request's body"
    );
}

pub(crate) fn request_body_done(request: &ExchangeShared) {
    tracing::debug!(
        target: TARGET,
        connection = request.connection.id,
        trace = request.trace_identifier(),
        "RequestBodyDone: the application has read the request's body to its end"
    );
}

pub(crate) fn request_body_too_slow(connection: &ConnectionShared, number: u64) {
    tracing::debug!(
        target: TARGET,
        connection = connection.id,
        trace = trace_identifier(connection, number),
        "RequestBodyMinimumDataRateNotSatisfied: the request's body arrives too slowly"
    );
}

pub(crate) fn response_too_slow(connection: &ConnectionShared, number: u64) {
    tracing::debug!(
        target: TARGET,
        connection = connection.id,
        trace = trace_identifier(connection, number),
        "ResponseMinimumDataRateNotSatisfied: the client reads the response too slowly"
    );
}

pub(crate) fn request_body_not_entirely_read(request: &ExchangeShared) {
    tracing::info!(
        target: TARGET,
        connection = request.connection.id,
        trace = request.trace_identifier(),
        "RequestBodyNotEntirelyRead: the application has left some of the request's body"
    );
}

pub(crate) fn request_body_drain_timed_out(request: &ExchangeShared) {
    tracing::info!(
        target: TARGET,
        connection = request.connection.id,
        trace = request.trace_identifier(),
        "RequestBodyDrainTimedOut: the rest of the request's body is not in sight, the connection closes"
    );
}

pub(crate) fn application_aborted_connection(request: &ExchangeShared) {
    tracing::info!(
        target: TARGET,
        connection = request.connection.id,
        trace = request.trace_identifier(),
        "ApplicationAbortedConnection: the application has aborted the request"
    );
}

pub(crate) fn application_error(request: &ExchangeShared, error: &(dyn Error + 'static)) {
    tracing::error!(
        target: TARGET,
        connection = request.connection.id,
        trace = request.trace_identifier(),
        error,
        "ApplicationError: an unhandled error was thrown by the application"
    );
}

/// The application ends with an error because its request had been aborted.
pub(crate) fn request_aborted(request: &ExchangeShared, error: &(dyn Error + 'static)) {
    tracing::debug!(
        target: TARGET,
        connection = request.connection.id,
        trace = request.trace_identifier(),
        error,
        "RequestAborted: the application ended with an error after the request was aborted"
    );
}

pub(crate) fn accept_failed(error: &std::io::Error) {
    tracing::warn!(
        target: TARGET,
        %error,
        "AcceptFailed: connections cannot be accepted for now; those that are open go on. \
         Too many open files? Raise the limit (ulimit -n)"
    );
}

pub(crate) fn accept_recovered() {
    tracing::info!(target: TARGET, "AcceptRecovered: connections are accepted again");
}

pub(crate) fn draining(connections: usize) {
    tracing::info!(target: TARGET, connections, "Draining: waiting for connections to end");
}

pub(crate) fn not_all_connections_closed_gracefully(connections: usize) {
    tracing::debug!(
        target: TARGET,
        connections,
        "NotAllConnectionsClosedGracefully: some connections did not end before the deadline"
    );
}

pub(crate) fn not_all_connections_aborted(connections: usize) {
    tracing::debug!(
        target: TARGET,
        connections,
        "NotAllConnectionsAborted: some connections could not be ended"
    );
}

/// How a request is named where nobody has named it otherwise.
pub(crate) fn trace_identifier(connection: &ConnectionShared, number: u64) -> String {
    format!("{}:{number:08X}", connection.id)
}

impl ExchangeShared {
    /// How the request is named; the application may have changed it.
    pub(crate) fn trace_identifier(&self) -> String {
        match &self.lock().trace_identifier {
            Some(identifier) => identifier.clone(),
            None => trace_identifier(&self.connection, self.number.load(Ordering::Relaxed)),
        }
    }
}
