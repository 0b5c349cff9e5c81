//! A running program on Windows, in a job object.

use std::{io, process::Stdio};

use process_wrap::tokio::{ChildWrapper, CommandWrap, CreationFlags, JobObject, KillOnDrop};
use tokio::{
    process::Command,
    sync::{mpsc, watch},
};

use super::launch::Launch;
use crate::keeper::Exit;

/// `CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW`: Ctrl-C in the module's console is not the program's.
const FLAGS: u32 = 0x0000_0200 | 0x0800_0000;

/// A running program. It is in its job object before it runs. The job object kills it, and all that it started, when its
/// handle closes: when this is dropped, when the program itself has ended, and however the module ends.
#[derive(Debug)]
pub(super) struct Child {
    id: u32,
    kill: mpsc::UnboundedSender<()>,
    exit: watch::Receiver<Option<Exit>>,
}

impl Child {
    /// Starts the program.
    #[allow(clippy::unused_async, reason = "as on unix")]
    pub(super) async fn spawn(launch: Launch) -> io::Result<Self> {
        let mut command = Command::new(&launch.program);
        command.args(&launch.arguments).current_dir(&launch.folder);
        command.envs(launch.set.iter().map(|(name, value)| (name, value)));
        for name in &launch.removed {
            command.env_remove(name);
        }
        command.stdin(Stdio::null());
        if let Some(output) = launch.output {
            command.stdout(output.try_clone()?).stderr(output);
        }
        let mut flags = CreationFlags(Default::default());
        flags.0.0 = FLAGS;
        let mut command = CommandWrap::from(command);
        let name = launch.program.display();
        let process = command
            .wrap(flags)
            .wrap(KillOnDrop)
            .wrap(JobObject)
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{name} cannot be run: {error}")))?;
        // Holds the other end of the pipe.
        drop(command);
        let id = process.id().unwrap_or_default();
        let (kill, killed) = mpsc::unbounded_channel();
        let (sender, exit) = watch::channel(None);
        tokio::spawn(watch_over(process, killed, sender));
        Ok(Self { id, kill, exit })
    }

    /// The program's process id.
    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Asks the program to end. A program without a window and without a console has no way to hear that but the message,
    /// which has been tried: it is killed.
    pub(super) fn terminate(&self) {
        self.kill();
    }

    /// Kills the program and all that it started.
    pub(super) fn kill(&self) {
        let _ = self.kill.send(());
    }

    /// Completes when the program has ended.
    pub(super) fn exited(&self) -> impl Future<Output = Exit> + Send + 'static {
        let mut exit = self.exit.clone();
        async move { exit.wait_for(Option::is_some).await.ok().and_then(|exit| *exit).unwrap_or(Exit::Unknown) }
    }
}

/// Waits until the program has ended, or shall: because somebody says so, or because nobody is interested any more. What it
/// has started ends with it.
async fn watch_over(
    mut process: Box<dyn ChildWrapper>,
    mut killed: mpsc::UnboundedReceiver<()>,
    exit: watch::Sender<Option<Exit>>,
) {
    // The program alone: the wrapper itself would wait for what it has started, too.
    let mut end = tokio::select! {
        end = process.inner_mut().wait() => Some(end),
        _ = killed.recv() => None,
    };
    // All of the job. It fails if nobody is left.
    let _ = process.start_kill();
    if end.is_none() {
        end = Some(process.inner_mut().wait().await);
    }
    drop(process);
    let code = end.and_then(Result::ok).and_then(|status| status.code());
    exit.send_replace(Some(code.map_or(Exit::Unknown, Exit::Code)));
}
