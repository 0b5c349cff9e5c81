//! Another configuration for a server that is running.

use std::sync::Arc;

use falconry_features::ServerError;

use super::{
    KestrelServer, State,
    running::{ConfiguredRunning, Running, RunningEndpoint},
};
use crate::{
    HttpProtocols, KestrelConfiguration, KestrelServerOptions, ListenOptions,
    configuration::ConfiguredEndpoint,
    listener::{BoundEndpoint, Current, bind, url},
};

impl KestrelServer {
    /// Takes the endpoints of another configuration while the server runs. New ones are started. Those that are gone
    /// stop listening, and their connections have 5 seconds for what is under way. Where only the manner of serving
    /// changes, the sockets stay, and the connections from before go in the same way. All others keep their connections.
    /// The endpoints of code stay, and all of them if addresses were preferred to endpoints at the start.
    ///
    /// Limits and switches such as `AddServerHeader` change for connections from now on; what code has set after the
    /// configuration stays. `Transport` stays as it was at the start.
    ///
    /// # Errors
    /// Options or address: the configuration is wrong, or an endpoint cannot be bound; the old endpoints stay.
    /// Invalid state: the server does not run.
    pub async fn reconfigure(
        &self,
        configuration: impl Into<KestrelConfiguration> + Send,
    ) -> Result<(), ServerError> {
        let mut options = KestrelServerOptions::clone(&self.options);
        options.configure(configuration)?;
        options.validate()?;
        let mut state = self.state.lock().await;
        let State::Running(running) = &mut *state else {
            return Err(ServerError::invalid_state(
                "only a running server can be given another configuration",
            ));
        };
        let options = Arc::new(options);
        if !running.follows_configuration {
            tracing::debug!("the configuration has changed, but addresses are preferred to its endpoints");
            running.set_options(&options);
            return Ok(());
        }
        running.change(&options).await?;
        self.addresses.bound(running.urls());
        Ok(())
    }
}

/// What becomes of one endpoint of the new configuration.
enum Step {
    /// The running endpoint with this index stays.
    Keep(usize),
    /// It stays, and new connections are served otherwise.
    Change(usize, Current),
    /// It is bound.
    Start(BoundEndpoint),
    /// It can only be bound once running endpoints with the same port are gone.
    StartAfterwards,
}

impl Running {
    /// What new connections go by, on all endpoints that are there.
    fn set_options(&self, options: &Arc<KestrelServerOptions>) {
        self.shared.set_options(Arc::clone(options));
        #[cfg(feature = "http3")]
        self.endpoints().for_each(|endpoint| endpoint.manner.set_limits(options));
    }

    async fn change(&mut self, options: &Arc<KestrelServerOptions>) -> Result<(), ServerError> {
        let wanted = options.configured_endpoints();
        let mut steps = self.plan(&wanted, options)?;
        if steps.iter().any(|step| matches!(step, Step::StartAfterwards)) {
            self.make_way(&wanted, &mut steps, options).await?;
        }
        self.tell(&wanted, &steps);
        self.set_options(options);

        let mut old: Vec<_> = std::mem::take(&mut self.configured).into_iter().map(Some).collect();
        for (step, wanted) in steps.into_iter().zip(wanted) {
            let ConfiguredEndpoint { settings, options } = wanted;
            let endpoint = match step {
                Step::Keep(index) => old[index].take().map(|old| old.endpoint),
                Step::Change(index, next) => old[index].take().map(|old| {
                    let before = old.endpoint.manner.replace(next);
                    self.dismiss(before.group);
                    let mut endpoint = old.endpoint;
                    endpoint.options = options;
                    endpoint
                }),
                Step::Start(bound) => Some(RunningEndpoint::start(bound, &self.shared)),
                Step::StartAfterwards => None,
            };
            self.configured.extend(endpoint.map(|endpoint| ConfiguredRunning { settings, endpoint }));
        }
        let mut gone: Vec<_> = old.into_iter().flatten().map(|old| old.endpoint).collect();
        for endpoint in &gone {
            // First: whoever comes at the last moment is told that the connection closes.
            self.dismiss(endpoint.manner.current().group);
            endpoint.end();
        }
        for endpoint in &mut gone {
            endpoint.stop_listening().await;
        }
        Ok(())
    }

    /// Finds out what to do and binds what can be bound; on an error nothing has changed.
    fn plan(
        &self,
        wanted: &[ConfiguredEndpoint],
        options: &KestrelServerOptions,
    ) -> Result<Vec<Step>, ServerError> {
        let mut free: Vec<usize> = (0..self.configured.len()).collect();
        let mut take = |fits: &dyn Fn(&ConfiguredRunning) -> bool| {
            let position = free.iter().position(|index| fits(&self.configured[*index]))?;
            Some(free.remove(position))
        };
        // Equal ones first, so that a changed one does not take the place of an unchanged one.
        let kept: Vec<_> =
            wanted.iter().map(|wanted| take(&|old| old.settings.is_like(&wanted.settings))).collect();
        let mut changed = Vec::with_capacity(wanted.len());
        for (kept, wanted) in kept.iter().zip(wanted) {
            // The sockets of HTTP/3 are made for one manner of serving; with them an endpoint is started anew.
            let can_change = |old: &ConfiguredRunning| {
                let speaks_http3 = |options: &ListenOptions| options.protocols.contains(HttpProtocols::HTTP3);
                let is_same_place = old.settings.place() == wanted.settings.place();
                is_same_place && !speaks_http3(&old.endpoint.options) && !speaks_http3(&wanted.options)
            };
            changed.push(if kept.is_none() { take(&can_change) } else { None });
        }
        let goes = |port| free.iter().any(|index| self.port_of(*index) == Some(port));
        let steps = kept.into_iter().zip(changed).zip(wanted).map(|(found, wanted)| match found {
            (Some(index), _) => Ok(Step::Keep(index)),
            (None, Some(index)) => Ok(Step::Change(index, Current::of(&wanted.options, options)?)),
            (None, None) => match bind(&wanted.options, options) {
                Ok(bound) => Ok(Step::Start(bound)),
                Err(error)
                    if error.is_address_in_use() && wanted.options.endpoint().port().is_some_and(goes) =>
                {
                    Ok(Step::StartAfterwards)
                }
                Err(error) => Err(error),
            },
        });
        steps.collect()
    }

    /// Binds what running endpoints are in the way of, after they have stopped listening. If that fails, they listen
    /// again.
    async fn make_way(
        &mut self,
        wanted: &[ConfiguredEndpoint],
        steps: &mut [Step],
        options: &KestrelServerOptions,
    ) -> Result<(), ServerError> {
        let stays = |index| {
            steps
                .iter()
                .any(|step| matches!(step, Step::Keep(kept) | Step::Change(kept, _) if *kept == index))
        };
        let going: Vec<usize> = (0..self.configured.len()).filter(|index| !stays(*index)).collect();
        for index in &going {
            self.configured[*index].endpoint.stop_listening().await;
        }
        let bound = (steps.iter_mut().zip(wanted))
            .filter(|(step, _)| matches!(step, Step::StartAfterwards))
            .try_for_each(|(step, wanted)| {
                *step = Step::Start(bind(&wanted.options, options)?);
                Ok(())
            });
        if bound.is_err() {
            // What was bound by now may be in their way.
            steps.fill_with(|| Step::StartAfterwards);
            going.into_iter().for_each(|index| self.listen_again(index, options));
        }
        bound
    }

    fn listen_again(&mut self, index: usize, options: &KestrelServerOptions) {
        let endpoint = &self.configured[index].endpoint;
        match bind(&endpoint.options, options) {
            Ok(mut bound) => {
                // Its connections are still those of the endpoint.
                bound.manner = Arc::clone(&endpoint.manner);
                self.configured[index].endpoint = RunningEndpoint::start(bound, &self.shared);
            }
            Err(error) => {
                tracing::error!(%error, "an endpoint that had to make way could not be bound again")
            }
        }
    }

    fn port_of(&self, index: usize) -> Option<u16> {
        let endpoint = &self.configured[index].endpoint;
        endpoint.address.map(|address| address.port()).or_else(|| endpoint.options.endpoint().port())
    }

    fn tell(&self, wanted: &[ConfiguredEndpoint], steps: &[Step]) {
        let quoted = |url: String| format!("'{url}'");
        let stopping = (0..self.configured.len())
            .filter(|index| !steps.iter().any(|step| matches!(step, Step::Keep(kept) if kept == index)));
        let stopping: Vec<_> = stopping.map(|index| quoted(self.configured[index].endpoint.url())).collect();
        if !stopping.is_empty() {
            tracing::info!("Config changed. Stopping the following endpoints: {}", stopping.join(", "));
        }
        let starting: Vec<_> = (steps.iter().zip(wanted))
            .filter_map(|(step, wanted)| match step {
                Step::Start(bound) => Some(url(&wanted.options, bound.address)),
                Step::Change(index, _) => {
                    Some(url(&wanted.options, self.configured[*index].endpoint.address))
                }
                _ => None,
            })
            .map(quoted)
            .collect();
        if !starting.is_empty() {
            tracing::info!("Config changed. Starting the following endpoints: {}", starting.join(", "));
        }
    }
}
