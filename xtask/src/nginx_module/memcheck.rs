//! Memcheck of an nginx with the module, under requests of all kinds.

use std::{
    fs,
    net::TcpStream,
    path::Path,
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Configuration, Module, load};
use crate::{peers, shell};

/// How long an nginx under valgrind may take to start, and to stop.
const PATIENCE: Duration = Duration::from_secs(180);

pub(super) fn run(module: &Module, app: &Path, requests: u64) -> Result<ExitCode, String> {
    peers::require(&[peers::VALGRIND])?;
    let port = shell::free_address()?.port();
    let configuration = Configuration::new(module, app, port)?;
    let log = shell::root().join(format!("target/nginx/memcheck-{port}.log"));
    let mut nginx = configuration.command(&module.nginx);
    // One process: there is nothing to be said of a fork.
    nginx.args(["-g", "master_process off;"]);
    let mut valgrind = Command::new("valgrind");
    valgrind
        .arg(format!("--log-file={}", log.display()))
        .args(["--leak-check=full", "--errors-for-leak-kinds=none", "--num-callers=20"])
        .arg(nginx.get_program())
        .args(nginx.get_args())
        .stdin(Stdio::null());
    let child = valgrind.spawn().map_err(|error| format!("valgrind cannot be started: {error}"))?;
    let mut nginx = Running(child);
    nginx.wait_for(port)?;
    let start = Instant::now();
    load::run(port, requests)?;
    println!("{requests} requests in {:.0} s", start.elapsed().as_secs_f64());
    nginx.quit()?;
    let report = fs::read_to_string(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    let found = |what: &str| report.lines().find(|line| line.contains(what)).unwrap_or("nothing").to_owned();
    println!("{}\n{}", found("ERROR SUMMARY"), found("definitely lost:"));
    if found("ERROR SUMMARY").contains(" 0 errors ") {
        Ok(ExitCode::SUCCESS)
    } else {
        println!("the report is {}", log.display());
        Ok(ExitCode::FAILURE)
    }
}

/// nginx under valgrind, ended when dropped.
struct Running(Child);

impl Running {
    fn wait_for(&mut self, port: u16) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Ok(Some(status)) = self.0.try_wait() {
                return Err(format!("nginx ended: {status}"));
            }
            if Instant::now() > until {
                return Err(format!("nginx does not listen after {PATIENCE:?}"));
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Asks it to end in order, and waits.
    fn quit(&mut self) -> Result<(), String> {
        shell::output(Command::new("kill").arg("-QUIT").arg(self.0.id().to_string()))?;
        let until = Instant::now() + PATIENCE;
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(format!("nginx ended: {status}")),
                Err(error) => return Err(format!("nginx cannot be waited for: {error}")),
                Ok(None) if Instant::now() > until => {
                    return Err(format!("nginx has not ended after {PATIENCE:?}"));
                }
                Ok(None) => thread::sleep(Duration::from_millis(100)),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
