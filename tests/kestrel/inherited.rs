//! Sockets that a supervisor hands over.

use std::{
    env,
    net::TcpListener,
    os::{fd::OwnedFd, unix::net::UnixListener},
    process::{Child, Command, Stdio},
};

use falconry::WebHost;
use falconry_conformance::contract;

use crate::support::{connect, get};

/// Says to the test below that it is the program that a supervisor has started.
const IS_CHILD: &str = "FALCONRY_TEST_INHERITED";

/// Does nothing unless the next tests run it as a program of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn program_that_inherits() {
    let Ok(url) = env::var(IS_CHILD) else { return };
    let host = WebHost::builder().environment_variables([("PATH", "/bin")]).suppress_status_messages(true);
    let host = host.setting("Kestrel:Endpoints:A:Url", url).build(contract::app()).unwrap();
    host.start().await.unwrap();
    std::future::pending::<()>().await;
}

/// The program above; killed at the end.
struct Program(Child);

impl Program {
    /// Starts it with a socket as its descriptor 3.
    fn start(socket: OwnedFd, url: &str) -> Self {
        let command =
            "export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web; exec \"$0\" \"$@\" 3<&0 0</dev/null";
        let child = Command::new("sh")
            .args(["-c", command, env::current_exe().unwrap().to_str().unwrap()])
            .args(["--exact", "inherited::program_that_inherits", "--nocapture"])
            .env(IS_CHILD, url)
            .stdin(Stdio::from(socket))
            .stdout(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_inherited_socket_is_found_by_its_name_and_by_its_number() {
    for url in ["systemd:web", "http://systemd:web", "fd:3"] {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let program = Program::start(socket.into(), url);
        assert!(get(&mut connect(address)).is_some(), "{url}");
        drop(program);
    }
}

#[test]
fn an_inherited_unix_socket_is_served_and_its_file_stays() {
    let path = env::temp_dir().join(format!("falconry-inherited-{}.sock", std::process::id()));
    let socket = UnixListener::bind(&path).unwrap();
    let program = Program::start(socket.into(), "systemd:web");
    let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
    assert!(get(&mut stream).is_some());
    drop(program);
    std::fs::remove_file(path).expect("the supervisor's file is there");
}
