//! The state of a module at one moment, as the status page and programs read it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{Application, State};

/// The state of a module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ModuleSnapshot {
    /// The module's version.
    pub(crate) version: String,
    /// The module's process.
    pub(crate) process: u32,
    /// In milliseconds since 1970.
    pub(crate) time: u64,
    /// Since when the module has been running, in milliseconds since 1970.
    pub(crate) started: u64,
    /// Why the files were not taken when they changed last; empty if they were.
    pub(crate) configuration_error: String,
    pub(crate) applications: Vec<ApplicationSnapshot>,
}

/// The state of an application.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ApplicationSnapshot {
    pub(crate) path: String,
    /// `online`, `starting`, `idle`, `offline` or `stopped`.
    pub(crate) state: String,
    pub(crate) program: String,
    pub(crate) processes: Vec<ProcessSnapshot>,
    pub(crate) requests: u64,
    pub(crate) in_flight: usize,
    /// Requests that ended, by the first digit of the status; the first are those without an answer.
    pub(crate) ended: [u64; 6],
    /// In seconds.
    pub(crate) latency_sum: f64,
    pub(crate) starts: u64,
    pub(crate) start_failures: u64,
    /// Processes that ended by themselves.
    pub(crate) crashes: u64,
    pub(crate) recycles: u64,
    pub(crate) forward_failures: u64,
    pub(crate) history: HistorySnapshot,
    pub(crate) errors: Vec<ErrorSnapshot>,
}

/// A process that takes requests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ProcessSnapshot {
    pub(crate) id: u32,
    pub(crate) address: String,
    /// In milliseconds since 1970.
    pub(crate) started: u64,
    pub(crate) requests: u64,
    pub(crate) in_flight: usize,
}

/// The last two minutes, a number a second, the oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct HistorySnapshot {
    pub(crate) requests: Vec<u64>,
    pub(crate) failures: Vec<u64>,
    pub(crate) in_flight: Vec<usize>,
    /// In milliseconds.
    pub(crate) p50: Vec<f64>,
    /// In milliseconds.
    pub(crate) p99: Vec<f64>,
}

/// An error that happened, one or more times in a row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ErrorSnapshot {
    /// In milliseconds since 1970.
    pub(crate) time: u64,
    pub(crate) text: String,
    pub(crate) count: u64,
}

impl Application {
    /// The state at this moment.
    pub(crate) fn snapshot(&self) -> ApplicationSnapshot {
        let state = self.state.load_full();
        let (state, processes) = match &*state {
            State::Online(pool) => {
                let processes = pool.ready();
                let state = match (processes.is_empty(), pool.starting()) {
                    (false, _) => "online",
                    (true, 0) => "idle",
                    (true, _) => "starting",
                };
                (state, processes)
            }
            State::Offline(_) => ("offline", Vec::new()),
            State::Stopped => ("stopped", Vec::new()),
        };
        let processes = processes.iter().map(|process| {
            let (requests, in_flight) = process.requests();
            let address = process.backend.address().to_string();
            ProcessSnapshot {
                id: process.id(),
                address,
                started: milliseconds(process.started),
                requests,
                in_flight,
            }
        });
        let counts = self.context.log.counts();
        ApplicationSnapshot {
            path: self.path.clone(),
            state: state.to_owned(),
            program: self.configuration().process_path.clone(),
            processes: processes.collect(),
            requests: self.measures.began(),
            in_flight: self.measures.in_flight(),
            ended: self.measures.ended(),
            latency_sum: Duration::from_micros(self.measures.latency_sum()).as_secs_f64(),
            starts: counts.starts,
            start_failures: counts.start_failures,
            crashes: counts.crashes,
            recycles: counts.recycles,
            forward_failures: counts.forward_failures,
            history: self.history(),
            errors: self.errors(),
        }
    }

    fn history(&self) -> HistorySnapshot {
        let mut history = HistorySnapshot::default();
        for second in self.measures.history() {
            history.requests.push(second.requests);
            history.failures.push(second.failures);
            history.in_flight.push(second.in_flight);
            history.p50.push(second.p50);
            history.p99.push(second.p99);
        }
        history
    }

    fn errors(&self) -> Vec<ErrorSnapshot> {
        let errors = self.context.log.errors().into_iter();
        errors
            .map(|error| ErrorSnapshot {
                time: milliseconds(error.time),
                text: error.text,
                count: error.count,
            })
            .collect()
    }
}

/// A time as scripts have it.
pub(crate) fn milliseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
