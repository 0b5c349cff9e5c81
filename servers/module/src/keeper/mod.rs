//! The keeper: a process between the module and a program, so that nothing the program started outlives the module.
//!
//! The module starts its own executable once more, as the keeper, with a socket as its standard input. The keeper starts
//! the program as the leader of a process group, passes signals on that the module asks for, and tells how the program
//! ended. When the socket closes, because the module is gone however it went, or when the program ends, it kills the
//! group. On Linux the program also dies with the keeper: between the two the executable runs a third time, asks the
//! system for that, and becomes the program.

#[cfg(unix)]
mod exec;
mod message;
#[cfg(unix)]
mod run;

pub(crate) use self::message::Exit;
#[cfg(unix)]
pub(crate) use self::message::{KILL, Message, TERMINATE};

use std::{
    env,
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};

/// The first argument of a keeper; the program and its arguments follow.
const KEEP: &str = "--falconry-module-keep";
/// The first argument of what becomes the program; the keeper's process id, the program and its arguments follow.
const EXEC: &str = "--falconry-module-exec";

static WAS_CALLED: AtomicBool = AtomicBool::new(false);

/// Does the work of a keeper, or of a worker with an application's library in it, if this process was started as one; the
/// program ends with what it gives.
///
/// A program with a [`Module`](crate::Module) in it calls this first of all: the module starts processes through the
/// executable that it is part of, on unix all of them, elsewhere workers.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// fn main() -> ExitCode {
///     if let Some(code) = falconry_module::run_keeper_if_asked() {
///         return code;
///     }
///     // The program itself.
///     ExitCode::SUCCESS
/// }
/// ```
pub fn run_keeper_if_asked() -> Option<ExitCode> {
    WAS_CALLED.store(true, Ordering::Relaxed);
    let mut arguments = env::args_os().skip(1);
    let first = arguments.next()?;
    #[cfg(feature = "in-process")]
    if first == crate::in_process::WORK {
        return Some(crate::in_process::run_worker(arguments));
    }
    #[cfg(unix)]
    if first == KEEP {
        return Some(run::run(arguments));
    } else if first == EXEC {
        return Some(exec::exec(arguments));
    }
    #[cfg(not(unix))]
    let _ = (first, KEEP, EXEC);
    None
}

/// The arguments with which the module starts a keeper.
#[cfg(unix)]
pub(crate) fn argument() -> &'static str {
    KEEP
}

/// Whether this executable can be a keeper, or a worker.
pub(crate) fn is_available() -> bool {
    WAS_CALLED.load(Ordering::Relaxed)
}
