//! From what an application is to what it shall be: one change after the other.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::{sync::watch, task::JoinSet};

use super::{Application, State, pool::Pool};
use crate::ApplicationConfiguration;

/// What an application shall be.
#[derive(Clone, Debug)]
pub(super) struct Desired {
    pub(super) configuration: Arc<ApplicationConfiguration>,
    /// The page that is shown in the place of the application.
    pub(super) offline: Option<Bytes>,
    pub(super) is_stopped: bool,
}

/// Makes `application` what is asked for, until it is stopped or nobody holds it any more.
pub(super) async fn run(application: Weak<Application>, mut desires: watch::Receiver<Desired>) {
    // Pools that finish their requests. Dropped with them are their processes.
    let mut stopping = JoinSet::new();
    while desires.changed().await.is_ok() {
        loop {
            let desired = desires.borrow_and_update().clone();
            let Some(application) = application.upgrade() else { return };
            if desired.is_stopped {
                application.replace(State::Stopped, &mut stopping);
                stopping.join_all().await;
                application.ended.cancel();
                return;
            }
            match application.become_desired(desired, &mut desires, &mut stopping).await {
                Progress::Done => break,
                Progress::Overtaken => {}
            }
        }
        while stopping.try_join_next().is_some() {}
    }
}

enum Progress {
    Done,
    /// Something else is asked for meanwhile.
    Overtaken,
}

impl Application {
    async fn become_desired(
        &self,
        desired: Desired,
        desires: &mut watch::Receiver<Desired>,
        stopping: &mut JoinSet<()>,
    ) -> Progress {
        let log = &self.context.log;
        if let Some(page) = desired.offline {
            log.offline(&self.path);
            self.replace(State::Offline(page), stopping);
            return Progress::Done;
        }
        let current = self.state.load_full();
        let running = match &*current {
            State::Online(pool) if Arc::ptr_eq(&pool.configuration, &desired.configuration) => {
                return Progress::Done;
            }
            State::Online(_) if desired.configuration.handler_settings.disallow_rotation_on_config_change => {
                log.kept(&self.path);
                return Progress::Done;
            }
            State::Online(pool) => pool.ready().len(),
            State::Offline(_) | State::Stopped => 0,
        };
        log.recycling(&self.path);
        let pool = self.context.pool(desired.configuration);
        if pool.configuration.fixed_port().is_some() {
            self.hand_over(pool, stopping);
            return Progress::Done;
        }
        pool.open();
        if running > 0 {
            // The new processes are there before a request comes to them.
            let warmed = tokio::select! {
                warmed = pool.warm(running) => warmed,
                Ok(()) = desires.changed() => {
                    stop(pool, stopping);
                    return Progress::Overtaken;
                }
            };
            if warmed.is_err() {
                log.recycle_failed(&self.path);
                stop(pool, stopping);
                return Progress::Done;
            }
        }
        pool.start_if_always_running();
        self.replace(State::Online(pool), stopping);
        Progress::Done
    }

    /// One port for the former and the new processes: these start when those are gone, and requests wait.
    fn hand_over(&self, pool: Arc<Pool>, stopping: &mut JoinSet<()>) {
        pool.start_if_always_running();
        let former = self.state.swap(Arc::new(State::Online(Arc::clone(&pool))));
        stopping.spawn(async move {
            if let State::Online(former) = &*former {
                former.drain_and_stop().await;
            }
            pool.open();
        });
    }

    fn replace(&self, state: State, stopping: &mut JoinSet<()>) {
        let former = self.state.swap(Arc::new(state));
        if let State::Online(pool) = &*former {
            stop(Arc::clone(pool), stopping);
        }
    }
}

fn stop(pool: Arc<Pool>, stopping: &mut JoinSet<()>) {
    stopping.spawn(async move { pool.drain_and_stop().await });
}
