//! `cargo xtask bench`: Kestrel beside raw hyper, axum, actix-web and nginx.
//!
//! Machines differ and are noisy, so what counts is the ratio to raw hyper within one round: in each round every peer
//! takes its turn in every scenario, one at a time, and the medians over the rounds are shown.

mod certificate;
mod client;
mod h2load;
mod hosting_models;
#[cfg(unix)]
mod in_process;
pub(crate) mod instructions;
mod launch;
mod nginx;
mod options;
mod proxies;
mod report;
mod scenario;
mod server;
mod start;
mod wrk;

use std::{process::ExitCode, thread, time::Duration};

use self::{
    client::Clients,
    launch::Launcher,
    options::Options,
    report::{Measurement, Report},
    scenario::Scenario,
    start::Starts,
};
use crate::peers;

/// The yardstick first.
const PEERS: [&str; 6] = ["hyper", "kestrel", "axum", "actix", "nginx", "httpsys"];

/// Between the warm-up and the measurement, for connections to be closed.
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    if let Some(("proxies", rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return proxies::run(rest);
    }
    if let Some(("hosting-models", rest)) =
        arguments.split_first().map(|(first, rest)| (first.as_str(), rest))
    {
        return hosting_models::run(rest);
    }
    #[cfg(unix)]
    if let Some(("in-process", rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return in_process::run(rest);
    }
    let options = Options::parse(arguments)?;
    if let Some((peer, reason)) = peers::install(&peers::OF_BENCH).into_iter().next() {
        return Err(format!("{} is missing: {reason}", peer.program));
    }
    let launcher = Launcher::build()?;
    let mut starts = Starts::default();
    for peer in options.peers.iter().copied() {
        starts.measure(peer, &launcher)?;
    }
    let clients = Clients::new(options.connections)?;
    let mut report = Report::new(options.seconds);
    for round in 1..=options.rounds {
        for scenario in options.scenarios.iter().copied() {
            report.tell_connections(scenario.name(), clients.connections(scenario));
            for peer in scenario.peers().iter().copied().filter(|peer| options.peers.contains(peer)) {
                let (requests_per_second, cpu_us_per_request) =
                    measure(&launcher, peer, &clients, scenario, options.seconds)
                        .map_err(|error| format!("{peer}, {}: {error}", scenario.name()))?;
                eprintln!(
                    "round {round} of {}: {:<12} {peer:<8} {requests_per_second:>9.0} requests/s \
                     {cpu_us_per_request:>9.2} us",
                    options.rounds,
                    scenario.name(),
                );
                report.add(Measurement {
                    round,
                    scenario: scenario.name(),
                    peer,
                    requests_per_second,
                    cpu_us_per_request,
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

/// Requests per second, and microseconds of the server's processor time per request.
fn measure(
    launcher: &Launcher,
    peer: &str,
    clients: &Clients,
    scenario: Scenario,
    seconds: u64,
) -> Result<(f64, f64), String> {
    let server = launcher.start(peer, scenario.listen())?;
    clients.run(scenario, server.port(), Duration::from_secs(1))?;
    thread::sleep(PAUSE);
    let before = server.cpu_time()?;
    let done = clients.run(scenario, server.port(), Duration::from_secs(seconds))?;
    let used = server.cpu_time()? - before;
    let requests = done.requests as f64;
    Ok((requests / done.seconds, used.as_secs_f64() * 1e6 / requests))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peer_takes_part_somewhere() {
        for peer in PEERS {
            assert!(Scenario::ALL.iter().any(|scenario| scenario.peers().contains(&peer)), "{peer}");
        }
    }
}
