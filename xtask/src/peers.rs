//! Programs of the system that tests and benchmarks talk to.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::Path,
    process::Command,
    sync::OnceLock,
};

use crate::shell;

/// A program, and the package of Debian that has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

pub(crate) const APACHE: Peer = Peer { program: "apache2", package: "apache2" };
pub(crate) const CHROMIUM: Peer = Peer { program: "chromium", package: "chromium" };
pub(crate) const CURL: Peer = Peer { program: "curl", package: "curl" };
pub(crate) const H2LOAD: Peer = Peer { program: "h2load", package: "nghttp2-client" };
pub(crate) const HAPROXY: Peer = Peer { program: "haproxy", package: "haproxy" };
pub(crate) const MAKE: Peer = Peer { program: "make", package: "make" };
pub(crate) const NGHTTP: Peer = Peer { program: "nghttp", package: "nghttp2-client" };
pub(crate) const NGHTTPX: Peer = Peer { program: "nghttpx", package: "nghttp2-proxy" };
pub(crate) const NGINX: Peer = Peer { program: "nginx", package: "nginx-light" };
pub(crate) const NGINX_DEV: Peer = Peer { program: "dh_nginx", package: "nginx-dev" };
pub(crate) const OPENSSL: Peer = Peer { program: "openssl", package: "openssl" };
pub(crate) const PYTHON: Peer = Peer { program: "python3", package: "python3" };
pub(crate) const VALGRIND: Peer = Peer { program: "valgrind", package: "valgrind" };
pub(crate) const WRK: Peer = Peer { program: "wrk", package: "wrk" };

/// What the tests need.
pub(crate) const OF_TESTS: [Peer; 11] =
    [APACHE, CHROMIUM, CURL, H2LOAD, HAPROXY, NGHTTP, NGHTTPX, NGINX, NGINX_DEV, PYTHON, WRK];

/// What the benchmarks need.
pub(crate) const OF_BENCH: [Peer; 4] = [H2LOAD, NGINX, OPENSSL, WRK];

/// Installs those that are missing, if this can be done here. Returns what is missing still, each with the reason.
pub(crate) fn install(peers: &[Peer]) -> Vec<(Peer, String)> {
    let missing = peers.iter().filter(|peer| shell::find(peer.program).is_none());
    missing.filter_map(|peer| install_one(*peer).err().map(|reason| (*peer, reason))).collect()
}

/// As [`install`], where nothing can be done without any of them.
pub(crate) fn require(peers: &[Peer]) -> Result<(), String> {
    let missing = install(peers);
    let reasons = missing.iter().map(|(peer, reason)| format!("{} is missing: {reason}", peer.program));
    if missing.is_empty() { Ok(()) } else { Err(reasons.collect::<Vec<_>>().join("\n")) }
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
    let _policy = NoDaemons::new()?;
    shell::output(apt_get().args(["install", "--yes", "--no-install-recommends", peer.package]))?;
    match shell::find(peer.program) {
        Some(_) => Ok(()),
        None => Err(format!("the package {} has no {}", peer.package, peer.program)),
    }
}

/// While it lives, packages start no daemons when they are installed: tests run their own, and nothing shall listen on
/// port 80 because of them. Debian asks this program before it starts anything (`man invoke-rc.d`); one that is there
/// already is left as it is.
struct NoDaemons {
    policy: Option<&'static Path>,
}

impl NoDaemons {
    const POLICY: &str = "/usr/sbin/policy-rc.d";

    fn new() -> Result<Self, String> {
        let path = Path::new(Self::POLICY);
        let cannot = |error| format!("{} cannot be written: {error}", Self::POLICY);
        match File::create_new(path) {
            Ok(mut file) => {
                let policy = Self { policy: Some(path) };
                // 101: the action is forbidden by policy.
                file.write_all(b"#!/bin/sh\nexit 101\n").map_err(cannot)?;
                shell::output(Command::new("chmod").arg("755").arg(path))?;
                Ok(policy)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Self { policy: None }),
            Err(error) => Err(cannot(error)),
        }
    }
}

impl Drop for NoDaemons {
    fn drop(&mut self) {
        if let Some(path) = self.policy {
            let _ = fs::remove_file(path);
        }
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
