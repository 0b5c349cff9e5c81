//! The bytes of a connection in the log.

use std::{
    fmt::{self, Write},
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use falconry_features::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{ConnectionContext, ConnectionMiddleware, ConnectionNext};
use crate::transport::Transport;

const TARGET: &str = "falconry_kestrel::connection_logging";

/// Logs every byte.
pub(crate) struct ConnectionLogging;

impl ConnectionMiddleware for ConnectionLogging {
    fn invoke(&self, mut connection: ConnectionContext, next: ConnectionNext) -> BoxFuture<'static, ()> {
        if tracing::enabled!(target: TARGET, tracing::Level::DEBUG) {
            let id = connection.id().to_owned();
            connection.transport = Box::new(Logged { inner: connection.transport, id });
        }
        Box::pin(next.run(connection))
    }
}

struct Logged {
    inner: Box<dyn Transport>,
    id: String,
}

impl Logged {
    fn log(&self, what: &str, data: &[u8]) {
        tracing::debug!(
            target: TARGET,
            connection = self.id,
            "{what}: {} bytes\n{}",
            data.len(),
            HexDump(data)
        );
    }
}

impl Transport for Logged {
    fn reset_on_close(&self) {
        self.inner.reset_on_close();
    }
}

impl AsyncRead for Logged {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, buffer));
        if read.is_ok() {
            self.log("read", &buffer.filled()[before..]);
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Logged {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, data));
        if let Ok(count) = &written {
            self.log("written", data.get(..*count).unwrap_or(data));
        }
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Sixteen bytes a line, in hexadecimal and, where they are printable, as text.
struct HexDump<'a>(&'a [u8]);

impl fmt::Display for HexDump<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.0.chunks(16).enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            for column in 0..16 {
                match line.get(column) {
                    Some(byte) => write!(f, "{byte:02X} ")?,
                    None => f.write_str("   ")?,
                }
            }
            f.write_char(' ')?;
            for &byte in line {
                f.write_char(if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '.' })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_in_hexadecimal_and_as_text() {
        let dump = HexDump(b"GET / HTTP/1.1\r\nHost: \xff").to_string();
        assert_eq!(
            dump,
            "47 45 54 20 2F 20 48 54 54 50 2F 31 2E 31 0D 0A  GET / HTTP/1.1..\n\
             48 6F 73 74 3A 20 FF                             Host: ."
        );
        assert_eq!(HexDump(b"").to_string(), "");
    }
}
