//! `cargo xtask bench in-process`: the contract app in the worker of nginx, beside nginx that proxies to the same
//! app on Kestrel.
//!
//! What counts is the processor time of all processes together for one request, as a ratio within one round.

use std::{
    net::SocketAddr,
    process::{Command, ExitCode},
    thread,
    time::Duration,
};

use super::{PAUSE, client::Clients, options::Options, report::median, scenario::Scenario, server::Server};
use crate::{
    nginx_module::{Configuration, Contract, Module, Nginx},
    peers, shell,
};

/// Connections that the proxy keeps to the application.
const UPSTREAM: usize = 64;

/// Requests per second, and microseconds of processor time per request.
type Measured = (f64, f64);

pub(super) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let options = Options::parse(arguments)?;
    peers::require(&[peers::WRK])?;
    let module = Nginx::installed()?.module()?;
    let contract = Contract { is_release: true };
    let library = contract.build()?;
    let program = contract.build_program("outside")?;
    let clients = Clients::new(options.connections)?;
    let (mut in_process, mut proxied, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=options.rounds {
        let within = {
            let address = shell::free_address()?;
            let servers = location(address, &format!("falconry_app \"{}\";", library.display()));
            let nginx = start(&module, &format!("bench-{}", address.port()), &servers, true, address)?;
            measure(&clients, &[&nginx], options.seconds)?
        };
        let behind = {
            let (address, upstream) = (shell::free_address()?, shell::free_address()?);
            let mut kestrel = Command::new(&program);
            kestrel.args(["--urls", &format!("http://{upstream}"), "--suppressStatusMessages", "true"]);
            let kestrel = Server::start_at(&mut kestrel, upstream)?;
            let pass = "proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection \"\";";
            let servers = format!(
                "upstream app {{ server {upstream}; keepalive {UPSTREAM}; keepalive_requests 1000000; }}\n{}",
                location(address, pass)
            );
            let nginx = start(&module, &format!("bench-{}", address.port()), &servers, false, address)?;
            measure(&clients, &[&nginx, &kestrel], options.seconds)?
        };
        eprintln!(
            "round {round} of {}: in process {:>8.0} requests/s {:>7.2} us, proxied {:>8.0} requests/s {:>7.2} us",
            options.rounds, within.0, within.1, behind.0, behind.1
        );
        in_process.push(within);
        proxied.push(behind);
        ratios.push(behind.1 / within.1);
    }
    println!("\nnginx, one worker: hello, {} connections, {} s", options.connections, options.seconds);
    println!("{:<22}{:>12}{:>15}", "", "requests/s", "CPU us/request");
    for (name, measured) in [("in process", &in_process), ("proxied to Kestrel", &proxied)] {
        let of = |value: fn(&Measured) -> f64| median(&mut measured.iter().map(value).collect::<Vec<_>>());
        println!(
            "{name:<22}{:>12.0}{:>15.2}",
            of(|one| one.0).unwrap_or_default(),
            of(|one| one.1).unwrap_or_default()
        );
    }
    println!("CPU proxied / in process: {:.2}", median(&mut ratios).unwrap_or_default());
    Ok(ExitCode::SUCCESS)
}

/// A server of one location.
fn location(address: SocketAddr, text: &str) -> String {
    format!("    server {{ listen {address}; location / {{ {text} }} }}\n")
}

fn start(
    module: &Module,
    name: &str,
    servers: &str,
    loads_module: bool,
    address: SocketAddr,
) -> Result<Server, String> {
    let path = loads_module.then_some(&*module.path);
    let configuration = Configuration::with_servers(name, path, 1, servers)?;
    Server::start_at(&mut configuration.command(&module.nginx), address)
}

fn measure(clients: &Clients, servers: &[&Server], seconds: u64) -> Result<Measured, String> {
    let port = servers.first().map(|server| server.port()).unwrap_or_default();
    let used = || servers.iter().map(|server| server.cpu_time()).sum::<Result<Duration, String>>();
    clients.run(Scenario::KeepAlive, port, Duration::from_secs(1))?;
    thread::sleep(PAUSE);
    let before = used()?;
    let done = clients.run(Scenario::KeepAlive, port, Duration::from_secs(seconds))?;
    let used = used()? - before;
    let requests = done.requests as f64;
    Ok((requests / done.seconds, used.as_secs_f64() * 1e6 / requests))
}
