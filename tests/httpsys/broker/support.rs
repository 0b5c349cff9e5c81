//! Brokers, and processes that attach to them.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::Arc,
    thread,
    time::Instant,
};

use falconry::{Handler, HostingApplication};
use falconry_features::{Deadline, Server, ServerAddressesFeature};
use falconry_httpsys::{
    Broker, BrokerDriver, BrokerOptions, HttpSysOptions, HttpSysServer, PortableDriver, RequestQueueMode,
};
use tokio::runtime::Runtime;

use crate::{
    prefixes::Named,
    support::{LIMIT, get},
};

/// What a process of a test is to be: `broker SOCKET [GROUP]` or `server SOCKET PREFIX [QUEUE]`.
const ROLE: &str = "FALCONRY_HTTPSYS_ROLE";

/// A process of its own. It ends in good order when its input does, at the latest with the test; killed when dropped.
pub(super) struct Process {
    pub(super) child: Child,
    input: Option<ChildStdin>,
    /// What it has said when it was ready.
    pub(super) said: String,
}

impl Process {
    pub(super) fn start(role: &str) -> Self {
        Self::try_start(role).unwrap_or_else(|failure| panic!("{role}: {failure}"))
    }

    /// The error that a server does not start for.
    pub(super) fn try_start(role: &str) -> Result<Self, String> {
        Self::run(Command::new(env::current_exe().expect("the test has a path")), role)
    }

    /// Starts what `command` begins, which is this test program.
    pub(super) fn run(mut command: Command, role: &str) -> Result<Self, String> {
        let mut child = command
            .args(["broker::support::a_process_of_a_test", "--exact", "--ignored", "--nocapture"])
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the process starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let first = lines.find_map(|line| {
            let line = line.ok()?;
            let (_, said) = line.split_once("ready ").or_else(|| line.split_once("failed "))?;
            Some((said.to_owned(), line.contains("ready ")))
        });
        let (said, is_ready) = first.expect("the process gets ready");
        // It must not be stopped by a full pipe.
        thread::spawn(move || lines.for_each(drop));
        let process = Self { input: child.stdin.take(), child, said };
        if is_ready { Ok(process) } else { Err(process.said.clone()) }
    }

    pub(super) fn address(&self) -> SocketAddr {
        let port = self.said.split(':').nth(2).and_then(|rest| rest.split('/').next()?.parse().ok());
        ([127, 0, 0, 1], port.expect("a port")).into()
    }

    /// Ends in good order.
    pub(super) fn finish(mut self) {
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
        ["broker", socket, ref groups @ ..] => {
            // A panic of one of its tasks would go unnoticed.
            std::panic::set_hook(Box::new(|panic| {
                eprintln!("the broker panics: {panic}");
                std::process::abort();
            }));
            let _guard = runtime.enter();
            let mut options = BrokerOptions::default();
            for group in groups {
                options.allow_group(group).expect("a group");
            }
            let broker = Broker::bind(socket, PortableDriver::new(), options).expect("the broker listens");
            println!("ready {socket}");
            runtime.spawn(async move { broker.run().await });
            until_end_of_input();
        }
        ["server", socket, prefix, ref queue @ ..] => {
            let mut options = HttpSysOptions::default();
            options.add_prefix(prefix).expect("a prefix");
            if let Some(queue) = queue.first() {
                options.set_request_queue_name((*queue).to_owned()).expect("a name");
                options.request_queue_mode = RequestQueueMode::CreateOrAttach;
            }
            let server = HttpSysServer::with_driver(options, BrokerDriver::new(socket));
            let application = Arc::new(HostingApplication::new(Named("process")));
            if let Err(error) = runtime.block_on(server.start(application)) {
                return println!("failed {error}");
            }
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
pub(super) struct Place(pub(super) PathBuf);

impl Place {
    pub(super) fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("falconry-httpsys-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    pub(super) fn socket(&self) -> String {
        self.0.join("broker.sock").display().to_string()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Asks until the status is this: the broker learns of a death a moment later.
pub(super) fn wait_for_status(address: SocketAddr, target: &str, status: u16) {
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
pub(super) fn wait_for_listener(address: SocketAddr) {
    let until = Instant::now() + LIMIT;
    while std::net::TcpStream::connect(address).is_err() {
        assert!(Instant::now() < until, "nobody listens");
        thread::yield_now();
    }
}

/// A broker of this process, as far as its clients cannot tell.
pub(super) struct OwnBroker {
    runtime: Runtime,
    serving: tokio::task::JoinHandle<()>,
}

impl OwnBroker {
    pub(super) fn start(socket: &str) -> Self {
        Self::start_on(socket, PortableDriver::new())
    }

    /// The same on a driver that others use, too.
    pub(super) fn start_on(socket: &str, driver: PortableDriver) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let broker = {
            let _guard = runtime.enter();
            Broker::bind(socket, driver, BrokerOptions::default()).expect("the broker listens")
        };
        let serving = runtime.spawn(async move { broker.run().await });
        Self { runtime, serving }
    }

    /// Ends with everything that runs in it, as a process does that is killed.
    pub(super) fn die(self) {
        self.serving.abort();
        self.runtime.shutdown_timeout(LIMIT);
    }
}

pub(super) fn serve(socket: &str, handler: impl Handler) -> (Runtime, Arc<HttpSysServer>, SocketAddr) {
    let runtime = Runtime::new().expect("a runtime");
    let mut options = HttpSysOptions::default();
    options.add_prefix("http://127.0.0.1:0/").expect("a prefix");
    let server = Arc::new(HttpSysServer::with_driver(options, BrokerDriver::new(socket)));
    let application = Arc::new(HostingApplication::new(handler));
    runtime.block_on(server.start(application)).expect("the server starts");
    let port = runtime.block_on(server.prefixes())[0].port();
    (runtime, server, ([127, 0, 0, 1], port).into())
}
