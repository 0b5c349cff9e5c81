//! The client of HTTP/1.1, `wrk`.

use std::{
    env, fs,
    path::PathBuf,
    process::{self, Command},
    time::Duration,
};

use super::{client::Done, scenario::Scenario};
use crate::shell;

const PIPELINED: &str = "\
init = function(args)
  local requests = {}
  for i = 1, 16 do
    requests[i] = wrk.format('GET', '/')
  end
  batch = table.concat(requests)
end

request = function()
  return batch
end
";

const UPLOAD: &str = "\
wrk.method = 'POST'
wrk.body = string.rep('x', 1024 * 1024)
";

fn script(scenario: Scenario) -> Option<&'static str> {
    match scenario {
        Scenario::Pipelined => Some(PIPELINED),
        Scenario::Upload => Some(UPLOAD),
        _ => None,
    }
}

/// The client, with its scripts in a folder that goes when this is dropped.
pub(super) struct Wrk {
    folder: PathBuf,
    connections: u64,
}

impl Wrk {
    pub(super) fn new(connections: u64) -> Result<Self, String> {
        let wrk =
            Self { folder: env::temp_dir().join(format!("falconry-wrk-{}", process::id())), connections };
        let cannot = |error| format!("{} cannot be written: {error}", wrk.folder.display());
        fs::create_dir_all(&wrk.folder).map_err(cannot)?;
        for scenario in Scenario::ALL {
            if let Some(script) = script(scenario) {
                fs::write(wrk.script(scenario), script).map_err(cannot)?;
            }
        }
        Ok(wrk)
    }

    /// Runs one scenario on one thread.
    pub(super) fn run(&self, scenario: Scenario, port: u16, length: Duration) -> Result<Done, String> {
        let mut command = Command::new(shell::find("wrk").unwrap_or_else(|| "wrk".into()));
        command.args(["--threads", "1", "--timeout", "10s", "--latency"]);
        command.args(["--connections", &self.connections.to_string()]);
        command.args(["--duration", &format!("{}s", length.as_secs())]);
        if script(scenario).is_some() {
            command.arg("--script").arg(self.script(scenario));
        }
        command.arg(format!("{}://127.0.0.1:{port}{}", scenario.scheme(), scenario.path()));
        parse(&shell::output(&mut command)?)
    }

    fn script(&self, scenario: Scenario) -> PathBuf {
        self.folder.join(format!("{}.lua", scenario.name()))
    }
}

impl Drop for Wrk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Finds `N requests in 4.00s, 12MB read`; errors of any kind spoil the measurement.
fn parse(output: &str) -> Result<Done, String> {
    if let Some(line) = output.lines().find(|line| line.contains("Non-2xx") || line.contains("Socket errors"))
    {
        return Err(format!("the client saw errors: {}", line.trim()));
    }
    let done = output.lines().find_map(|line| {
        let (requests, rest) = line.trim().split_once(" requests in ")?;
        let seconds = seconds(rest.split(',').next()?)?;
        Some(Done { requests: requests.parse().ok()?, seconds, p99: p99(output) })
    });
    match done {
        Some(done) if done.requests > 0 && done.seconds > 0.0 => Ok(done),
        _ => Err(format!("the client completed no request:\n{output}")),
    }
}

/// Of the line `99%    1.91ms`.
fn p99(output: &str) -> Option<Duration> {
    let value = output.lines().find_map(|line| line.trim().strip_prefix("99%"))?.trim();
    let seconds = match value.strip_suffix("us") {
        Some(value) => value.parse::<f64>().ok()? / 1e6,
        None => match value.strip_suffix("ms") {
            Some(value) => value.parse::<f64>().ok()? / 1e3,
            None => seconds(value)?,
        },
    };
    Duration::try_from_secs_f64(seconds).ok()
}

/// `4.00s` or `1.50m`.
fn seconds(text: &str) -> Option<f64> {
    match text.strip_suffix('s') {
        Some(seconds) => seconds.parse().ok(),
        None => text.strip_suffix('m')?.parse::<f64>().ok().map(|minutes| minutes * 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "Running 4s test @ http://127.0.0.1:1/\n  1 threads and 32 connections\n  \
        123456 requests in 4.01s, 15.00MB read\nRequests/sec:  30786.00\n";

    #[test]
    fn the_summary_is_read() {
        assert_eq!(parse(OUTPUT), Ok(Done { requests: 123_456, seconds: 4.01, p99: None }));
        assert_eq!(seconds("1.50m"), Some(90.0));
        for (line, micros) in [("99%  512.00us", 512), ("99%    1.91ms", 1910), ("99%    1.20s", 1_200_000)] {
            let output = format!("{OUTPUT}  Latency Distribution\n     50%  1.00us\n     {line}\n");
            assert_eq!(parse(&output).unwrap().p99, Some(Duration::from_micros(micros)));
        }
    }

    #[test]
    fn errors_spoil_a_measurement() {
        assert!(parse(&format!("{OUTPUT}  Non-2xx or 3xx responses: 1\n")).is_err());
        assert!(parse("  0 requests in 4.01s, 0.00B read\n").is_err());
    }
}
