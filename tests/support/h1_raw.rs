//! The raw HTTP/1 cases of `data/h1_cases.json` as trials against a server that runs the contract app.
//!
//! `suites/h1_raw.py` sends and judges; it runs once, for all trials, when the first one asks.

use std::{
    collections::HashMap,
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command, ExitCode},
    sync::{Arc, OnceLock},
    time::Duration,
};

use falconry::{WebHost, features::Deadline};
use falconry_conformance::contract;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::skip;

const SCRIPT: &str = "tests/suites/h1_raw.py";
const CASES: &str = "tests/data/h1_cases.json";

/// On a busy machine a case may run out of time; so few are tried once more, alone and with more time.
const TRIED_AGAIN: usize = 10;

/// A running server.
pub(crate) struct Served {
    /// `http://host:port`, perhaps with a slash
    pub(crate) address: String,
    pub(crate) stop: Box<dyn FnOnce(&Runtime)>,
}

/// Starts the server under examination.
pub(crate) type Serve = fn(&Runtime) -> Result<Served, String>;

/// `main` of a test with `harness = false`.
pub(crate) fn main(serve: Serve) -> ExitCode {
    let arguments = Arguments::from_args();
    let suite = Arc::new(Suite { serve, outcome: OnceLock::new() });
    let text = fs::read_to_string(CASES).expect("the cases can be read");
    let cases: Value = serde_json::from_str(&text).expect("the cases are JSON");
    let names = cases["cases"].as_array().expect("a list of cases").iter();
    let trials = names.map(|case| {
        let name = case["name"].as_str().expect("a case has a name").to_owned();
        let level = case["level"].as_str().unwrap_or("MUST").to_owned();
        let suite = Arc::clone(&suite);
        Trial::test(name.clone(), move || suite.result(&name)).with_kind(level)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// The contract app on one of the servers compiled in.
#[allow(dead_code, reason = "each test program uses a part")]
pub(crate) fn serve_contract(runtime: &Runtime, server: &str) -> Result<Served, String> {
    let host = WebHost::builder()
        .server_named(server)
        .urls("http://127.0.0.1:0")
        .suppress_status_messages(true)
        .build(contract::app())
        .map_err(|error| error.to_string())?;
    runtime.block_on(host.start()).map_err(|error| error.to_string())?;
    let address = host.addresses().first().cloned().unwrap_or_default();
    let stop = Box::new(move |runtime: &Runtime| {
        let _ = runtime.block_on(host.stop(Deadline::now()));
    });
    Ok(Served { address, stop })
}

struct Suite {
    serve: Serve,
    outcome: OnceLock<Result<Outcome, String>>,
}

enum Outcome {
    /// Why each case failed, if it did.
    Ran(HashMap<String, Option<String>>),
    /// There is no Python.
    Skipped,
}

impl Suite {
    fn result(&self, name: &str) -> Result<(), Failed> {
        match self.outcome.get_or_init(|| run(self.serve)) {
            Ok(Outcome::Ran(failures)) => match failures.get(name) {
                Some(None) => Ok(()),
                Some(Some(why)) => Err(why.into()),
                None => Err("the script did not run this case".into()),
            },
            Ok(Outcome::Skipped) => {
                skip::skip("h1_raw", "there is no python3");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn run(serve: Serve) -> Result<Outcome, String> {
    if Command::new("python3").arg("--version").output().is_err() {
        return Ok(Outcome::Skipped);
    }
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let Served { address, stop } = serve(&runtime)?;
    let results = Results::new();
    let mut failures = replay(&address, &results.path, &["--jobs", "16"])?;
    let failed: Vec<_> =
        failures.iter().filter(|(_, why)| why.is_some()).map(|(name, _)| name.clone()).collect();
    if (1..=TRIED_AGAIN).contains(&failed.len()) {
        eprintln!("trying once more: {}", failed.join(", "));
        let filter = format!("^({})$", failed.join("|"));
        failures.extend(replay(
            &address,
            &results.path,
            &["--jobs", "1", "--scale", "3", "--filter", &filter],
        )?);
    }
    stop(&runtime);
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(Outcome::Ran(failures))
}

/// Runs the script; returns why each case failed, if it did.
fn replay(
    address: &str,
    results: &Path,
    options: &[&str],
) -> Result<HashMap<String, Option<String>>, String> {
    let output = Command::new("python3")
        .args([SCRIPT, address.trim_start_matches("http://").trim_end_matches('/')])
        .args(["--corpus", CASES, "--json"])
        .arg(results)
        .args(options)
        .output()
        .map_err(|error| format!("python3 cannot be started: {error}"))?;
    let text = fs::read_to_string(results).map_err(|error| {
        format!("the script wrote no results ({error}): {}", String::from_utf8_lossy(&output.stderr))
    })?;
    let rows: Vec<Value> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let failure = |row: &Value| {
        (row["result"] != "pass").then(|| format!("{}: {}", text(row, "source"), text(row, "why")))
    };
    Ok(rows.iter().map(|row| (text(row, "name"), failure(row))).collect())
}

/// The file for the results, which goes when this is dropped.
struct Results {
    path: PathBuf,
}

impl Results {
    fn new() -> Self {
        Self { path: env::temp_dir().join(format!("falconry-h1-raw-{}.json", process::id())) }
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
