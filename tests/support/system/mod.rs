//! Programs under test as processes: what unix and Windows do differently.

#![allow(dead_code, unused_imports, reason = "each test program uses a part")]

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod of_this_system;

use std::{env, path::Path, process::Command};

pub(crate) use self::of_this_system::{WAYS_TO_STOP, ask_to_stop, kill};

/// The program, which gets nothing of this process's environment but what every program needs.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = of_this_system::command(program);
    command.env_clear();
    for name in of_this_system::NEEDED_VARIABLES {
        command.envs(env::var_os(name).map(|value| (name, value)));
    }
    command
}
