//! Which prefix a request fits: the prefixes of one port.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, atomic::AtomicBool},
};

use super::session::Group;
use crate::{UrlPrefix, prefix::HostKind};

/// A prefix that is registered.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) prefix: UrlPrefix,
    pub(super) context: u64,
    pub(super) group: Arc<Group>,
    /// Some response of it could be kept: from then on it is found out for each request whether that may be.
    pub(super) caches: AtomicBool,
}

impl Registration {
    pub(super) fn new(prefix: UrlPrefix, context: u64, group: Arc<Group>) -> Arc<Self> {
        Arc::new(Self { prefix, context, group, caches: AtomicBool::new(false) })
    }
}

/// So many names are compared one after the other; more are looked up in lower case.
const FEW: usize = 4;

/// The prefixes of one port, by their kind of host.
#[derive(Debug, Default)]
pub(super) struct Table {
    strong: Paths,
    names: HashMap<String, Paths>,
    /// By the name below which they hold, the longest first.
    subdomains: Vec<(String, Paths)>,
    addresses: Vec<(IpAddr, Paths)>,
    weak: Paths,
}

/// What a table says of a request.
#[derive(Debug)]
pub(super) enum Match<R> {
    Found(R),
    /// The host is known, the path is not.
    NoPath,
    /// Nobody has the host.
    NoHost,
}

/// The prefixes of one host, the longest path first.
#[derive(Debug, Default)]
struct Paths(Vec<Arc<Registration>>);

impl Table {
    /// Adds a prefix; false if it is there.
    pub(super) fn insert(&mut self, registration: Arc<Registration>) -> bool {
        let paths = self.paths_mut(&registration.prefix);
        if paths.0.iter().any(|other| other.prefix == registration.prefix) {
            return false;
        }
        let length = registration.prefix.path().len();
        let position = paths.0.partition_point(|other| other.prefix.path().len() >= length);
        paths.0.insert(position, registration);
        true
    }

    /// Takes a prefix out.
    pub(super) fn remove(&mut self, prefix: &UrlPrefix) -> Option<Arc<Registration>> {
        let paths = self.paths_mut(prefix);
        let position = paths.0.iter().position(|other| other.prefix == *prefix);
        let removed = position.map(|position| paths.0.remove(position));
        self.names.retain(|_, paths| !paths.0.is_empty());
        self.subdomains.retain(|(_, paths)| !paths.0.is_empty());
        self.addresses.retain(|(_, paths)| !paths.0.is_empty());
        removed
    }

    pub(super) fn get(&self, prefix: &UrlPrefix) -> Option<&Arc<Registration>> {
        self.all().find(|registration| registration.prefix == *prefix)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// All prefixes, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Registration>> {
        let named = self.names.values().chain(self.subdomains.iter().map(|(_, paths)| paths));
        let bound = self.addresses.iter().map(|(_, paths)| paths);
        [&self.strong, &self.weak].into_iter().chain(named).chain(bound).flat_map(|paths| &paths.0)
    }

    /// Finds the prefix that a request fits: `+` first, then names, then the address that it came to, then `*`.
    /// `host` is as in the field, with or without a port; it is asked for if some prefix has a name.
    pub(super) fn find<'a, 'h>(
        &'a self,
        host: impl FnOnce() -> &'h str,
        local: Option<IpAddr>,
        path: &str,
    ) -> Match<&'a Arc<Registration>> {
        let mut is_known = false;
        let mut look = |paths: &'a Paths| {
            is_known |= !paths.0.is_empty();
            paths.find(path)
        };
        if let Some(found) = look(&self.strong) {
            return Match::Found(found);
        }
        if !(self.names.is_empty() && self.subdomains.is_empty()) {
            let name = without_port(host());
            let exact = self.of_name(name).and_then(&mut look);
            let found = exact.or_else(|| {
                let fitting = self.subdomains.iter().filter(|(parent, _)| is_below(name, parent));
                fitting.map(|(_, paths)| paths).find_map(&mut look)
            });
            if let Some(found) = found {
                return Match::Found(found);
            }
        }
        if let Some(local) = local.map(|address| address.to_canonical())
            && let Some((_, paths)) = self.addresses.iter().find(|(address, _)| *address == local)
            && let Some(found) = look(paths)
        {
            return Match::Found(found);
        }
        match look(&self.weak) {
            Some(found) => Match::Found(found),
            None if is_known => Match::NoPath,
            None => Match::NoHost,
        }
    }

    fn of_name(&self, name: &str) -> Option<&Paths> {
        if self.names.len() > FEW {
            return self.names.get(&name.to_ascii_lowercase());
        }
        let mut names = self.names.iter();
        names.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, paths)| paths)
    }

    fn paths_mut(&mut self, prefix: &UrlPrefix) -> &mut Paths {
        match prefix.host_kind() {
            HostKind::StrongWildcard => &mut self.strong,
            HostKind::WeakWildcard => &mut self.weak,
            HostKind::Name => self.names.entry(prefix.host().to_ascii_lowercase()).or_default(),
            HostKind::Subdomains => {
                let parent = prefix.host().trim_start_matches('*').to_ascii_lowercase();
                let position = match self.subdomains.iter().position(|(other, _)| *other == parent) {
                    Some(position) => position,
                    None => {
                        let position =
                            self.subdomains.partition_point(|(other, _)| other.len() >= parent.len());
                        self.subdomains.insert(position, (parent, Paths::default()));
                        position
                    }
                };
                &mut self.subdomains[position].1
            }
            HostKind::Address(address) => {
                let address = address.to_canonical();
                let position = match self.addresses.iter().position(|(other, _)| *other == address) {
                    Some(position) => position,
                    None => {
                        self.addresses.push((address, Paths::default()));
                        self.addresses.len() - 1
                    }
                };
                &mut self.addresses[position].1
            }
        }
    }
}

impl Paths {
    fn find(&self, path: &str) -> Option<&Arc<Registration>> {
        self.0.iter().find(|registration| fits(registration.prefix.path_base(), path))
    }
}

/// True if `path` is `base` or lies below it, segment by segment, in any case.
fn fits(base: &str, path: &str) -> bool {
    let (base, path) = (base.as_bytes(), path.as_bytes());
    match path.split_at_checked(base.len()) {
        Some((start, rest)) => start.eq_ignore_ascii_case(base) && (rest.is_empty() || rest[0] == b'/'),
        None => false,
    }
}

/// `parent` begins with the dot.
fn is_below(name: &str, parent: &str) -> bool {
    let (name, parent) = (name.as_bytes(), parent.as_bytes());
    name.len() > parent.len() && name[name.len() - parent.len()..].eq_ignore_ascii_case(parent)
}

fn without_port(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if !host[colon..].contains(']') => &host[..colon],
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(prefixes: &[&str]) -> Table {
        let mut table = Table::default();
        for (context, prefix) in (1..).zip(prefixes) {
            let prefix = prefix.parse().unwrap();
            let group = Group::detached();
            assert!(table.insert(Registration::new(prefix, context, group)));
        }
        table
    }

    fn found(table: &Table, host: &str, local: [u8; 4], path: &str) -> Option<u64> {
        match table.find(|| host, Some(local.into()), path) {
            Match::Found(registration) => Some(registration.context),
            Match::NoPath | Match::NoHost => None,
        }
    }

    const HERE: [u8; 4] = [127, 0, 0, 1];

    #[test]
    fn the_longest_path_wins_segment_by_segment() {
        let table = table(&["http://+:80/", "http://+:80/app/", "http://+:80/app/v2/"]);
        assert_eq!(found(&table, "x", HERE, "/other"), Some(1));
        assert_eq!(found(&table, "x", HERE, "/APP"), Some(2));
        assert_eq!(found(&table, "x", HERE, "/app/v1"), Some(2));
        assert_eq!(found(&table, "x", HERE, "/app/v2/x"), Some(3));
        assert_eq!(found(&table, "x", HERE, "/apple"), Some(1));
    }

    #[test]
    fn hosts_are_asked_from_the_strongest_to_the_weakest() {
        let table = table(&[
            "http://+:80/strong/",
            "http://example.org:80/",
            "http://*.example.org:80/",
            "http://127.0.0.1:80/",
            "http://*:80/",
        ]);
        assert_eq!(found(&table, "example.org", HERE, "/strong/x"), Some(1));
        assert_eq!(found(&table, "EXAMPLE.org:80", HERE, "/"), Some(2));
        assert_eq!(found(&table, "www.example.org", HERE, "/"), Some(3));
        assert_eq!(found(&table, "other", HERE, "/"), Some(4));
        assert_eq!(found(&table, "other", [127, 0, 0, 2], "/"), Some(5));
    }

    #[test]
    fn of_many_names_each_is_found_in_any_case() {
        let prefixes: Vec<_> = (0..20).map(|number| format!("http://Host{number}.example:80/")).collect();
        let table = table(&prefixes.iter().map(|prefix| &**prefix).collect::<Vec<_>>());
        for number in 0..20 {
            assert_eq!(found(&table, &format!("hOST{number}.example"), HERE, "/"), Some(number + 1));
        }
        assert_eq!(found(&table, "host20.example", HERE, "/"), None);
    }

    #[test]
    fn a_subdomain_is_found_in_any_case() {
        let table = table(&["http://*.Example.org:80/"]);
        assert_eq!(found(&table, "a.b.EXAMPLE.org:80", HERE, "/"), Some(1));
        assert_eq!(found(&table, "example.org", HERE, "/"), None);
        assert_eq!(found(&table, "\u{e9}xample.org", HERE, "/"), None);
    }

    #[test]
    fn an_unknown_host_is_told_from_an_unknown_path() {
        let table = table(&["http://localhost:80/app/"]);
        assert!(matches!(table.find(|| "localhost:80", None, "/"), Match::NoPath));
        assert!(matches!(table.find(|| "other", None, "/app/"), Match::NoHost));
    }

    #[test]
    fn a_prefix_is_there_once_and_goes() {
        let mut table = table(&["http://localhost:80/app/"]);
        let prefix: UrlPrefix = "http://LOCALHOST/App".parse().unwrap();
        assert!(!table.insert(Registration::new(prefix.clone(), 7, Group::detached())));
        assert_eq!(table.remove(&prefix).map(|removed| removed.context), Some(1));
        assert!(table.is_empty());
    }
}
