//! A peer under measurement: its process, its port and the processor time it took.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::shell;

/// A peer, killed when dropped.
pub(super) struct Server {
    process: Child,
    port: u16,
    /// What the kernel counts processor time in.
    tick: Duration,
}

impl Server {
    /// Starts a peer and waits until it is accepting: it prints its port then.
    pub(super) fn start(program: &Path) -> Result<Self, String> {
        let process = Command::new(program)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let mut server = Self { process, port: 0, tick: tick()? };
        let output = server.process.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .map_err(|error| format!("the server says no port: {error}"))?;
        server.port =
            line.trim().parse().map_err(|_| format!("the server says '{}', no port", line.trim()))?;
        Ok(server)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The processor time of all its threads so far, in user and kernel mode.
    pub(super) fn cpu_time(&self) -> Result<Duration, String> {
        let path = format!("/proc/{}/stat", self.process.id());
        let stat = fs::read_to_string(&path)
            .map_err(|error| format!("{path} cannot be read, which only Linux has: {error}"))?;
        let ticks = ticks(&stat).ok_or_else(|| format!("{path} is not as expected: {stat}"))?;
        Ok(self.tick * ticks)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
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
