//! The keeper's own life.

use std::{
    env,
    ffi::OsString,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    process::{Child, Command, ExitCode, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::{EXEC, Exit, KILL, Message, TERMINATE};

/// Keeps the program with these arguments until it or the module has ended.
pub(super) fn run(program: impl Iterator<Item = OsString>) -> ExitCode {
    match keep(program) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the process could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}

fn keep(program: impl Iterator<Item = OsString>) -> io::Result<()> {
    let socket: OwnedFd = io::stdin().as_fd().try_clone_to_owned()?;
    let mut socket = UnixStream::from(socket);
    let mut child = spawn(program)?;
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
    tell(&mut socket, Message::Started(child.id()))?;

    let group = Arc::new(Mutex::new(Some(id)));
    let obeys = Arc::clone(&group);
    let commands = socket.try_clone()?;
    thread::spawn(move || obey(commands, &obeys));

    // The group is killed while the program's process id cannot mean anything else yet: before it is waited for.
    let seen = loop {
        match waitid(WaitId::Pid(id), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Err(error) if error == rustix::io::Errno::INTR => {}
            other => break other,
        }
    };
    let mut group = group.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(id) = group.take() {
        let _ = kill_process_group(id, Signal::KILL);
    }
    seen?;
    let exit = end(&mut child)?;
    // The module may be gone.
    let _ = tell(&mut socket, Message::Ended(exit));
    Ok(())
}

fn tell(socket: &mut UnixStream, message: Message) -> io::Result<()> {
    socket.write_all(format!("{message}\n").as_bytes())
}

/// Starts what becomes the program, as the leader of a group.
fn spawn(program: impl Iterator<Item = OsString>) -> io::Result<Child> {
    let own = std::process::id().to_string();
    let mut command = if cfg!(target_os = "linux") {
        let mut command = Command::new("/proc/self/exe");
        command.arg(EXEC).arg(own);
        command
    } else {
        let mut command = Command::new(env::current_exe()?);
        command.arg(EXEC).arg(own);
        command
    };
    command.args(program).stdin(Stdio::null()).process_group(0).spawn()
}

/// Does what the module asks for; when it is gone, kills the group.
fn obey(mut commands: UnixStream, group: &Mutex<Option<Pid>>) {
    loop {
        let mut command = [0];
        let signal = match commands.read(&mut command) {
            Ok(1) if command[0] == TERMINATE => Signal::TERM,
            Ok(1) if command[0] == KILL => Signal::KILL,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(1) => continue,
            _ => Signal::KILL,
        };
        let group = group.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(id) = *group else { return };
        let _ = kill_process_group(id, signal);
        drop(group);
        if signal == Signal::KILL {
            return;
        }
    }
}

fn end(child: &mut Child) -> io::Result<Exit> {
    use std::os::unix::process::ExitStatusExt;
    let status = child.wait()?;
    let signal = status.signal().map(Exit::Signal);
    Ok(status.code().map(Exit::Code).or(signal).unwrap_or(Exit::Unknown))
}
