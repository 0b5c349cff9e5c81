//! Nothing outlives the module.

use std::{
    fs::{self, File, OpenOptions},
    io::Read,
    path::PathBuf,
    process::Command,
    sync::mpsc,
    thread,
};

use crate::{
    client::FOREVER,
    module::{Module, signal},
    scratch::Scratch,
    web_config::WebConfig,
};

/// A pipe that a program and all that it starts hold open.
struct Held {
    path: PathBuf,
    ended: mpsc::Receiver<()>,
    /// Keeps the reader from an early end.
    guard: Option<File>,
}

impl Held {
    fn new(scratch: &Scratch) -> Self {
        let path = scratch.join("held");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let (sender, ended) = mpsc::channel();
        // Opened for both, a pipe opens at once; with it open, the others do as well.
        let both = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let mut reader = File::open(&path).unwrap();
        let guard = OpenOptions::new().write(true).open(&path).unwrap();
        drop(both);
        thread::spawn(move || {
            let _ = reader.read_to_end(&mut Vec::new());
            let _ = sender.send(());
        });
        Self { path, ended, guard: Some(guard) }
    }

    /// All who held it have ended.
    fn wait(mut self) {
        self.guard.take();
        self.ended.recv_timeout(FOREVER).expect("somebody still holds the pipe");
    }
}

/// The contract app behind a shell that has started something else, both holding the pipe.
fn family(scratch: &Scratch, held: &Held) -> WebConfig {
    let program = std::env::current_exe().unwrap();
    let held = held.path.display();
    let script = format!(
        "exec 9>'{held}'\n(trap '' TERM HUP INT; exec sleep 1000) &\n\"{}\" &\nwait $!\n",
        program.display()
    );
    scratch.write("family.sh", &script);
    WebConfig::program("sh")
        .attribute("arguments", "family.sh")
        .variable(crate::backend::VARIABLE, "contract")
}

fn start() -> (Module, Held) {
    let scratch = Scratch::new();
    let held = Held::new(&scratch);
    let configuration = family(&scratch, &held);
    scratch.write("web.config", &configuration.text());
    let module = Module::in_folder(scratch, &["--config", "web.config"]);
    assert_eq!(module.get("/").body, "Hello World!");
    (module, held)
}

pub(crate) fn module_killed() {
    let (mut module, held) = start();
    signal("KILL", module.id().into());
    module.end();
    held.wait();
}

pub(crate) fn grandchildren() {
    let (module, held) = start();
    // The leader alone: what it has started would go on.
    signal("KILL", module.processes()[0]);
    held.wait();
    module.state_when("/", |state| state["crashes"] == 1);
}

pub(crate) fn keeper_killed() {
    let (module, held) = start();
    let program = module.processes()[0];
    let status = fs::read_to_string(format!("/proc/{program}/status")).unwrap();
    let keeper = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().parse().unwrap();
    assert_ne!(keeper, u64::from(module.id()));
    signal("KILL", keeper);
    held.wait();
    module.state_when("/", |state| state["crashes"] == 1);
    module.scratch.write("held", "");
    assert_eq!(module.get("/").body, "Hello World!");
}
