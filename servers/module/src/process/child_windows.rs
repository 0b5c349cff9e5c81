//! A running program on Windows, in a job object.

use std::{io, process::Stdio, sync::Mutex};

use tokio::{process::Command, sync::watch};
use win32job::Job;

use super::launch::Launch;
use crate::keeper::Exit;

/// `CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW`: Ctrl-C in the module's console is not the program's.
const FLAGS: u32 = 0x0000_0200 | 0x0800_0000;

/// A running program. The job object kills it, and all that it started, when its handle closes: when this is dropped,
/// and however the module ends.
#[derive(Debug)]
pub(super) struct Child {
    id: u32,
    job: Mutex<Option<Job>>,
    exit: watch::Receiver<Option<Exit>>,
}

impl Child {
    /// Starts the program.
    pub(super) async fn spawn(launch: Launch) -> io::Result<Self> {
        let job = job().map_err(io::Error::other)?;
        let mut command = Command::new(&launch.program);
        command.kill_on_drop(true);
        command.args(&launch.arguments).current_dir(&launch.folder).creation_flags(FLAGS);
        command.envs(launch.set.iter().map(|(name, value)| (name, value)));
        for name in &launch.removed {
            command.env_remove(name);
        }
        command.stdin(Stdio::null());
        if let Some(output) = launch.output {
            command.stdout(output.try_clone()?).stderr(output);
        }
        let name = launch.program.display();
        let mut process = command
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{name} cannot be run: {error}")))?;
        // Holds the other end of the pipe.
        drop(command);
        let id = process.id().unwrap_or_default();
        if let Some(handle) = process.raw_handle() {
            job.assign_process(handle as isize).map_err(io::Error::other)?;
        }
        let (sender, exit) = watch::channel(None);
        tokio::spawn(async move {
            let code = process.wait().await.ok().and_then(|status| status.code());
            sender.send_replace(Some(code.map_or(Exit::Unknown, Exit::Code)));
        });
        Ok(Self { id, job: Mutex::new(Some(job)), exit })
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
        drop(self.job.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
    }

    /// Completes when the program has ended.
    pub(super) fn exited(&self) -> impl Future<Output = Exit> + Send + 'static {
        let mut exit = self.exit.clone();
        async move { exit.wait_for(Option::is_some).await.ok().and_then(|exit| *exit).unwrap_or(Exit::Unknown) }
    }
}

/// A job whose processes die with its last handle, which only this process has.
fn job() -> Result<Job, win32job::JobError> {
    let job = Job::create()?;
    let mut limits = job.query_extended_limit_info()?;
    limits.limit_kill_on_job_close();
    job.set_extended_limit_info(&limits)?;
    Ok(job)
}
