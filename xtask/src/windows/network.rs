//! A network of one's own for the tests: Wine's HTTP.sys listens on every address, whatever it is told.

use std::{
    env,
    process::{Command, Stdio},
};

use super::{INSIDE, wine::Wine};
use crate::{
    peers::{self, Peer},
    shell,
    test::{self, Tally},
};

const TOOLS: [Peer; 3] = [
    Peer { program: "ip", package: "iproute2" },
    Peer { program: "setpriv", package: "util-linux" },
    Peer { program: "unshare", package: "util-linux" },
];

/// Processes are of their own, too: when the first ends, all end, Wine's services included.
const OWN: [&str; 5] = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

/// The prefix of the tests. Wine's server must not be one outside.
pub(super) const PREFIX: &str = "wine";

/// Runs `cargo xtask windows inside` there, and adds its results to `tally`. True if it went well.
pub(super) fn with_own(arguments: &[String], tally: &mut Tally) -> Result<bool, String> {
    peers::require(&TOOLS)?;
    // Nothing can be installed there.
    Wine::new(PREFIX)?.end();
    let program = env::current_exe().map_err(|error| format!("this program has no path: {error}"))?;
    let mut command = match ways().into_iter().find(|way| can(way)) {
        Some(way) => {
            let mut command = within(&way);
            command.arg(program);
            command
        }
        None => {
            println!("no network of its own can be made here: HTTP.sys listens on every address meanwhile");
            Command::new(program)
        }
    };
    command.args(["windows", INSIDE]).args(arguments);
    let outcome = test::follow(&mut command, tally);
    Wine::new(PREFIX)?.end();
    outcome
}

/// The loopback device, which is there but not up.
pub(super) fn set_up() -> Result<(), String> {
    shell::output(Command::new("ip").args(["link", "set", "lo", "up"])).map(drop)
}

/// As root, and as somebody who is root only there.
fn ways() -> [Vec<&'static str>; 2] {
    [OWN.to_vec(), [&["--user", "--map-root-user"][..], &OWN].concat()]
}

fn can(way: &[&str]) -> bool {
    let mut command = within(way);
    let status = command.arg("true").stdin(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// What ends with this program, however that ends.
fn within(way: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "unshare"]).args(way);
    command
}
