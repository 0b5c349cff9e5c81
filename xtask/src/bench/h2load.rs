//! The client of HTTP/2, `h2load`.

use std::{process::Command, time::Duration};

use super::{client::Done, scenario::Scenario};
use crate::shell;

pub(super) const CONNECTIONS: u64 = 8;
pub(super) const STREAMS: u64 = 32;

/// Runs one scenario on one thread.
pub(super) fn run(scenario: Scenario, port: u16, length: Duration) -> Result<Done, String> {
    let mut command = Command::new(shell::find("h2load").unwrap_or_else(|| "h2load".into()));
    command.args(["--threads", "1", "--clients", &CONNECTIONS.to_string()]);
    command.args(["--max-concurrent-streams", &STREAMS.to_string()]);
    command.args(["--duration", &length.as_secs().to_string()]);
    command.arg(format!("{}://127.0.0.1:{port}{}", scenario.scheme(), scenario.path()));
    parse(&shell::output(&mut command)?)
}

/// Finds `finished in 4.00s, ...` and `requests: ... N succeeded, N failed, N errored, N timeout`; whatever did not succeed
/// spoils the measurement.
fn parse(output: &str) -> Result<Done, String> {
    let line = |start: &str| output.lines().find_map(|line| line.strip_prefix(start));
    let found = line("requests: ").and_then(|requests| {
        let (seconds, _) = line("finished in ")?.split_once(',')?;
        let count = |what: &str| -> Option<u64> {
            requests.split(", ").find_map(|part| part.strip_suffix(what))?.trim().parse().ok()
        };
        let lost = count("failed")? + count("errored")? + count("timeout")?;
        Some((Done { requests: count("succeeded")?, seconds: time(seconds)?, p99: None }, lost))
    });
    match found {
        Some((_, lost @ 1..)) => Err(format!("the client lost {lost} requests:\n{output}")),
        Some((done, 0)) if done.requests > 0 && done.seconds > 0.0 => Ok(done),
        _ => Err(format!("the client completed no request:\n{output}")),
    }
}

/// `4.00s` or `950.00ms`.
fn time(text: &str) -> Option<f64> {
    match text.strip_suffix("ms") {
        Some(milliseconds) => milliseconds.parse::<f64>().ok().map(|milliseconds| milliseconds / 1e3),
        None => text.strip_suffix('s')?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "starting benchmark...\n\nfinished in 4.01s, 3700.75 req/s, 137.32KB/s\n\
        requests: 14803 total, 15059 started, 14803 done, 14803 succeeded, 0 failed, 0 errored, 0 timeout\n";

    #[test]
    fn the_summary_is_read() {
        assert_eq!(parse(OUTPUT), Ok(Done { requests: 14_803, seconds: 4.01, p99: None }));
        assert_eq!(time("950.00ms"), Some(0.95));
    }

    #[test]
    fn errors_spoil_a_measurement() {
        assert!(parse(&OUTPUT.replace("0 failed", "3 failed")).is_err());
        assert!(parse(&OUTPUT.replace("14803 succeeded", "0 succeeded")).is_err());
        assert!(parse("").is_err());
    }
}
