//! Kestrel on the host's settings.

use std::{
    error::Error,
    path::{Path, PathBuf},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use falconry_features::{
    CancellationToken, Deadline, FeatureCollection, HttpApplication, Server, ServerError,
};
use falconry_kestrel::{KestrelConfiguration, KestrelServer, KestrelServerOptions};

use super::{Configuration, reload::Watch};

/// Sets options of Kestrel.
pub(super) type ConfigureKestrel = Box<dyn FnOnce(&mut KestrelServerOptions) + Send>;

/// What the server is made from, besides the configuration.
pub(super) struct KestrelBuilder {
    pub(super) configure: Vec<ConfigureKestrel>,
    pub(super) content_root: PathBuf,
    /// None if changes of the configuration do not count.
    pub(super) watch: Option<Watch>,
}

impl KestrelBuilder {
    /// The configuration comes first, so that code has the last word.
    pub(super) fn build(self, configuration: &Configuration) -> Result<Box<dyn Server>, ServerError> {
        let section = section(configuration);
        let mut options = KestrelServerOptions::default();
        options.configure(for_kestrel(&section, &self.content_root))?;
        self.configure.into_iter().for_each(|configure| configure(&mut options));
        let server = KestrelServer::new(options);
        Ok(match self.watch {
            None => Box::new(server),
            Some(watch) => Box::new(Reloading {
                server: Arc::new(server),
                follow: Mutex::new(Some(Follow { watch, content_root: self.content_root, applied: section })),
                ends: CancellationToken::new(),
            }),
        })
    }
}

/// A server whose endpoints follow the configuration files.
struct Reloading {
    server: Arc<KestrelServer>,
    follow: Mutex<Option<Follow>>,
    ends: CancellationToken,
}

struct Follow {
    watch: Watch,
    content_root: PathBuf,
    /// The section that the server goes by.
    applied: Configuration,
}

#[async_trait]
impl Server for Reloading {
    fn features(&self) -> &FeatureCollection {
        self.server.features()
    }

    async fn start(&self, application: Arc<dyn HttpApplication>) -> Result<(), ServerError> {
        self.server.start(application).await?;
        let follow = self.follow.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(follow) = follow {
            tokio::spawn(follow.run(Arc::clone(&self.server), self.ends.clone()));
        }
        Ok(())
    }

    async fn stop(&self, deadline: Deadline) -> Result<(), ServerError> {
        self.ends.cancel();
        self.server.stop(deadline).await
    }
}

impl Drop for Reloading {
    fn drop(&mut self) {
        self.ends.cancel();
    }
}

impl Follow {
    async fn run(mut self, server: Arc<KestrelServer>, ends: CancellationToken) {
        let mut ended = pin!(ends.cancelled());
        loop {
            let changed = tokio::select! {
                changed = self.watch.changed() => changed,
                () = &mut ended => return,
            };
            match changed {
                Ok(configuration) => {
                    if let Err(error) = self.apply(&configuration, &server).await {
                        report(&error);
                    }
                }
                Err(error) => report(&error),
            }
        }
    }

    async fn apply(
        &mut self,
        configuration: &Configuration,
        server: &KestrelServer,
    ) -> Result<(), ServerError> {
        let section = section(configuration);
        if section.to_map() != self.applied.to_map() {
            server.reconfigure(for_kestrel(&section, &self.content_root)).await?;
            self.applied = section;
        }
        Ok(())
    }
}

fn report(error: &(dyn Error + 'static)) {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    tracing::error!("Unable to reload the configuration; the endpoints stay as they are: {error}{cause}");
}

fn section(configuration: &Configuration) -> Configuration {
    configuration.section("Kestrel")
}

/// The section as the server takes it.
fn for_kestrel(section: &Configuration, content_root: &Path) -> KestrelConfiguration {
    KestrelConfiguration::new(section.to_map())
        .with_sources(|key| section.origin(key).map(str::to_owned))
        .with_content_root(content_root)
}
