//! The graceful stop.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use falconry_kestrel::KestrelServerOptions;

use crate::support::{Running, connect, get};

const CLIENTS: usize = 40;
const ROUNDS: usize = 20;

/// Forty clients send one request after the other; the server stops in the middle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_goes_unanswered_when_the_server_stops_under_load() {
    for round in 0..ROUNDS {
        let server = Running::start(KestrelServerOptions::default()).await;
        let address = server.address();
        let started = Arc::new(Barrier::new(CLIENTS + 1));
        let answered = Arc::new(AtomicUsize::new(0));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (started, answered) = (Arc::clone(&started), Arc::clone(&answered));
                thread::spawn(move || send_until_told_to_close(address, &started, &answered))
            })
            .collect();
        let everybody = tokio::task::spawn_blocking(move || started.wait());
        everybody.await.unwrap();
        server.stop().await;
        let unanswered: usize = clients.into_iter().map(|client| usize::from(!client.join().unwrap())).sum();
        assert_eq!(unanswered, 0, "round {round}, after {} answers", answered.load(Ordering::Relaxed));
    }
}

/// True if every request was answered until an answer said that the connection closes.
fn send_until_told_to_close(
    address: std::net::SocketAddr,
    started: &Barrier,
    answered: &AtomicUsize,
) -> bool {
    let mut stream = connect(address);
    let mut is_first = true;
    loop {
        let Some(answer) = get(&mut stream) else { return false };
        answered.fetch_add(1, Ordering::Relaxed);
        if std::mem::take(&mut is_first) {
            started.wait();
        }
        if answer.to_ascii_lowercase().contains("connection: close") {
            return true;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_do_not_hold_the_stop_up() {
    let server = Running::start(KestrelServerOptions::default()).await;
    let mut used = connect(server.address());
    let unused = connect(server.address());
    tokio::task::block_in_place(|| get(&mut used)).expect("an answer");
    let stopped = tokio::time::timeout(std::time::Duration::from_secs(3), server.stop()).await;
    assert!(stopped.is_ok(), "two idle connections held the stop up");
    drop(unused);
}
