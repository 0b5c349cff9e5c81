//! Processes that share a port, die and come back.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::Sender,
    },
};

use falconry::{Handler, HttpContext, Result};
use falconry_features::{BoxFuture, Deadline, Server};
use falconry_httpsys::{Broker, BrokerOptions, PortableDriver};
use tokio::runtime::Runtime;

use super::support::{OwnBroker, Place, Process, serve, wait_for_listener, wait_for_status};
use crate::{
    files::Sends,
    support::{Client, LIMIT, free_port, get},
};

#[test]
fn processes_share_a_port_and_one_that_is_killed_leaves_the_others() {
    let place = Place::new("share");
    let socket = place.socket();
    let broker = Process::start(&format!("broker {socket}"));
    assert_eq!(fs::metadata(&socket).expect("the socket").permissions().mode() & 0o777, 0o600);
    let one = Process::start(&format!("server {socket} http://127.0.0.1:{}/one/", free_port()));
    let address = one.address();
    let second = format!("server {socket} http://127.0.0.1:{}/two/", address.port());
    let mut two = Process::start(&second);
    let body = |target: &str| get(address, "x", target, "").expect("an answer").body;
    assert_eq!(body("/one/a"), "process /one|/a");
    assert_eq!(body("/two/b"), "process /two|/b");

    two.child.kill().expect("it can be killed");
    wait_for_status(address, "/two/b", 503);
    assert_eq!(body("/one/a"), "process /one|/a");

    let again = Process::start(&second);
    assert_eq!(body("/two/b"), "process /two|/b", "the same user may register it again");
    again.finish();
    assert_eq!(
        get(address, "x", "/two/b", "").expect("an answer").status,
        404,
        "it has taken its prefix back"
    );
    assert_eq!(body("/one/a"), "process /one|/a");
    one.finish();
    assert!(std::net::TcpStream::connect(address).is_err(), "nobody listens any more");
    broker.finish();
}

#[test]
fn a_server_comes_to_the_broker_that_takes_the_place_of_one_that_was_killed() {
    let place = Place::new("dies");
    let socket = place.socket();
    let mut broker = Process::start(&format!("broker {socket}"));
    let prefix = format!("http://127.0.0.1:{}/", free_port());
    let server = Process::start(&format!("server {socket} {prefix}"));
    let address = server.address();
    assert_eq!(get(address, "x", "/", "").expect("an answer").status, 200);
    broker.child.kill().expect("it can be killed");
    broker.child.wait().expect("it ends");
    assert!(std::net::TcpStream::connect(address).is_err(), "the sockets are the broker's");
    // It has left its socket behind.
    let _next = Process::start(&format!("broker {socket}"));
    wait_for_listener(address);
    assert_eq!(get(address, "x", "/", "").expect("an answer").status, 200);
    server.finish();
}

#[test]
fn a_second_broker_does_not_take_the_socket_of_the_first() {
    let place = Place::new("second");
    let runtime = Runtime::new().expect("a runtime");
    let _guard = runtime.enter();
    let bind = || Broker::bind(place.socket(), PortableDriver::new(), BrokerOptions::default());
    let first = bind().expect("the socket is free");
    runtime.spawn(async move { first.run().await });
    assert_eq!(bind().expect_err("somebody listens").kind(), std::io::ErrorKind::AddrInUse);
}

/// Answers with the number of the request, except to `/wait`.
struct Waiting {
    count: AtomicU32,
    arrived: Sender<()>,
    aborted: Sender<()>,
}

impl Handler for Waiting {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(async move {
            let number = (self.count.fetch_add(1, Ordering::Relaxed) + 1).to_string();
            if ctx.request().path() == "/wait" {
                let (aborted, token) = (self.aborted.clone(), ctx.request_aborted());
                token.on_cancelled(move || aborted.send(()).expect("the test waits for it"));
                self.arrived.send(()).expect("the test waits for it");
                return std::future::pending().await;
            }
            ctx.response_mut().set_header("content-length", number.len().to_string())?;
            ctx.response_mut().write(number).await
        })
    }
}

#[test]
fn a_file_is_read_by_the_process_that_has_it() {
    let place = Place::new("file");
    let content: String = (0..200_000).map(|number| format!("{number} ")).collect();
    let file = place.0.join("file.txt");
    fs::write(&file, &content).expect("the file can be written");
    let broker = OwnBroker::start(&place.socket());
    let (skipped, expected) = (7, content.len() - 7 - 5);
    let handler = Sends { file, offset: skipped, count: expected as u64 };
    let (runtime, server, address) = serve(&place.socket(), handler);
    let response = get(address, "x", "/", "").expect("an answer");
    assert_eq!(response.status, 200);
    assert!(response.body == content[7..content.len() - 5], "{} bytes", response.body.len());
    runtime.block_on(server.stop(Deadline::now())).expect("a stop");
    broker.die();
}

#[test]
fn a_server_attaches_again_when_the_broker_is_back() {
    let place = Place::new("again");
    let broker = OwnBroker::start(&place.socket());
    let (arrived, arrivals) = std::sync::mpsc::channel();
    let (aborted, aborts) = std::sync::mpsc::channel();
    let (runtime, server, address) =
        serve(&place.socket(), Waiting { count: AtomicU32::new(0), arrived, aborted });
    let taken_back = "http://127.0.0.1:0/back/".parse().expect("a prefix");
    let taken_back = runtime.block_on(server.add_prefix(&taken_back)).expect("it is free");
    assert_eq!(get(address, "x", "/1", "").expect("an answer").body, "1");
    let mut under_way = Client::connect(address);
    under_way.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    arrivals.recv_timeout(LIMIT).expect("the request arrives");
    broker.die();
    aborts.recv_timeout(LIMIT).expect("the request under way learns of it");
    assert!(under_way.is_ended());
    assert!(runtime.block_on(server.remove_prefix(&taken_back)), "without a broker, too");
    let error = runtime.block_on(server.add_prefix(&taken_back)).expect_err("there is no broker");
    assert!(
        error.to_string().contains("while the broker falconry-httpsysd (HttpSys:Broker) is away"),
        "{error}"
    );

    let broker = OwnBroker::start(&place.socket());
    wait_for_listener(address);
    // The same application goes on. The prefix comes before the receives; requests wait.
    assert_eq!(get(address, "x", "/2", "").expect("an answer").body, "3");
    let back = ([127, 0, 0, 1], taken_back.port()).into();
    assert!(std::net::TcpStream::connect::<SocketAddr>(back).is_err(), "what was taken back stays so");
    broker.die();
    runtime.block_on(server.stop(Deadline::now())).expect("a stop needs no broker");
}
