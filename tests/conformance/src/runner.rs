//! Runs trials over a subject and reports.

use std::{
    cell::RefCell,
    env, io,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Once, mpsc},
    thread,
    time::Duration,
};

use libtest_mimic::{Arguments, Completion, Conclusion, Failed};

use crate::{
    Capability, Subject,
    connect::{Fixed, target_of},
    stage::{Site, Stage},
    trials,
};

/// How long a trial may take, unless [`LIMIT_VARIABLE`] says otherwise.
const LIMIT: Duration = Duration::from_secs(10);

/// The environment variable that gives slow machines more time, in seconds.
const LIMIT_VARIABLE: &str = "FALCONRY_TRIAL_SECONDS";

/// What applications panic with when a trial asks them to: not worth a line in the report.
pub(crate) const ON_PURPOSE: &str = "a panic on purpose";

/// Runs the suite over `subject`, as the command line says: `main` of a test with `harness = false`.
///
/// See the [crate's documentation](crate) for an example.
pub fn run(subject: Subject) -> Conclusion {
    let arguments = Arguments::from_args();
    run_with(&arguments, subject)
}

/// As [`run`], with arguments of one's own.
pub fn run_with(arguments: &Arguments, subject: Subject) -> Conclusion {
    install_panic_hook();
    let subject = Arc::new(subject);
    let tests = trials::all().into_iter().map(|trial| {
        let subject = Arc::clone(&subject);
        libtest_mimic::Trial::ignorable_test(trial.name(), move || examine(&subject, trial))
    });
    libtest_mimic::run(arguments, tests.collect())
}

/// Runs the trials of the contract app against one that runs already, at `address`
/// (`http://host:port`), on a server with these capabilities.
///
/// # Errors
/// The address is none, or cannot be resolved.
pub fn run_against(
    arguments: &Arguments,
    address: &str,
    capabilities: impl IntoIterator<Item = Capability>,
) -> io::Result<Conclusion> {
    install_panic_hook();
    let address = target_of(address)?;
    let capabilities: Vec<_> = capabilities.into_iter().collect();
    let keeps_connections = capabilities.contains(&Capability::KeepAlive);
    let tests = trials::all().into_iter().filter_map(|trial| {
        let Body::Site(body) = trial.body else { return None };
        let missing = trial.needs.iter().find(|needed| !capabilities.contains(needed)).copied();
        Some(libtest_mimic::Trial::ignorable_test(trial.name(), move || match missing {
            Some(missing) => Ok(Completion::ignored_with(format!("not declared: {missing}"))),
            None => {
                let site = Site::new(Arc::new(Fixed(address)), keeps_connections, "http");
                report(&trial, within(limit(), move || body(&site)))
            }
        }))
    });
    Ok(libtest_mimic::run(arguments, tests.collect()))
}

/// One rule, and how it is examined.
#[derive(Clone, Copy)]
pub(crate) struct Trial {
    pub(crate) area: &'static str,
    sentence: &'static str,
    rule: &'static str,
    source: &'static str,
    needs: &'static [Capability],
    body: Body,
}

/// What a trial does.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    /// Runs applications of its own.
    Stage(fn(&Stage)),
    /// Talks to the contract app, wherever that runs.
    Site(fn(&Site)),
}

impl Trial {
    /// A trial named by a sentence in `snake_case`, for `rule`, which `source` lays down.
    pub(crate) const fn new(
        area: &'static str,
        sentence: &'static str,
        rule: &'static str,
        source: &'static str,
        body: fn(&Stage),
    ) -> Self {
        Self { area, sentence, rule, source, needs: &[], body: Body::Stage(body) }
    }

    /// A trial of the contract app.
    pub(crate) const fn of_contract(
        sentence: &'static str,
        rule: &'static str,
        source: &'static str,
        body: fn(&Site),
    ) -> Self {
        Self { area: "contract", sentence, rule, source, needs: &[], body: Body::Site(body) }
    }

    /// The same trial, for servers that declare all of `needs`.
    pub(crate) const fn needs(mut self, needs: &'static [Capability]) -> Self {
        self.needs = needs;
        self
    }

    pub(crate) fn name(&self) -> String {
        format!("{}::{}", self.area, self.sentence)
    }
}

fn limit() -> Duration {
    let seconds = env::var(LIMIT_VARIABLE).ok().and_then(|seconds| seconds.parse().ok());
    seconds.map_or(LIMIT, Duration::from_secs)
}

fn examine(subject: &Arc<Subject>, trial: Trial) -> Result<Completion, Failed> {
    if let Some(missing) = trial.needs.iter().find(|capability| !subject.can(**capability)) {
        return Ok(Completion::ignored_with(format!("not declared: {missing}")));
    }
    let subject = Arc::clone(subject);
    let stage = move || Stage::new(Arc::clone(&subject));
    match trial.body {
        Body::Stage(body) => report(&trial, within(limit(), move || body(&stage()))),
        Body::Site(body) => report(&trial, within(limit(), move || body(&stage().serve_contract()))),
    }
}

fn report(trial: &Trial, outcome: Result<(), String>) -> Result<Completion, Failed> {
    match outcome {
        Ok(()) => Ok(Completion::Completed),
        Err(message) => {
            Err(format!("{message}\n\n  rule:   {}\n  source: {}", trial.rule, trial.source).into())
        }
    }
}

/// Runs `work` on a thread of its own; the error is its panic, or that it took too long.
pub(crate) fn within(limit: Duration, work: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let (sender, receiver) = mpsc::channel();
    let spawned = thread::Builder::new().name(TRIAL.to_owned()).spawn(move || {
        let outcome = panic::catch_unwind(AssertUnwindSafe(work));
        let _ = sender.send(outcome.map_err(|_| LAST_PANIC.take()));
    });
    spawned.map_err(|error| format!("no thread for the trial: {error}"))?;
    match receiver.recv_timeout(limit) {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("the trial did not end within {limit:?}")),
    }
}

const TRIAL: &str = "trial";

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps the panics of trials for the report, and those on purpose out of it.
pub(crate) fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let payload = info.payload();
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text
                .or_else(|| payload.downcast_ref::<&str>().copied())
                .unwrap_or("a panic without a message");
            if thread::current().name() == Some(TRIAL) {
                let place = info.location().map(|place| format!(" ({}:{})", place.file(), place.line()));
                LAST_PANIC.set(format!("{text}{}", place.unwrap_or_default()));
            } else if !text.contains(ON_PURPOSE) {
                others(info);
            }
        }));
    });
}
