//! The servers compiled in, and which of them runs.

use std::fmt;

use falconry_features::{Server, ServerError};

use super::{Configuration, HostError};

type Create = Box<dyn FnOnce(&Configuration) -> Result<Box<dyn Server>, ServerError> + Send>;

/// Servers by name, in the order in which they were added.
#[derive(Default)]
pub(super) struct Servers {
    entries: Vec<(String, Create)>,
}

impl Servers {
    /// Adds a server, in the place of one with the same name.
    pub(super) fn add<F>(&mut self, name: &str, create: F)
    where
        F: FnOnce(&Configuration) -> Result<Box<dyn Server>, ServerError> + Send + 'static,
    {
        self.entries.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.entries.push((name.to_owned(), Box::new(create)));
    }

    /// With Kestrel, unless the program has put another server in its place.
    #[cfg(feature = "kestrel")]
    pub(super) fn with_kestrel(self, kestrel: super::kestrel::KestrelBuilder) -> Self {
        self.with("kestrel", |configuration| kestrel.build(configuration))
    }

    /// With HTTP.sys, unless the program has put another server in its place.
    #[cfg(feature = "httpsys")]
    pub(super) fn with_httpsys(self, configure: Vec<super::httpsys::ConfigureHttpSys>) -> Self {
        self.with("httpsys", |configuration| super::httpsys::build(configuration, configure))
    }

    /// With the in-memory server, unless the program has put another server in its place.
    #[cfg(feature = "test-host")]
    pub(super) fn with_test_host(self) -> Self {
        self.with("test-host", |_| Ok(Box::new(falconry_test_host::TestServer::new())))
    }

    /// Makes the server that `wanted` names, else Kestrel, else the only one.
    pub(super) fn create(
        mut self,
        wanted: Option<Wanted<'_>>,
        configuration: &Configuration,
    ) -> Result<(String, Box<dyn Server>), HostError> {
        let position = match &wanted {
            Some(wanted) => self.position(wanted.name),
            None => self.position("kestrel").or_else(|| (self.entries.len() == 1).then_some(0)),
        };
        let Some(position) = position else { return Err(self.not_found(wanted)) };
        let (name, create) = self.entries.swap_remove(position);
        let server = create(configuration).map_err(HostError::start)?;
        Ok((name, server))
    }

    #[cfg(any(feature = "httpsys", feature = "kestrel", feature = "test-host"))]
    fn with<F>(mut self, name: &str, create: F) -> Self
    where
        F: FnOnce(&Configuration) -> Result<Box<dyn Server>, ServerError> + Send + 'static,
    {
        if self.position(name).is_none() {
            self.add(name, create);
        }
        self
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.entries.iter().position(|(other, _)| other.eq_ignore_ascii_case(name.trim()))
    }

    fn not_found(&self, wanted: Option<Wanted<'_>>) -> HostError {
        let names: Vec<&str> = self.entries.iter().map(|(name, _)| name.as_str()).collect();
        let list = names.join(", ");
        HostError::choice(match wanted {
            None if names.is_empty() => "no server is compiled in: switch a feature of falconry on, such as \
                                         `kestrel`, or give the host one with `server(..)`"
                .to_owned(),
            None => format!("which server? Several are compiled in: {list}. Choose one with --server NAME"),
            Some(Wanted { name, origin }) if names.is_empty() => {
                format!("no server is compiled in, so also not {name:?} (from {origin})")
            }
            Some(Wanted { name, origin }) => {
                format!("there is no server {name:?} (from {origin}); compiled in: {list}")
            }
        })
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|(name, _)| name)).finish()
    }
}

/// The server that somebody asked for, and where.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
    pub(super) origin: &'a str,
}

/// Who decides: the program, the command line, `FALCONRY_SERVER`, then the rest of the configuration.
pub(super) fn wanted(configuration: &Configuration) -> Option<Wanted<'_>> {
    const KEY: &str = "server";
    let name = configuration.filled(KEY)?;
    Some(Wanted { name, origin: configuration.origin(KEY).unwrap_or_default() })
}
