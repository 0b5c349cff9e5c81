//! The ports that are listened on, and who shares them.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use falconry_features::Deadline;
use tokio::sync::Mutex;

use super::{
    Kernel,
    listener::{Listener, ListenerLimits},
    router::PortRouter,
    session::Group,
    table::{Match, Registration, Table},
};
use crate::{UrlPrefix, driver::Win32Error, prefix::HostKind};

/// Every port of a driver.
#[derive(Debug, Default)]
pub(super) struct Ports {
    ports: Mutex<HashMap<u16, Port>>,
}

/// A port that somebody has a prefix of.
#[derive(Debug)]
struct Port {
    number: u16,
    is_https: bool,
    table: Arc<PortTable>,
    listeners: Vec<Listener>,
}

/// The prefixes of a port, as its requests look them up.
#[derive(Debug, Default)]
pub(super) struct PortTable(RwLock<Table>);

impl PortTable {
    pub(super) fn find(&self, host: &str, local: Option<IpAddr>, path: &str) -> Match<Arc<Registration>> {
        match self.read().find(|| host, local, path) {
            Match::Found(registration) => Match::Found(Arc::clone(registration)),
            Match::NoPath => Match::NoPath,
            Match::NoHost => Match::NoHost,
        }
    }

    /// Looks at the prefix that a request fits, if there is one.
    pub(super) fn look<'h, T>(
        &self,
        host: impl FnOnce() -> &'h str,
        local: Option<IpAddr>,
        path: &str,
        look: impl FnOnce(&Arc<Registration>) -> Option<T>,
    ) -> Option<T> {
        match self.read().find(host, local, path) {
            Match::Found(registration) => look(registration),
            Match::NoPath | Match::NoHost => None,
        }
    }

    /// Some prefix.
    pub(super) fn any(&self) -> Option<Arc<Registration>> {
        self.read().all().next().map(Arc::clone)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Table> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Table> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Listeners that nobody uses any more; [`run`](Self::run) ends them and their connections.
#[derive(Debug)]
pub(super) struct Retirement {
    listeners: Vec<Listener>,
}

impl Retirement {
    /// Connections end after what is under way, or at `deadline`.
    pub(super) async fn run(self, deadline: Deadline) {
        for listener in self.listeners {
            listener.end(deadline.clone()).await;
        }
    }
}

impl Ports {
    /// Registers a prefix and listens for it.
    pub(super) async fn add(
        &self,
        kernel: &Arc<Kernel>,
        prefix: UrlPrefix,
        context: u64,
        group: &Arc<Group>,
    ) -> Result<(), Win32Error> {
        let mut ports = self.ports.lock().await;
        let number = prefix.port();
        if number == 0 {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        let port = ports.entry(number).or_insert_with(|| Port {
            number,
            is_https: prefix.is_https(),
            table: Arc::default(),
            listeners: Vec::new(),
        });
        if port.is_https != prefix.is_https() {
            return Err(Win32Error::SHARING_VIOLATION);
        }
        let registration = Registration::new(prefix.clone(), context, Arc::clone(group));
        if !port.table.write().insert(registration) {
            return Err(Win32Error::ALREADY_EXISTS);
        }
        let limits = ListenerLimits::from(&group.settings().timeouts);
        let listened = port.listen(kernel, &prefix, limits).await;
        if listened.is_err() {
            port.table.write().remove(&prefix);
            if port.table.read().is_empty() {
                let gone = ports.remove(&number);
                if let Some(gone) = gone {
                    Retirement { listeners: gone.listeners }.run(Deadline::now()).await;
                }
            }
        }
        listened
    }

    /// Takes a prefix back; gives what to end if it was the last one of its port. On return nobody is accepted there any
    /// more.
    pub(super) async fn remove(&self, prefix: &UrlPrefix) -> Option<Retirement> {
        let mut ports = self.ports.lock().await;
        let port = ports.get(&prefix.port())?;
        port.table.write().remove(prefix)?;
        if !port.table.read().is_empty() {
            return None;
        }
        let port = ports.remove(&prefix.port())?;
        for listener in &port.listeners {
            listener.stop_accepting().await;
        }
        Some(Retirement { listeners: port.listeners })
    }

    /// Who has registered this prefix.
    pub(super) async fn group_of(&self, prefix: &UrlPrefix) -> Option<Arc<Group>> {
        let ports = self.ports.lock().await;
        let table = ports.get(&prefix.port())?.table.read();
        table.get(prefix).map(|registration| Arc::clone(&registration.group))
    }

    /// The ports of these prefixes follow the changed timeouts of their group: new connections do.
    pub(super) async fn refresh(&self, kernel: &Arc<Kernel>, prefixes: &[UrlPrefix]) {
        let mut ports = self.ports.lock().await;
        for prefix in prefixes {
            let Some(port) = ports.get_mut(&prefix.port()) else { continue };
            let group = port.table.read().get(prefix).map(|registration| Arc::clone(&registration.group));
            let Some(group) = group else { continue };
            port.follow(kernel, ListenerLimits::from(&group.settings().timeouts)).await;
        }
    }
}

impl Port {
    /// Listens on the addresses that `prefix` needs.
    async fn listen(
        &mut self,
        kernel: &Arc<Kernel>,
        prefix: &UrlPrefix,
        limits: ListenerLimits,
    ) -> Result<(), Win32Error> {
        let wanted = addresses_of(prefix);
        if self.listeners.iter().any(|listener| listener.address.ip().is_unspecified()) {
            return Ok(());
        }
        let is_any = wanted.iter().all(|address| address.is_unspecified());
        let narrower = if is_any { std::mem::take(&mut self.listeners) } else { Vec::new() };
        // Both cannot be bound at once.
        for listener in &narrower {
            listener.stop_accepting().await;
        }
        let result = self.listen_on(kernel, &wanted, limits).await;
        if result.is_err() && !narrower.is_empty() {
            let addresses: Vec<_> = narrower.iter().map(|listener| listener.address.ip()).collect();
            // They were free a moment ago; if they are not, the error is told all the same.
            let _ = self.listen_on(kernel, &addresses, limits).await;
        }
        if !narrower.is_empty() {
            // Their connections go on for what is under way.
            tokio::spawn(Retirement { listeners: narrower }.run(Deadline::never()));
        }
        result
    }

    async fn listen_on(
        &mut self,
        kernel: &Arc<Kernel>,
        addresses: &[IpAddr],
        limits: ListenerLimits,
    ) -> Result<(), Win32Error> {
        let before = self.listeners.len();
        let mut failure = None;
        for address in addresses {
            let address = SocketAddr::new(*address, self.number);
            if self.listeners.iter().any(|listener| listener.address == address) {
                continue;
            }
            match Listener::start(address, self.router(kernel), limits).await {
                Ok(listener) => self.listeners.push(listener),
                Err(error) => failure = Some(error),
            }
            if failure == Some(Win32Error::SHARING_VIOLATION) {
                break;
            }
        }
        match failure {
            // `localhost` and the like: one of the families may be missing, but nobody else may have it.
            Some(error) if error == Win32Error::SHARING_VIOLATION || self.listeners.len() == before => {
                for listener in self.listeners.drain(before..) {
                    listener.end(Deadline::now()).await;
                }
                Err(error)
            }
            _ => Ok(()),
        }
    }

    /// New connections keep to other limits.
    async fn follow(&mut self, kernel: &Arc<Kernel>, limits: ListenerLimits) {
        for listener in &mut self.listeners {
            if listener.limits != limits {
                let router = PortRouter::new(kernel, self.number, self.is_https, &self.table);
                if let Err(error) = listener.restart(router, limits).await {
                    tracing::error!(%error, address = %listener.address, "a listener could not be started anew");
                }
            }
        }
    }

    fn router(&self, kernel: &Arc<Kernel>) -> PortRouter {
        PortRouter::new(kernel, self.number, self.is_https, &self.table)
    }
}

/// Where to listen for a prefix. HTTP.sys listens on all addresses and judges by the `Host` field; here, what is meant
/// for this machine alone is not reached from elsewhere.
fn addresses_of(prefix: &UrlPrefix) -> Vec<IpAddr> {
    match prefix.host_kind() {
        HostKind::Address(address) => vec![address],
        HostKind::Name if is_localhost(prefix.host()) => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        _ => vec![Ipv6Addr::UNSPECIFIED.into()],
    }
}

fn is_localhost(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// How long a listener that is replaced gives its connections.
pub(super) const REPLACED: Duration = Duration::from_secs(5);
