//! `cargo xtask bench hosting-models`: the contract app behind the module, in process and out of process.
//!
//! What counts is the processor time of all processes together for one request, as a ratio within one round.

use std::{
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    thread,
    time::Duration,
};

use super::{PAUSE, client::Clients, options::Options, report::median, scenario::Scenario, server::Server};
use crate::{peers, shell};

const SCENARIOS: [Scenario; 2] = [Scenario::KeepAlive, Scenario::Download];

/// The attribute of `aspNetCore`; the yardstick first.
const MODELS: [&str; 2] = ["outofprocess", "inprocess"];

/// One model in one scenario of one round.
struct Measured {
    scenario: Scenario,
    model: &'static str,
    requests_per_second: f64,
    cpu_us_per_request: f64,
}

pub(super) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let options = Options::parse(arguments)?;
    peers::require(&[peers::WRK])?;
    let programs = Programs::build()?;
    let clients = Clients::new(options.connections)?;
    let mut all = Vec::new();
    for round in 1..=options.rounds {
        for scenario in SCENARIOS {
            for model in MODELS {
                let one = measure(&programs, model, &clients, scenario, options.seconds)
                    .map_err(|error| format!("{model}, {}: {error}", scenario.name()))?;
                eprintln!(
                    "round {round} of {}: {:<12} {model:<14} {:>9.0} requests/s {:>9.2} us",
                    options.rounds,
                    scenario.name(),
                    one.requests_per_second,
                    one.cpu_us_per_request
                );
                all.push(one);
            }
        }
    }
    for scenario in SCENARIOS {
        println!(
            "\n{}: {}, {} s, median of {} rounds",
            scenario.name(),
            clients.connections(scenario),
            options.seconds,
            options.rounds
        );
        println!("{:<14}{:>12}{:>15}{:>16}", "", "requests/s", "CPU us/request", "x outofprocess");
        for model in MODELS {
            println!("{}", row(&all, scenario, model));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What takes part, built for release.
struct Programs {
    module: PathBuf,
    contract: PathBuf,
    library: PathBuf,
}

impl Programs {
    fn build() -> Result<Self, String> {
        let mut cargo = shell::cargo();
        cargo.args(["build", "--release", "--package", "falconry-module", "--package", "falconry"]);
        cargo.args(["--bin", "falconry-module", "--example", "in_process_contract", "--example", "contract"]);
        let library = format!("{DLL_PREFIX}in_process_contract{DLL_SUFFIX}");
        let [module, contract, library] =
            shell::built(&mut cargo, ["falconry-module", "contract", &library])?;
        Ok(Self { module, contract, library })
    }

    fn start(&self, model: &str) -> Result<Server, String> {
        let address = shell::free_address()?;
        let folder = shell::root().join("target/bench").join(model);
        let configuration = folder.join("web.config");
        let path = if model == "inprocess" { &self.library } else { &self.contract };
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&configuration, web_config(model, path)))
            .map_err(|error| format!("{}: {error}", configuration.display()))?;
        let mut module = Command::new(&self.module);
        module.arg("--config").arg(&configuration).args(["--urls", &format!("http://{address}")]);
        module.args(["--suppressStatusMessages", "true"]).env("FALCONRY_LOG", "error");
        Server::start_at(&mut module, address)
    }
}

fn web_config(model: &str, path: &Path) -> String {
    format!(
        "<configuration><system.webServer>\n\
         <aspNetCore processPath=\"{}\" hostingModel=\"{model}\" />\n\
         </system.webServer></configuration>\n",
        path.display()
    )
}

fn measure(
    programs: &Programs,
    model: &'static str,
    clients: &Clients,
    scenario: Scenario,
    seconds: u64,
) -> Result<Measured, String> {
    let server = programs.start(model)?;
    // The first request starts the application.
    clients.run(scenario, server.port(), Duration::from_secs(2))?;
    thread::sleep(PAUSE);
    let before = server.cpu_time()?;
    let done = clients.run(scenario, server.port(), Duration::from_secs(seconds))?;
    let used = server.cpu_time()? - before;
    let requests = done.requests as f64;
    Ok(Measured {
        scenario,
        model,
        requests_per_second: requests / done.seconds,
        cpu_us_per_request: used.as_secs_f64() * 1e6 / requests,
    })
}

fn row(all: &[Measured], scenario: Scenario, model: &str) -> String {
    let of = |model: &str, value: fn(&Measured) -> f64| {
        let found = all.iter().filter(|one| one.scenario == scenario && one.model == model);
        found.map(value).collect::<Vec<f64>>()
    };
    let cpu = |one: &Measured| one.cpu_us_per_request;
    let mut ratios: Vec<f64> =
        of(model, cpu).iter().zip(of(MODELS[0], cpu)).map(|(own, yardstick)| own / yardstick).collect();
    format!(
        "{model:<14}{:>12.0}{:>15.2}{:>16.2}",
        median(&mut of(model, |one| one.requests_per_second)).unwrap_or_default(),
        median(&mut of(model, cpu)).unwrap_or_default(),
        median(&mut ratios).unwrap_or_default()
    )
}
