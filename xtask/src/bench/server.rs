//! A peer under measurement: its process, its port and the processor time it took.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::shell;

/// How long a peer may take to accept its first connection.
const PATIENCE: Duration = Duration::from_secs(20);

/// A peer, ended when dropped.
pub(super) struct Server {
    process: Child,
    port: u16,
    /// What the kernel counts processor time in.
    tick: Duration,
}

impl Server {
    /// Starts a peer and waits until it is accepting: it prints its port then.
    pub(super) fn start(command: &mut Command) -> Result<Self, String> {
        let mut server = Self::spawn(command.stdout(Stdio::piped()))?;
        let output = server.process.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .map_err(|error| format!("the server says no port: {error}"))?;
        server.port =
            line.trim().parse().map_err(|_| format!("the server says '{}', no port", line.trim()))?;
        Ok(server)
    }

    /// Starts a peer that will listen there, and waits until it does.
    pub(super) fn start_at(command: &mut Command, address: SocketAddr) -> Result<Self, String> {
        let mut server = Self::spawn(command)?;
        server.port = address.port();
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            if server.process.try_wait().is_ok_and(|ended| ended.is_some()) {
                return Err(format!("{command:?} has ended by itself"));
            }
            if start.elapsed() > PATIENCE {
                return Err(format!("{command:?} does not listen"));
            }
            thread::yield_now();
        }
        Ok(server)
    }

    fn spawn(command: &mut Command) -> Result<Self, String> {
        let tick = tick()?;
        let process = command
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("{command:?} cannot be started: {error}"))?;
        Ok(Self { process, port: 0, tick })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The processor time of all its threads so far and of those of the processes below it, in user and kernel mode.
    pub(super) fn cpu_time(&self) -> Result<Duration, String> {
        Ok(self.tick * ticks_below(&self.process.id().to_string())?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One with children has to end them; it may have ended by itself.
        let id = self.process.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).stderr(Stdio::null()).status();
        let _ = self.process.wait();
    }
}

fn ticks_below(process: &str) -> Result<u32, String> {
    let mut ticks = ticks_of(process)?;
    // Children belong to the thread that started them. Not every kernel tells; then there must be none.
    for thread in fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten() {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            ticks += ticks_below(child)?;
        }
    }
    Ok(ticks)
}

fn ticks_of(process: &str) -> Result<u32, String> {
    let path = format!("/proc/{process}/stat");
    let stat = fs::read_to_string(&path)
        .map_err(|error| format!("{path} cannot be read, which only Linux has: {error}"))?;
    ticks(&stat).ok_or_else(|| format!("{path} is not as expected: {stat}"))
}

/// Fields 14 and 15; the second field is a name in brackets, in which anything may stand.
fn ticks(stat: &str) -> Option<u32> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u32>().ok()? + fields.get(12)?.parse::<u32>().ok()?)
}

fn tick() -> Result<Duration, String> {
    let per_second = shell::output(Command::new("getconf").arg("CLK_TCK"))?;
    match per_second.trim().parse::<u32>() {
        Ok(per_second) if per_second > 0 => Ok(Duration::from_secs(1) / per_second),
        _ => Err(format!("getconf CLK_TCK says '{}'", per_second.trim())),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 152 0 3 0 21 13 0 0 20 0 3 0 100 2 3";
        assert_eq!(super::ticks(stat), Some(34));
        assert_eq!(super::ticks("nonsense"), None);
    }
}
