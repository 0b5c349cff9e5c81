//! From the keeper's executable to the program.

use std::{
    ffi::OsString,
    os::unix::process::CommandExt,
    process::{Command, ExitCode},
};

/// What shells give for a program that cannot be run.
const CANNOT_RUN: u8 = 126;

/// Becomes the program, which dies with the keeper. The arguments are the keeper's process id and the program.
pub(super) fn exec(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let (Some(keeper), Some(program)) = (arguments.next(), arguments.next()) else {
        return ExitCode::from(CANNOT_RUN);
    };
    if let Err(error) = die_with_parent(&keeper) {
        eprintln!("the process cannot be tied to its keeper: {error}");
        return ExitCode::from(CANNOT_RUN);
    }
    let error = Command::new(&program).args(arguments).exec();
    eprintln!("{} cannot be run: {error}", program.display());
    ExitCode::from(CANNOT_RUN)
}

#[cfg(target_os = "linux")]
fn die_with_parent(keeper: &OsString) -> std::io::Result<()> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    // Execution of a program leaves this as it is.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let parent = getppid().map(|id| id.as_raw_nonzero().to_string());
    match parent.as_deref() == keeper.to_str() {
        true => Ok(()),
        false => Err(std::io::Error::other("the keeper has ended")),
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &OsString) -> std::io::Result<()> {
    Ok(())
}
