//! The processes of an application under one configuration.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use falconry_features::CancellationToken;
use tokio::sync::watch;

use super::{Context, rapid_fail::RapidFail};
use crate::{
    ApplicationConfiguration, StartMode,
    process::{InFlight, Process, StartError, StartErrorKind},
};

/// The processes of an application under one configuration: they take turns.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) configuration: Arc<ApplicationConfiguration>,
    context: Context,
    slots: Vec<Slot>,
    turn: AtomicUsize,
    rapid_fail: RapidFail,
    /// Fires when processes may be started; not before those of the former pool are gone, if both want one port.
    may_start: CancellationToken,
    /// Nothing is started any more.
    retired: CancellationToken,
}

/// The place of one process.
#[derive(Debug, Default)]
struct Slot {
    /// What requests look at first.
    ready: ArcSwapOption<Process>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Empty,
    Starting(Outcome),
    Ready(Arc<Process>),
}

/// How a start ends, for all who wait for it.
type Outcome = watch::Receiver<Option<Result<Arc<Process>, Arc<StartError>>>>;

impl Pool {
    pub(super) fn new(
        configuration: Arc<ApplicationConfiguration>,
        context: Context,
        window: Duration,
    ) -> Arc<Self> {
        let rapid_fail = RapidFail::new(configuration.rapid_fails_per_minute, window);
        let slots = (0..configuration.processes_per_application).map(|_| Slot::default()).collect();
        let (turn, may_start, retired) =
            (AtomicUsize::new(0), CancellationToken::new(), CancellationToken::new());
        Arc::new(Self { configuration, context, slots, turn, rapid_fail, may_start, retired })
    }

    /// Lets processes be started; requests wait until then.
    pub(super) fn open(&self) {
        self.may_start.cancel();
    }

    /// The process whose turn it is, started if need be, with the request counted.
    pub(super) async fn enter(self: &Arc<Self>) -> Result<InFlight, Arc<StartError>> {
        let turn = match self.slots.len() {
            1 => 0,
            count => self.turn.fetch_add(1, Ordering::Relaxed) % count,
        };
        let Some(slot) = self.slots.get(turn) else { return Err(retired()) };
        if let Some(request) = slot.ready.load().as_ref().and_then(Process::enter) {
            return Ok(request);
        }
        let process = self.process(turn).await?;
        process.enter().ok_or_else(retired)
    }

    /// Starts processes in the first `count` places and waits for them.
    pub(super) async fn warm(self: &Arc<Self>, count: usize) -> Result<(), Arc<StartError>> {
        // All at once, then one after the other.
        let places = 0..count.min(self.slots.len());
        places.clone().for_each(|place| drop(self.outcome(place)));
        for place in places {
            self.process(place).await?;
        }
        Ok(())
    }

    /// Starts all processes and keeps them running, if the configuration says so.
    pub(super) fn start_if_always_running(self: &Arc<Self>) {
        if self.configuration.handler_settings.start_mode == StartMode::AlwaysRunning {
            (0..self.slots.len()).for_each(|place| self.keep_running(place));
        }
    }

    /// The processes that are ready now.
    pub(super) fn ready(&self) -> Vec<Arc<Process>> {
        self.slots.iter().filter_map(|slot| slot.ready.load_full()).collect()
    }

    /// How many processes are being started now.
    pub(super) fn starting(&self) -> usize {
        self.slots.iter().filter(|slot| matches!(&*slot.lock(), State::Starting(_))).count()
    }

    /// Starts nothing any more, and waits for nobody.
    pub(super) fn retire(&self) {
        self.retired.cancel();
    }

    /// Starts nothing any more, lets requests finish and stops the processes.
    pub(super) async fn drain_and_stop(&self) {
        self.retired.cancel();
        let mut stops = tokio::task::JoinSet::new();
        for slot in &self.slots {
            let state = std::mem::take(&mut *slot.lock());
            let process = match state {
                State::Empty => None,
                State::Ready(process) => Some(process),
                State::Starting(mut outcome) => {
                    let outcome = outcome.wait_for(Option::is_some).await;
                    outcome.ok().and_then(|outcome| outcome.as_ref()?.as_ref().ok().cloned())
                }
            };
            if let Some(process) = process {
                let context = self.context.clone();
                let path = self.configuration.path.clone();
                stops.spawn(async move {
                    let exit = process.drain_and_stop().await;
                    context.log.stopped(&path, process.id(), exit);
                });
            }
            slot.ready.store(None);
        }
        stops.join_all().await;
    }

    /// The process in this place, started if need be.
    async fn process(self: &Arc<Self>, place: usize) -> Result<Arc<Process>, Arc<StartError>> {
        let mut outcome = match self.outcome(place)? {
            Found::Ready(process) => return Ok(process),
            Found::Starting(outcome) => outcome,
        };
        match outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or_else(|| Err(retired())),
            Err(_) => Err(retired()),
        }
    }

    fn outcome(self: &Arc<Self>, place: usize) -> Result<Found, Arc<StartError>> {
        let Some(slot) = self.slots.get(place) else { return Err(retired()) };
        let mut state = slot.lock();
        match &*state {
            State::Ready(process) => return Ok(Found::Ready(Arc::clone(process))),
            State::Starting(outcome) => return Ok(Found::Starting(outcome.clone())),
            State::Empty => {}
        }
        if self.retired.is_cancelled() {
            return Err(retired());
        }
        if self.rapid_fail.closed_until().is_some() {
            return Err(Arc::new(StartErrorKind::RapidFail.into()));
        }
        let (sender, outcome) = watch::channel(None);
        *state = State::Starting(outcome.clone());
        // Not by the request that needs it: its client may leave.
        tokio::spawn(Arc::clone(self).start(place, sender));
        Ok(Found::Starting(outcome))
    }

    async fn start(
        self: Arc<Self>,
        place: usize,
        sender: watch::Sender<Option<Result<Arc<Process>, Arc<StartError>>>>,
    ) {
        let log = &self.context.log;
        tokio::select! {
            () = self.may_start.cancelled() => {}
            () = self.retired.cancelled() => {}
        }
        let started = Process::start(&self.configuration, self.context.https_port(), &self.retired).await;
        let Some(slot) = self.slots.get(place) else { return };
        match started {
            Ok(process) => {
                let process = Arc::new(process);
                log.started(&self.configuration.path, &process);
                {
                    let mut state = slot.lock();
                    // Whoever retired the pool meanwhile has taken the state and waits for the outcome.
                    if let State::Starting(_) = &*state {
                        *state = State::Ready(Arc::clone(&process));
                        slot.ready.store(Some(Arc::clone(&process)));
                        tokio::spawn(watch_exit(Arc::clone(&self), Arc::clone(&process)));
                    }
                }
                sender.send_replace(Some(Ok(process)));
            }
            Err(error) => {
                if !matches!(error.kind, StartErrorKind::Retired) {
                    self.rapid_fail.note();
                    log.start_failed(&self.configuration.path, &error);
                }
                {
                    let mut state = slot.lock();
                    if let State::Starting(_) = &*state {
                        *state = State::Empty;
                    }
                }
                sender.send_replace(Some(Err(Arc::new(error))));
            }
        }
    }

    /// Starts a process in this place whenever there is none.
    fn keep_running(self: &Arc<Self>, place: usize) {
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                let process = match pool.process(place).await {
                    Ok(process) => Some(process),
                    Err(_) if pool.retired.is_cancelled() => return,
                    Err(_) => None,
                };
                let again = async {
                    match &process {
                        Some(process) => {
                            process.exited().await;
                            pool.remove(process);
                        }
                        None => pool.may_start_again().await,
                    }
                };
                tokio::select! {
                    () = again => {}
                    () = pool.retired.cancelled() => return,
                }
            }
        });
    }

    /// A start that failed is not repeated without a pause, although nobody counts the pauses.
    async fn may_start_again(&self) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Some(end) = self.rapid_fail.closed_until() {
            tokio::time::sleep_until(end).await;
        }
    }

    /// Takes a process that has ended out of its place.
    pub(super) fn remove(&self, process: &Arc<Process>) {
        for slot in &self.slots {
            let mut state = slot.lock();
            if matches!(&*state, State::Ready(other) if Arc::ptr_eq(other, process)) {
                *state = State::Empty;
                slot.ready.store(None);
            }
        }
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Found {
    Ready(Arc<Process>),
    Starting(Outcome),
}

/// When the process ends by itself, its place is free for another.
async fn watch_exit(pool: Arc<Pool>, process: Arc<Process>) {
    let exited = process.exited();
    let retired = pool.retired.cancelled();
    tokio::select! {
        biased;
        () = retired => {}
        exit = exited => {
            pool.rapid_fail.note();
            pool.remove(&process);
            process.backend.retire();
            pool.context.log.crashed(&pool.configuration.path, &process, exit);
        }
    }
}

fn retired() -> Arc<StartError> {
    Arc::new(StartErrorKind::Retired.into())
}
