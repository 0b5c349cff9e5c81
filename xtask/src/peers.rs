//! Programs of the system that tests and benchmarks talk to.

use std::{path::Path, process::Command, sync::OnceLock};

use crate::shell;

/// A program, and the package of Debian that has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

pub(crate) const CURL: Peer = Peer { program: "curl", package: "curl" };
pub(crate) const NGHTTP: Peer = Peer { program: "nghttp", package: "nghttp2-client" };
pub(crate) const NGINX: Peer = Peer { program: "nginx", package: "nginx-light" };
pub(crate) const PYTHON: Peer = Peer { program: "python3", package: "python3" };
pub(crate) const VALGRIND: Peer = Peer { program: "valgrind", package: "valgrind" };
pub(crate) const WRK: Peer = Peer { program: "wrk", package: "wrk" };

/// What the tests need.
pub(crate) const OF_TESTS: [Peer; 5] = [CURL, NGHTTP, NGINX, PYTHON, WRK];

/// Installs those that are missing, if this can be done here. Returns what is missing still, each with the reason.
pub(crate) fn install(peers: &[Peer]) -> Vec<(Peer, String)> {
    let missing = peers.iter().filter(|peer| shell::find(peer.program).is_none());
    missing.filter_map(|peer| install_one(*peer).err().map(|reason| (*peer, reason))).collect()
}

fn install_one(peer: Peer) -> Result<(), String> {
    if shell::find("apt-get").is_none() {
        return Err(format!("there is no apt-get here, install {} by hand", peer.program));
    }
    if !is_root() {
        return Err(format!("only root can install it, run: sudo apt-get install {}", peer.package));
    }
    update_lists()?;
    println!("installing {} for {}", peer.package, peer.program);
    shell::output(apt_get().args(["install", "--yes", "--no-install-recommends", peer.package]))?;
    match shell::find(peer.program) {
        Some(_) => Ok(()),
        None => Err(format!("the package {} has no {}", peer.package, peer.program)),
    }
}

/// Once per run, and only if something is missing.
fn update_lists() -> Result<(), String> {
    static UPDATED: OnceLock<Result<(), String>> = OnceLock::new();
    UPDATED.get_or_init(|| shell::output(apt_get().arg("update")).map(drop)).clone()
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.arg("-qq").env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root() -> bool {
    Path::new("/usr/bin/id").exists()
        && shell::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
