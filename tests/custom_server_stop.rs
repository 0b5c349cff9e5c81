//! The example of a custom server stops under load: no request goes unanswered.

#[path = "../examples/custom_server/server.rs"]
mod server;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use falconry::{
    HostingApplication, Server as _,
    features::{Deadline, ServerAddressesFeature, block_on},
};
use falconry_conformance::contract;

const CLIENTS: usize = 16;
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn clients_that_send_back_to_back_lose_no_request_when_it_stops() {
    for _ in 0..5 {
        let server = server::ThreadServer::new();
        let addresses = server.features().get::<dyn ServerAddressesFeature>().unwrap();
        addresses.add("http://127.0.0.1:0").unwrap();
        block_on(server.start(Arc::new(HostingApplication::new(contract::app())))).unwrap();
        let address = addresses.addresses()[0].trim_start_matches("http://").to_owned();

        let answered = Arc::new(AtomicUsize::new(0));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let stream = TcpStream::connect(&address).unwrap();
                let answered = Arc::clone(&answered);
                thread::spawn(move || send_until_told(stream, &answered))
            })
            .collect();
        // Each is in the middle of its requests.
        while answered.load(SeqCst) < 20 * CLIENTS && !clients.iter().any(thread::JoinHandle::is_finished) {
            thread::yield_now();
        }
        block_on(server.stop(Deadline::never())).unwrap();
        for client in clients {
            client.join().expect("every request of a client is answered");
        }
        assert!(TcpStream::connect(&address).is_err(), "it still accepts");
    }
}

/// Sends a request as soon as the one before is answered, up to the answer that says that it is the last.
fn send_until_told(mut stream: TcpStream, answered: &AtomicUsize) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut piece = [0; 4096];
    loop {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"Hello World!") {
            let length = stream.read(&mut piece).unwrap();
            assert_ne!(length, 0, "cut off behind {:?}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&piece[..length]);
        }
        answered.fetch_add(1, SeqCst);
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        if answer.contains("\r\nconnection: close\r\n") {
            assert_eq!(stream.read(&mut piece).unwrap(), 0, "something follows the last answer");
            return;
        }
    }
}
