//! Servers of several processes on one broker.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc::Sender,
    },
    thread,
    time::{Duration, Instant},
};

use falconry::{Handler, HostingApplication, HttpContext, Result};
use falconry_features::{BoxFuture, Deadline, Server, ServerAddressesFeature};
use falconry_httpsys::{Broker, BrokerDriver, BrokerOptions, HttpSysOptions, HttpSysServer, PortableDriver};
use tokio::runtime::Runtime;

use crate::{
    files::Sends,
    prefixes::Named,
    support::{Client, LIMIT, free_port, get},
};

/// What a process of a test is to be: `broker SOCKET` or `server SOCKET PREFIX`.
const ROLE: &str = "FALCONRY_HTTPSYS_ROLE";

/// A process of its own. It ends in good order when its input does, at the latest with the test; killed when dropped.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
    /// What it has said when it was ready.
    said: String,
}

impl Process {
    fn start(role: &str) -> Self {
        let program = env::current_exe().expect("the test has a path");
        let mut child = Command::new(program)
            .args(["broker::a_process_of_a_test", "--exact", "--ignored", "--nocapture"])
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the process starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let said = lines
            .find_map(|line| line.ok()?.split_once("ready ").map(|(_, said)| said.to_owned()))
            .expect("the process gets ready");
        // It must not be stopped by a full pipe.
        thread::spawn(move || lines.for_each(drop));
        Self { input: child.stdin.take(), child, said }
    }

    fn address(&self) -> SocketAddr {
        let port = self.said.split(':').nth(2).and_then(|rest| rest.split('/').next()?.parse().ok());
        ([127, 0, 0, 1], port.expect("a port")).into()
    }

    /// Ends in good order.
    fn finish(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().expect("it ends").success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "the other processes of these tests"]
fn a_process_of_a_test() {
    let Ok(role) = env::var(ROLE) else { return };
    let runtime = Runtime::new().expect("a runtime");
    let words: Vec<_> = role.split(' ').collect();
    match words[..] {
        ["broker", socket] => {
            let _guard = runtime.enter();
            let options = BrokerOptions::default();
            let broker = Broker::bind(socket, PortableDriver::new(), options).expect("the broker listens");
            println!("ready {socket}");
            runtime.spawn(async move { broker.run().await });
            until_end_of_input();
        }
        ["server", socket, prefix] => {
            let mut options = HttpSysOptions::default();
            options.add_prefix(prefix).expect("a prefix");
            let server = HttpSysServer::with_driver(options, BrokerDriver::new(socket));
            let application = Arc::new(HostingApplication::new(Named("process")));
            runtime.block_on(server.start(application)).expect("the server starts");
            let addresses = server.features().get::<dyn ServerAddressesFeature>().expect("addresses");
            println!("ready {}", addresses.addresses().join(" "));
            until_end_of_input();
            runtime.block_on(server.stop(Deadline::never())).expect("a stop");
        }
        _ => panic!("{role:?} is no role"),
    }
}

fn until_end_of_input() {
    // An error ends it, too.
    let _ = std::io::stdin().read(&mut [0]);
}

/// A socket in a folder of its own, which goes when this is dropped.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("falconry-httpsys-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn socket(&self) -> String {
        self.0.join("broker.sock").display().to_string()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Asks until the status is this: the broker learns of a death a moment later.
fn wait_for_status(address: SocketAddr, target: &str, status: u16) {
    let until = Instant::now() + LIMIT;
    loop {
        let answer = get(address, "x", target, "");
        match &answer {
            Ok(response) if response.status == status => return,
            _ => assert!(Instant::now() < until, "{target}: {answer:?}"),
        }
    }
}

/// Tries until somebody listens: a server attaches again a moment later.
fn wait_for_listener(address: SocketAddr) {
    let until = Instant::now() + LIMIT;
    while std::net::TcpStream::connect(address).is_err() {
        assert!(Instant::now() < until, "nobody listens");
        thread::yield_now();
    }
}

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

#[test]
fn a_server_without_its_broker_does_not_start() {
    let place = Place::new("without");
    let runtime = Runtime::new().expect("a runtime");
    let server = HttpSysServer::with_driver(HttpSysOptions::default(), BrokerDriver::new(place.socket()));
    let application = Arc::new(HostingApplication::new(Named("none")));
    let start = async { tokio::time::timeout(Duration::from_secs(30), server.start(application)).await };
    let error = runtime.block_on(start).expect("in time").expect_err("there is no broker");
    assert!(error.to_string().contains("ERROR_SERVICE_NOT_ACTIVE"), "{error}");
}

/// A broker of this process, as far as its clients cannot tell.
struct OwnBroker {
    runtime: Runtime,
    serving: tokio::task::JoinHandle<()>,
}

impl OwnBroker {
    fn start(socket: &str) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let broker = {
            let _guard = runtime.enter();
            Broker::bind(socket, PortableDriver::new(), BrokerOptions::default()).expect("the broker listens")
        };
        let serving = runtime.spawn(async move { broker.run().await });
        Self { runtime, serving }
    }

    /// Ends with everything that runs in it, as a process does that is killed.
    fn die(self) {
        self.serving.abort();
        self.runtime.shutdown_timeout(LIMIT);
    }
}

fn serve(socket: &str, handler: impl Handler) -> (Runtime, Arc<HttpSysServer>, SocketAddr) {
    let runtime = Runtime::new().expect("a runtime");
    let mut options = HttpSysOptions::default();
    options.add_prefix("http://127.0.0.1:0/").expect("a prefix");
    let server = Arc::new(HttpSysServer::with_driver(options, BrokerDriver::new(socket)));
    let application = Arc::new(HostingApplication::new(handler));
    runtime.block_on(server.start(application)).expect("the server starts");
    let port = runtime.block_on(server.prefixes())[0].port();
    (runtime, server, ([127, 0, 0, 1], port).into())
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

    let broker = OwnBroker::start(&place.socket());
    wait_for_listener(address);
    // The same application goes on. The prefix comes before the receives; requests wait.
    assert_eq!(get(address, "x", "/2", "").expect("an answer").body, "3");
    let back = ([127, 0, 0, 1], taken_back.port()).into();
    assert!(std::net::TcpStream::connect::<SocketAddr>(back).is_err(), "what was taken back stays so");
    broker.die();
    runtime.block_on(server.stop(Deadline::now())).expect("a stop needs no broker");
}
