//! `cargo xtask bench`: Kestrel beside raw hyper, axum and actix-web.
//!
//! Machines differ and are noisy, so what counts is the ratio to raw hyper within one round: in each round every peer
//! takes its turn in every scenario, one at a time, and the medians over the rounds are shown.

pub(crate) mod instructions;
mod options;
mod report;
mod server;
mod start;
mod wrk;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
    time::Duration,
};

use self::{
    options::Options,
    report::{Measurement, Report},
    server::Server,
    start::Starts,
    wrk::{Scenario, Wrk},
};
use crate::{peers, shell};

/// The yardstick first.
const PEERS: [&str; 4] = ["hyper", "kestrel", "axum", "actix"];

/// Between the warm-up and the measurement, for connections to be closed.
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let options = Options::parse(arguments)?;
    if let Some((_, reason)) = peers::install(&[peers::WRK]).into_iter().next() {
        return Err(format!("the client is missing: {reason}"));
    }
    let programs = build()?;
    let mut starts = Starts::default();
    for peer in options.peers.iter().copied() {
        starts.measure(peer, program(&programs, peer)?)?;
    }
    let wrk = Wrk::new(options.connections)?;
    let mut report = Report::new(options.seconds, options.connections);
    for round in 1..=options.rounds {
        for scenario in options.scenarios.iter().copied() {
            for peer in options.peers.iter().copied() {
                let measured = measure(program(&programs, peer)?, &wrk, scenario, options.seconds)
                    .map_err(|error| format!("{peer}, {}: {error}", scenario.name()))?;
                eprintln!(
                    "round {round} of {}: {:<10} {peer:<8} {:>9.0} requests/s {:>9.2} us",
                    options.rounds,
                    scenario.name(),
                    measured.0,
                    measured.1
                );
                report.add(Measurement {
                    round,
                    scenario: scenario.name(),
                    peer,
                    requests_per_second: measured.0,
                    cpu_us_per_request: measured.1,
                });
            }
        }
    }
    print!("{starts}{report}");
    if let Some(path) = &options.json {
        std::fs::write(path, report.json())
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn program<'a>(programs: &'a HashMap<String, PathBuf>, peer: &str) -> Result<&'a Path, String> {
    programs.get(peer).map(PathBuf::as_path).ok_or_else(|| format!("cargo built no peer-{peer}"))
}

/// Builds all peers with the `bench` profile; returns their programs by name.
fn build() -> Result<HashMap<String, PathBuf>, String> {
    let messages = shell::output(
        shell::cargo()
            .args(["build", "--package", "falconry-benches", "--bins", "--profile", "bench"])
            .arg("--message-format=json-render-diagnostics"),
    )?;
    let paths = messages.lines().filter_map(|line| line.split_once("\"executable\":\"")?.1.split('"').next());
    let peers = paths.map(PathBuf::from).filter_map(|path| {
        let name = path.file_stem()?.to_str()?.strip_prefix("peer-")?.to_owned();
        Some((name, path))
    });
    Ok(peers.collect())
}

/// Requests per second, and microseconds of the server's processor time per request.
fn measure(program: &Path, wrk: &Wrk, scenario: Scenario, seconds: u64) -> Result<(f64, f64), String> {
    let server = Server::start(program)?;
    wrk.run(scenario, server.port(), Duration::from_secs(1))?;
    thread::sleep(PAUSE);
    let before = server.cpu_time()?;
    let done = wrk.run(scenario, server.port(), Duration::from_secs(seconds))?;
    let used = server.cpu_time()? - before;
    let requests = done.requests as f64;
    Ok((requests / done.seconds, used.as_secs_f64() * 1e6 / requests))
}
