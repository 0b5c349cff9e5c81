//! The command line of `cargo xtask bench`.

use std::path::PathBuf;

use super::{PEERS, scenario::Scenario};

/// What to measure, and how long.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) rounds: u64,
    pub(super) seconds: u64,
    pub(super) connections: u64,
    pub(super) peers: Vec<&'static str>,
    pub(super) scenarios: Vec<Scenario>,
    pub(super) json: Option<PathBuf>,
}

impl Options {
    pub(super) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self {
            rounds: 5,
            seconds: 4,
            connections: 32,
            peers: Vec::new(),
            scenarios: Vec::new(),
            json: None,
        };
        let mut arguments = arguments.iter();
        while let Some(option) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{option} needs a value"))?;
            match &**option {
                "--rounds" => options.rounds = positive(option, value)?,
                "--seconds" => options.seconds = positive(option, value)?,
                "--connections" => options.connections = positive(option, value)?,
                "--only" => options.peers.push(peer(value)?),
                "--scenario" => options.scenarios.push(scenario(value)?),
                "--json" => options.json = Some(value.into()),
                _ => return Err(format!("unknown option {option}; `cargo xtask help` lists them")),
            }
        }
        if options.peers.is_empty() {
            options.peers.extend(PEERS);
        } else if !options.peers.contains(&PEERS[0]) {
            options.peers.insert(0, PEERS[0]);
        }
        if options.scenarios.is_empty() {
            options.scenarios.extend(Scenario::ALL);
        }
        Ok(options)
    }
}

fn positive(option: &str, value: &str) -> Result<u64, String> {
    match value.parse() {
        Ok(0) | Err(_) => Err(format!("{option} is '{value}': it must be a whole number above 0")),
        Ok(number) => Ok(number),
    }
}

fn peer(name: &str) -> Result<&'static str, String> {
    let found = PEERS.into_iter().find(|peer| *peer == name);
    found.ok_or_else(|| format!("no peer is called '{name}': use {}", PEERS.join(", ")))
}

fn scenario(name: &str) -> Result<Scenario, String> {
    let found = Scenario::ALL.into_iter().find(|scenario| scenario.name() == name);
    found.ok_or_else(|| {
        format!("no scenario is called '{name}': use {}", Scenario::ALL.map(Scenario::name).join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words)
    }

    #[test]
    fn everything_is_measured_unless_told_otherwise() {
        let options = parse("").unwrap();
        assert_eq!(options.peers, PEERS);
        assert_eq!(options.scenarios, Scenario::ALL);
    }

    #[test]
    fn raw_hyper_is_always_measured() {
        assert_eq!(parse("--only kestrel --rounds 2").unwrap().peers, ["hyper", "kestrel"]);
        assert_eq!(parse("--only hyper").unwrap().peers, ["hyper"]);
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(parse("--rounds 0").unwrap_err(), "--rounds is '0': it must be a whole number above 0");
        assert_eq!(parse("--rounds").unwrap_err(), "--rounds needs a value");
        assert!(parse("--only iis").unwrap_err().contains("hyper, kestrel, axum, actix, nginx"));
        assert!(parse("--scenario x").unwrap_err().contains("keep-alive, pipelined, download, upload"));
    }
}
