//! One handshake, from the first byte to the features that tell of it.

use std::{fmt, io, time::Duration};

use rustls::server::Acceptor;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_rustls::{LazyConfigAcceptor, StartHandshake};

use super::{Protocol, TlsEndpoint, TlsStream, alpn, features, names};
use crate::{connection::ConnectionShared, transport::Socket};

/// How long a handshake may still take when the server stops.
const STOP_GRACE: Duration = Duration::from_millis(500);

/// How long a refused client may take to read why.
const LINGER: Duration = Duration::from_secs(1);

/// Told to a client that asks for a name nobody has (RFC 6066 section 3): a fatal alert in a record of its own.
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

impl TlsEndpoint {
    /// Does the handshake of a connection and tells the connection what was agreed on. Who fails is told by an alert
    /// and gets no response; `None` then.
    pub(crate) async fn handshake(
        &self,
        socket: Socket,
        connection: &ConnectionShared,
    ) -> Option<(TlsStream, Protocol)> {
        let counting = self.counters.begin();
        let observed = connection.observed.handshake();
        let done = tokio::select! {
            done = self.negotiate(socket, connection) => done,
            failure = out_of_time(self.handshake_timeout, connection) => Err(failure),
        };
        match done {
            Ok(done) => {
                counting.completed();
                observed.completed(|| names::version_number(done.0.session().protocol_version()?));
                Some(done)
            }
            Err(failure) => {
                drop((counting, observed));
                tracing::debug!(connection = connection.id, "{failure}");
                if let Failure::Refused { socket, .. } = failure {
                    // A client that takes its time to leave must not hold up the server's stop.
                    tokio::select! {
                        _ = timeout(LINGER, linger(socket)) => {}
                        () = connection.signal.stopping() => {}
                    }
                }
                None
            }
        }
    }

    async fn negotiate(
        &self,
        socket: Socket,
        connection: &ConnectionShared,
    ) -> Result<(TlsStream, Protocol), Failure> {
        let mut acceptor = LazyConfigAcceptor::new(Acceptor::default(), socket);
        let start = match (&mut acceptor).await {
            Ok(start) => start,
            Err(error) => return Err(Failure::of(error, acceptor.take_io())),
        };
        let chosen = match self.choose(&start.client_hello(), *connection.endpoints) {
            Ok(chosen) => chosen,
            Err(reason) => {
                let StartHandshake { io: mut socket, .. } = start;
                // The client may have gone already.
                let _ = socket.write_all(&UNRECOGNIZED_NAME).await;
                return Err(Failure::of(io::Error::other(reason), Some(socket)));
            }
        };
        let stream = start
            .into_stream(chosen.config)
            .into_fallible()
            .await
            .map_err(|(error, socket)| Failure::of(error, Some(socket)))?;
        let mut stream = TlsStream::new(stream);
        let Some(protocol) = alpn::chosen(stream.session().alpn_protocol(), chosen.protocols) else {
            let _ = stream.shutdown().await;
            return Err(Failure::NoProtocol);
        };
        connection.set_features(features::collection(stream.session(), connection));
        tracing::debug!(
            connection = connection.id,
            protocol = ?stream.session().protocol_version(),
            "HttpsConnectionEstablished"
        );
        Ok((stream, protocol))
    }
}

/// Completes when a handshake must end.
async fn out_of_time(limit: Option<Duration>, connection: &ConnectionShared) -> Failure {
    let limited = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    let stopped = async {
        connection.signal.stopping().await;
        let _ = timeout(STOP_GRACE, connection.signal.aborted()).await;
    };
    tokio::select! {
        () = limited => Failure::TimedOut,
        () = stopped => Failure::Stopped,
    }
}

/// Reads on until the client has gone: closing with unread bytes would take the alert from it.
async fn linger(mut socket: Socket) {
    let mut buffer = [0; 1024];
    if socket.shutdown().await.is_ok() {
        while matches!(socket.read(&mut buffer).await, Ok(1..)) {}
    }
}

/// Why there is no connection.
enum Failure {
    /// The client was told why.
    Refused {
        error: io::Error,
        socket: Socket,
    },
    /// The client has gone.
    Gone(io::Error),
    /// HTTP/1 is not spoken here, and the client asked for nothing else.
    NoProtocol,
    TimedOut,
    Stopped,
}

impl Failure {
    fn of(error: io::Error, socket: Option<Socket>) -> Self {
        let is_gone = matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
        );
        match socket {
            Some(socket) if !is_gone => Self::Refused { error, socket },
            _ => Self::Gone(error),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { error, .. } => write!(f, "AuthenticationFailed: {error}"),
            Self::Gone(error) => write!(f, "AuthenticationFailed: the client has left: {error}"),
            Self::NoProtocol => {
                f.write_str("HttpVersionNotSupported: the client asked for no protocol that is spoken here")
            }
            Self::TimedOut => f.write_str("AuthenticationTimedOut: the handshake took too long"),
            Self::Stopped => f.write_str("AuthenticationFailed: the server stops"),
        }
    }
}
