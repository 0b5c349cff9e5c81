//! Kestrel on the host's settings.

use std::path::{Path, PathBuf};

use falconry_features::{Server, ServerError};
use falconry_kestrel::{KestrelConfiguration, KestrelServer, KestrelServerOptions};

use super::Configuration;

/// Sets options of Kestrel.
pub(super) type ConfigureKestrel = Box<dyn FnOnce(&mut KestrelServerOptions) + Send>;

/// What the server is made from, besides the configuration.
pub(super) struct KestrelBuilder {
    pub(super) configure: Vec<ConfigureKestrel>,
    pub(super) content_root: PathBuf,
}

impl KestrelBuilder {
    /// The configuration comes first, so that code has the last word.
    pub(super) fn build(self, configuration: &Configuration) -> Result<Box<dyn Server>, ServerError> {
        let mut options = KestrelServerOptions::default();
        options.configure(section(configuration, &self.content_root))?;
        self.configure.into_iter().for_each(|configure| configure(&mut options));
        Ok(Box::new(KestrelServer::new(options)))
    }
}

/// The section of Kestrel, as the server takes it.
fn section(configuration: &Configuration, content_root: &Path) -> KestrelConfiguration {
    let section = configuration.section("Kestrel");
    KestrelConfiguration::new(section.to_map())
        .with_sources(|key| section.origin(key).map(str::to_owned))
        .with_content_root(content_root)
}
