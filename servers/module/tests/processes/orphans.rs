//! Nothing outlives the module.

use std::{
    io::Read,
    net::TcpListener,
    sync::mpsc::{self, Receiver},
    thread,
};

use crate::{
    client::FOREVER,
    module::{Module, kill},
    web_config::WebConfig,
};

/// Connections that a program and what it has started hold open.
struct Held {
    ended: Receiver<()>,
}

impl Held {
    /// All who held one have ended.
    fn wait(self) {
        for _ in 0..MEMBERS {
            self.ended.recv_timeout(FOREVER).expect("somebody still holds a connection");
        }
    }
}

/// The program, and what it has started.
const MEMBERS: usize = 2;

/// The contract app, which has started something else.
fn start() -> (Module, Held) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (connected, connections) = mpsc::channel();
    let (sender, ended) = mpsc::channel();
    let configuration = WebConfig::new(&format!("family:{}", listener.local_addr().unwrap()));
    thread::spawn(move || {
        for _ in 0..MEMBERS {
            let (mut stream, _) = listener.accept().unwrap();
            connected.send(()).unwrap();
            let sender = sender.clone();
            thread::spawn(move || {
                // An error is the end of a program that was killed, too.
                let _ = stream.read(&mut [0]);
                let _ = sender.send(());
            });
        }
    });
    let module = Module::start(&configuration);
    assert_eq!(module.get("/").body, "Hello World!");
    for _ in 0..MEMBERS {
        connections.recv_timeout(FOREVER).expect("the family is complete");
    }
    assert!(ended.try_recv().is_err());
    (module, Held { ended })
}

pub(crate) fn module_killed() {
    let (mut module, held) = start();
    module.kill();
    module.end();
    held.wait();
}

pub(crate) fn grandchildren() {
    let (module, held) = start();
    // The leader alone: what it has started would go on.
    kill(module.processes()[0]);
    held.wait();
    module.state_when("/", |state| state["crashes"] == 1);
}

#[cfg(unix)]
pub(crate) fn keeper_killed() {
    let (module, held) = start();
    let program = module.processes()[0];
    let status = std::fs::read_to_string(format!("/proc/{program}/status")).unwrap();
    let keeper = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim();
    let keeper: u64 = keeper.parse().unwrap();
    assert_ne!(keeper, u64::from(module.id()));
    kill(keeper);
    held.wait();
    module.state_when("/", |state| state["crashes"] == 1);
    assert_eq!(module.get("/").body, "Hello World!");
}
