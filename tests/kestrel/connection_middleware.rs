//! What stands between the socket and HTTP.

use std::{
    io::{self, Read, Write},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use falconry::features::{CancellationToken, ConnectionLifetimeNotificationFeature};
use falconry_kestrel::{ConnectionTransport, KestrelServerOptions, ListenOptions};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::support::{Running, connect, get};

async fn start(configure: impl FnOnce(&mut ListenOptions)) -> Running {
    let mut options = KestrelServerOptions::default();
    options.listen_with(([127, 0, 0, 1], 0).into(), configure);
    Running::start(options).await
}

/// Turns every byte that is written into a capital letter, and counts them.
struct Shouting {
    inner: Box<dyn ConnectionTransport>,
    written: Arc<AtomicUsize>,
}

impl ConnectionTransport for Shouting {
    fn reset_on_close(&self) {
        self.inner.reset_on_close();
    }
}

impl AsyncRead for Shouting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Shouting {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let loud = data.to_ascii_uppercase();
        let count = ready!(Pin::new(&mut self.inner).poll_write(cx, &loud))?;
        self.written.fetch_add(count, Ordering::Relaxed);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_middleware_is_the_outermost() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let server = start(|endpoint| {
        for name in ["first", "second"] {
            let order = Arc::clone(&order);
            endpoint.use_connection(move |connection, next| {
                let order = Arc::clone(&order);
                async move {
                    order.lock().unwrap().push(format!("{name} begins"));
                    next.run(connection).await;
                    order.lock().unwrap().push(format!("{name} ends"));
                }
            });
        }
    })
    .await;
    let mut stream = connect(server.address());
    tokio::task::block_in_place(|| get(&mut stream)).unwrap();
    drop(stream);
    server.stop().await;
    assert_eq!(*order.lock().unwrap(), ["first begins", "second begins", "second ends", "first ends"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_transport_may_be_replaced() {
    let written = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&written);
    let server = start(|endpoint| {
        endpoint.use_connection(move |mut connection, next| {
            let written = Arc::clone(&counted);
            async move {
                connection.transport = Box::new(Shouting { inner: connection.transport, written });
                next.run(connection).await;
            }
        });
    })
    .await;
    let answer = tokio::task::block_in_place(|| {
        let mut stream = connect(server.address());
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    assert!(answer.ends_with("HELLO WORLD!"), "{answer}");
    server.stop().await;
    assert_eq!(written.load(Ordering::Relaxed), answer.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_middleware_that_runs_nothing_ends_the_connection_or_serves_it_itself() {
    let server = start(|endpoint| {
        endpoint.use_connection(async |mut connection, next| {
            let mut first = [0];
            let count = connection.transport.read(&mut first).await.unwrap_or_default();
            drop(next);
            if count == 1 && first == *b"?" {
                let _ = connection.transport.write_all(b"forty-two").await;
            }
        });
    })
    .await;
    for (sent, expected) in [("?", "forty-two"), ("!", "")] {
        let answer = tokio::task::block_in_place(|| {
            let mut stream = connect(server.address());
            stream.write_all(sent.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        assert_eq!(answer, expected);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_middleware_hears_of_the_stop_and_is_dropped_at_its_deadline() {
    let server = start(|endpoint| {
        endpoint.use_connection(async |mut connection, next| {
            drop(next);
            let _ = connection.transport.write_all(b"!").await;
            let feature = connection.features.get::<dyn ConnectionLifetimeNotificationFeature>().unwrap();
            feature.connection_closed_requested().cancelled().await;
            let _ = connection.transport.write_all(b"?").await;
            std::future::pending::<()>().await;
        });
    })
    .await;
    let mut stream = connect(server.address());
    let mut byte = [0];
    tokio::task::block_in_place(|| stream.read_exact(&mut byte)).unwrap();
    let deadline = CancellationToken::new();
    let client = {
        let deadline = deadline.clone();
        std::thread::spawn(move || {
            stream.read_exact(&mut byte).unwrap();
            deadline.cancel();
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest);
            (byte, rest)
        })
    };
    server.stop_on(&deadline).await;
    assert_eq!(client.join().unwrap(), (*b"?", vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logging_changes_no_byte() {
    let server = start(|endpoint| {
        endpoint.use_connection_logging();
    })
    .await;
    let mut stream = connect(server.address());
    assert!(tokio::task::block_in_place(|| get(&mut stream)).is_some());
    server.stop().await;
}
