//! A running program on unix, through its keeper.

use std::{
    io,
    os::{fd::OwnedFd, unix::net::UnixStream as StdUnixStream},
    process::Stdio,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    process::Command,
    sync::{mpsc, watch},
};

use super::launch::Launch;
use crate::keeper::{self, Exit, KILL, Message, TERMINATE};

/// A running program. When this is dropped the program and all that it started are killed.
#[derive(Debug)]
pub(super) struct Child {
    id: u32,
    commands: mpsc::UnboundedSender<u8>,
    exit: watch::Receiver<Option<Exit>>,
}

impl Child {
    /// Starts the program.
    pub(super) async fn spawn(launch: Launch) -> io::Result<Self> {
        if !keeper::is_available() {
            return Err(io::Error::other(
                "a program with a module in it calls `falconry_module::run_keeper_if_asked()` first of all",
            ));
        }
        let (own, keepers) = StdUnixStream::pair()?;
        own.set_nonblocking(true)?;
        // The keeper is not ended by the Ctrl-C that is meant for the module.
        let mut command = Command::new(super::launch::executable()?);
        command.arg0("falconry-module-keeper").arg(keeper::argument()).process_group(0);
        command.arg(&launch.program).args(&launch.arguments);
        command.current_dir(&launch.folder).envs(launch.set.iter().map(|(name, value)| (name, value)));
        for name in &launch.removed {
            command.env_remove(name);
        }
        command.stdin(OwnedFd::from(keepers));
        if let Some(output) = launch.output {
            command.stdout(output.try_clone()?).stderr(output);
        } else {
            command.stdout(Stdio::inherit()).stderr(Stdio::inherit());
        }
        let mut process = command.spawn()?;
        // Holds the other ends of socket and pipe.
        drop(command);
        tokio::spawn(async move { process.wait().await });

        let (read, write) = UnixStream::from_std(own)?.into_split();
        let mut lines = BufReader::new(read).lines();
        let Some(Message::Started(id)) = message(&mut lines).await else {
            return Err(io::Error::other("its keeper could not start it"));
        };
        let (commands, queue) = mpsc::unbounded_channel();
        let (sender, exit) = watch::channel(None);
        tokio::spawn(serve(id, lines, write, queue, sender));
        Ok(Self { id, commands, exit })
    }

    /// The program's process id, which is that of its group.
    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Asks the program to end: SIGTERM to its group.
    pub(super) fn terminate(&self) {
        let _ = self.commands.send(TERMINATE);
    }

    /// Kills the program and all that it started.
    pub(super) fn kill(&self) {
        let _ = self.commands.send(KILL);
    }

    /// Completes when the program has ended.
    pub(super) fn exited(&self) -> impl Future<Output = Exit> + Send + 'static {
        let mut exit = self.exit.clone();
        async move { exit.wait_for(Option::is_some).await.ok().and_then(|exit| *exit).unwrap_or(Exit::Unknown) }
    }
}

/// Carries commands to the keeper until it has told how the program ended, or until nobody is interested any more:
/// then the socket closes, which kills the program.
async fn serve(
    id: u32,
    mut lines: Lines<BufReader<OwnedReadHalf>>,
    mut write: OwnedWriteHalf,
    mut queue: mpsc::UnboundedReceiver<u8>,
    exit: watch::Sender<Option<Exit>>,
) {
    loop {
        tokio::select! {
            message = message(&mut lines) => {
                let end = match message {
                    Some(Message::Ended(end)) => end,
                    _ => {
                        without_keeper(id);
                        Exit::Unknown
                    }
                };
                exit.send_replace(Some(end));
                return;
            }
            command = queue.recv() => {
                let Some(command) = command else { return };
                // A keeper that is gone has closed the socket: the next message tells.
                let _ = write.write_all(&[command]).await;
            }
        }
    }
}

async fn message(lines: &mut Lines<BufReader<OwnedReadHalf>>) -> Option<Message> {
    lines.next_line().await.ok()??.parse().ok()
}

/// Does what a keeper that has been killed cannot do any more.
fn without_keeper(id: u32) {
    if let Some(id) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(id, Signal::KILL);
    }
}
