//! `cargo xtask bench proxies`: the module beside nginx and HAProxy as reverse proxies of the same backend, raw hyper.
//!
//! What counts is the processor time of the proxy alone for one request, as a ratio to nginx's within one round, and the
//! time in which 99 of 100 requests are answered.

mod configuration;

use std::{
    net::SocketAddr,
    path::Path,
    process::{Command, ExitCode},
    thread,
    time::Duration,
};

use super::{
    PAUSE,
    client::Clients,
    launch::Launcher,
    options::Options,
    report::median,
    scenario::{Listen, Scenario},
    server::Server,
};
use crate::{peers, shell};

/// The yardstick first.
const PROXIES: [&str; 3] = ["nginx", "haproxy", "module"];

const SCENARIOS: [Scenario; 3] = [Scenario::KeepAlive, Scenario::Download, Scenario::Upload];

/// One proxy in one scenario of one round.
struct Measured {
    scenario: Scenario,
    proxy: &'static str,
    requests_per_second: f64,
    cpu_us_per_request: f64,
    /// Milliseconds.
    p99: f64,
}

pub(super) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let options = Options::parse(arguments)?;
    peers::require(&[peers::WRK, peers::NGINX, peers::HAPROXY])?;
    let launcher = Launcher::build()?;
    let clients = Clients::new(options.connections)?;
    let mut rounds = Vec::new();
    for round in 1..=options.rounds {
        let mut all = Vec::new();
        for scenario in SCENARIOS {
            for proxy in PROXIES {
                let one = measure(&launcher, proxy, &clients, scenario, options.seconds)
                    .map_err(|error| format!("{proxy}, {}: {error}", scenario.name()))?;
                eprintln!(
                    "round {round} of {}: {:<12} {proxy:<8} {:>9.0} requests/s {:>9.2} us, p99 {:>8.2} ms",
                    options.rounds,
                    scenario.name(),
                    one.requests_per_second,
                    one.cpu_us_per_request,
                    one.p99
                );
                all.push(one);
            }
        }
        rounds.push(all);
    }
    for scenario in SCENARIOS {
        println!(
            "\n{}: {}, {} s, median of {} rounds",
            scenario.name(),
            clients.connections(scenario),
            options.seconds,
            options.rounds
        );
        println!("{:<10}{:>12}{:>15}{:>10}{:>10}", "", "requests/s", "CPU us/request", "x nginx", "p99 ms");
        for proxy in PROXIES {
            println!("{}", row(&rounds, scenario, proxy));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(
    launcher: &Launcher,
    proxy: &'static str,
    clients: &Clients,
    scenario: Scenario,
    seconds: u64,
) -> Result<Measured, String> {
    let backend = launcher.start("hyper", Listen::Http1)?;
    let backend_address = SocketAddr::from(([127, 0, 0, 1], backend.port()));
    let server = start(launcher, proxy, backend_address)?;
    clients.run(scenario, server.port(), Duration::from_secs(1))?;
    thread::sleep(PAUSE);
    let before = server.cpu_time()?;
    let done = clients.run(scenario, server.port(), Duration::from_secs(seconds))?;
    let used = server.cpu_time()? - before;
    let requests = done.requests as f64;
    Ok(Measured {
        scenario,
        proxy,
        requests_per_second: requests / done.seconds,
        cpu_us_per_request: used.as_secs_f64() * 1e6 / requests,
        p99: done.p99.ok_or("the client does not tell its latencies")?.as_secs_f64() * 1e3,
    })
}

fn start(launcher: &Launcher, proxy: &str, backend: SocketAddr) -> Result<Server, String> {
    if proxy == "module" {
        return Server::start(Command::new(launcher.program(proxy)?).arg(backend.to_string()));
    }
    let address = shell::free_address()?;
    let file = launcher.folder().join(format!("{proxy}-{}.conf", address.port()));
    let program = shell::find(proxy).ok_or_else(|| format!("there is no {proxy}"))?;
    let mut command = ended_with_us(&program)?;
    let configuration = if proxy == "nginx" {
        command.arg("-e").arg(launcher.folder().join("error.log")).arg("-c").arg(&file);
        configuration::nginx(launcher.folder(), address, backend)
    } else {
        command.arg("-q").arg("-db").arg("-f").arg(&file);
        configuration::haproxy(address, backend)
    };
    std::fs::write(&file, configuration)
        .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    Server::start_at(&mut command, address)
}

/// It ends its workers when it is told to end, and is told so when this process is gone.
fn ended_with_us(program: &Path) -> Result<Command, String> {
    let mut command = Command::new(shell::find("setpriv").ok_or("there is no setpriv")?);
    command.args(["--pdeathsig", "TERM"]).arg(program);
    Ok(command)
}

fn row(rounds: &[Vec<Measured>], scenario: Scenario, proxy: &str) -> String {
    let of = |proxy: &str, value: fn(&Measured) -> f64| {
        let found = rounds.iter().flatten().filter(|one| one.scenario == scenario && one.proxy == proxy);
        found.map(value).collect::<Vec<f64>>()
    };
    let cpu = |one: &Measured| one.cpu_us_per_request;
    let mut ratios: Vec<f64> =
        of(proxy, cpu).iter().zip(of(PROXIES[0], cpu)).map(|(own, nginx)| own / nginx).collect();
    format!(
        "{proxy:<10}{:>12.0}{:>15.2}{:>10.2}{:>10.2}",
        median(&mut of(proxy, |one| one.requests_per_second)).unwrap_or_default(),
        median(&mut of(proxy, cpu)).unwrap_or_default(),
        median(&mut ratios).unwrap_or_default(),
        median(&mut of(proxy, |one| one.p99)).unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_medians_and_the_ratio_to_nginx_of_the_same_round() {
        let round = |slowness: f64| {
            let one = |proxy, cost: f64| Measured {
                scenario: Scenario::KeepAlive,
                proxy,
                requests_per_second: 1000.0 / slowness,
                cpu_us_per_request: cost * slowness,
                p99: slowness,
            };
            vec![one("nginx", 10.0), one("module", 14.0)]
        };
        let rounds = [round(1.0), round(3.0), round(2.0)];
        let row = row(&rounds, Scenario::KeepAlive, "module");
        let values: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(values, ["module", "500", "28.00", "1.40", "2.00"]);
    }
}
