//! What a server says that cannot attach to its broker.

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::UnixListener,
    path::Path,
    sync::Arc,
    thread,
};

use falconry::HostingApplication;
use falconry_features::{Server, ServerError};
use falconry_httpsys::{Broker, BrokerDriver, BrokerOptions, HttpSysOptions, HttpSysServer, PortableDriver};
use tokio::runtime::{Builder, Runtime};

use super::support::Place;
use crate::prefixes::Named;

async fn start(socket: impl AsRef<Path>) -> Result<(), ServerError> {
    let server = HttpSysServer::with_driver(HttpSysOptions::default(), BrokerDriver::new(socket.as_ref()));
    server.start(Arc::new(HostingApplication::new(Named("none")))).await
}

/// The error of a server that does not start.
fn failure(socket: impl AsRef<Path>) -> String {
    let runtime = Runtime::new().expect("a runtime");
    let limited = async { tokio::time::timeout(crate::support::LIMIT, start(&socket)).await };
    let error = runtime.block_on(limited).expect("in time").expect_err("there is no broker");
    assert!(error.to_string().contains("HttpSys:Broker"), "it names the setting: {error}");
    let path = socket.as_ref().display().to_string();
    assert!(error.to_string().contains(&path), "it names the socket: {error}");
    assert!(error.to_string().contains("falconry-httpsysd"), "it names the broker: {error}");
    error.to_string()
}

/// Answers the first process that connects with these bytes.
fn answering(socket: String, answer: Vec<u8>) -> thread::JoinHandle<()> {
    let listener = UnixListener::bind(socket).expect("the socket is free");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody connects");
        // Some of its hello; the peer must not be reset before it has read.
        let _ = stream.read(&mut [0; 64]);
        stream.write_all(&answer).expect("the answer can be sent");
    })
}

/// A frame of the protocol.
fn frame(kind: u8, number: u64, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(9 + content.len()).expect("a length");
    [&length.to_be_bytes()[..], &[kind], &number.to_be_bytes(), content].concat()
}

#[test]
fn a_broker_that_is_not_there_is_named_and_how_to_start_it() {
    let place = Place::new("without");
    let error = failure(place.socket());
    let start = format!("start it with `falconry-httpsysd --socket {}`", place.socket());
    assert!(error.starts_with("there is no broker on "), "{error}");
    assert!(error.contains(&start) && error.contains("leave the setting away"), "{error}");
}

#[test]
fn a_socket_that_a_broker_has_left_behind_is_told_as_that() {
    let place = Place::new("behind");
    drop(UnixListener::bind(place.socket()).expect("the socket is free"));
    let error = failure(place.socket());
    assert!(error.contains("runs no more: start it with"), "{error}");
}

#[test]
fn a_file_that_is_no_socket_is_told_as_that() {
    let place = Place::new("nosocket");
    fs::write(place.socket(), "text").expect("the file can be written");
    assert!(failure(place.socket()).contains("is no socket"));
}

#[test]
fn whoever_else_listens_is_told_from_a_broker() {
    for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", "no", ""] {
        let place = Place::new("else");
        let peer = answering(place.socket(), answer.into());
        let error = failure(place.socket());
        assert!(error.contains("is not falconry-httpsysd, or one of another release"), "{answer:?}: {error}");
        peer.join().expect("the peer has answered");
    }
}

#[test]
fn a_broker_of_another_release_is_told_with_both_versions() {
    let place = Place::new("release");
    let peer = answering(place.socket(), frame(15, 77, b"falconry-httpsysd"));
    let error = failure(place.socket());
    assert!(error.contains("speaks version 77 of its protocol and this program version 1"), "{error}");
    peer.join().expect("the peer has answered");
}

#[test]
fn the_reason_of_a_broker_that_refuses_is_told() {
    let place = Place::new("refuses");
    let peer = answering(place.socket(), frame(16, 0, b"the user nobody may not"));
    let error = failure(place.socket());
    assert!(error.contains("refuses this program: the user nobody may not"), "{error}");
    peer.join().expect("the peer has answered");
}

#[test]
fn a_broker_that_does_not_answer_is_not_waited_for_for_ever() {
    let place = Place::new("silent");
    let _listener = UnixListener::bind(place.socket()).expect("the socket is free");
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    let error = runtime.block_on(start(place.socket())).expect_err("nobody answers");
    assert!(error.to_string().contains("does not answer"), "{error}");
}

#[test]
fn a_broker_does_not_remove_a_file_that_is_no_socket() {
    let place = Place::new("file");
    fs::write(place.socket(), "precious").expect("the file can be written");
    let runtime = Runtime::new().expect("a runtime");
    let _guard = runtime.enter();
    let error = Broker::bind(place.socket(), PortableDriver::new(), BrokerOptions::default())
        .expect_err("a file is there");
    assert!(error.to_string().contains("no socket"), "{error}");
    assert_eq!(fs::read_to_string(place.socket()).expect("the file"), "precious");
}

#[test]
fn a_broker_that_ends_leaves_the_socket_of_its_successor() {
    let place = Place::new("successor");
    let runtime = Runtime::new().expect("a runtime");
    let _guard = runtime.enter();
    let bind = || Broker::bind(place.socket(), PortableDriver::new(), BrokerOptions::default());
    let first = bind().expect("the socket is free");
    fs::remove_file(place.socket()).expect("it can be removed");
    let second = bind().expect("the path is free again");
    drop(first);
    assert!(fs::exists(place.socket()).expect("the folder"), "that of the second");
    drop(second);
    assert!(!fs::exists(place.socket()).expect("the folder"));
}
