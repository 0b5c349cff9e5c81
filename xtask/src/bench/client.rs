//! The clients: `wrk` for HTTP/1.1, `h2load` for HTTP/2.

use std::time::Duration;

use super::{h2load, scenario::Scenario, wrk::Wrk};

/// What one run came to.
#[derive(Debug, PartialEq)]
pub(super) struct Done {
    pub(super) requests: u64,
    pub(super) seconds: f64,
    /// In which 99 of 100 requests were answered, where the client tells.
    pub(super) p99: Option<Duration>,
}

/// Both of them.
pub(super) struct Clients {
    wrk: Wrk,
    connections: u64,
}

impl Clients {
    /// `connections` are those of HTTP/1.1.
    pub(super) fn new(connections: u64) -> Result<Self, String> {
        Ok(Self { wrk: Wrk::new(connections)?, connections })
    }

    pub(super) fn run(&self, scenario: Scenario, port: u16, length: Duration) -> Result<Done, String> {
        if scenario.is_http2() {
            h2load::run(scenario, port, length)
        } else {
            self.wrk.run(scenario, port, length)
        }
    }

    /// How a scenario's requests are spread, for the report.
    pub(super) fn connections(&self, scenario: Scenario) -> String {
        if scenario.is_http2() {
            format!("{} connections x {} streams", h2load::CONNECTIONS, h2load::STREAMS)
        } else {
            format!("{} connections", self.connections)
        }
    }
}
