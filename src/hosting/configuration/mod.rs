//! [`Configuration`]: settings by key, from files, the environment, the command line and code.

mod arguments;
mod environment;
mod error;
mod file;
mod flatten;
mod json;
mod values;

use std::{collections::BTreeMap, fmt, sync::Arc};

pub(super) use self::environment::process_variables;
pub use self::error::ConfigurationError;
use self::flatten::Setting;

/// Settings by key. Keys ignore case; sections are separated by `:`; a later layer wins.
///
/// ```
/// use falconry::Configuration;
///
/// let mut configuration = Configuration::new();
/// configuration.set("Kestrel:Limits:MaxConcurrentConnections", "100");
/// configuration.add_args(["--kestrel:limits:maxconcurrentconnections=200"]);
///
/// let limits = configuration.section("Kestrel:Limits");
/// assert_eq!(limits.get("MaxConcurrentConnections"), Some("200"));
/// assert_eq!(limits.parsed::<u64>("MaxConcurrentConnections", "a number").unwrap(), Some(200));
/// ```
#[derive(Clone, Default)]
pub struct Configuration {
    // Where this section stands in the whole, for messages; empty for the whole.
    path: String,
    // By the key in lower case.
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone)]
struct Entry {
    key: String,
    // `None` where a file says `null` or holds an empty object: no value, but not nothing either.
    value: Option<String>,
    origin: Arc<str>,
}

impl Configuration {
    /// No settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one value, from code. It wins over everything added before.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.insert(&Arc::from("the program"), Setting { key: key.into(), value: Some(value.into()) });
    }

    /// Adds all of `layer`, which wins over what is here.
    pub fn merge(&mut self, layer: Self) {
        self.entries.extend(layer.entries);
    }

    /// The value of a key, if it is set.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entry(key).and_then(|entry| entry.value.as_deref())
    }

    /// Where the value of a key comes from, as `environment variable FALCONRY_URLS`.
    pub fn origin(&self, key: &str) -> Option<&str> {
        self.entry(key).map(|entry| &*entry.origin)
    }

    /// The value of this section itself, if it is a single one.
    pub fn value(&self) -> Option<&str> {
        self.get("")
    }

    /// The name of this section, with those above it; empty for the whole.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// True if nothing is set.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What lies under `key`, with keys relative to it; empty if there is nothing.
    #[must_use]
    pub fn section(&self, key: &str) -> Self {
        let prefix = normal(key);
        let mut section = Self { path: self.full_key(key), ..Self::default() };
        // All keys that start with the prefix are neighbours, but `a-b` stands among `a` and `a:b`.
        for (name, entry) in self.entries.range(prefix.clone()..).take_while(|(k, _)| k.starts_with(&prefix))
        {
            let rest = &name[prefix.len()..];
            if rest.is_empty() || rest.starts_with(':') {
                let start = entry.key.len() - rest.trim_start_matches(':').len();
                let entry = Entry { key: entry.key[start..].to_owned(), ..entry.clone() };
                section.entries.insert(rest.trim_start_matches(':').to_owned(), entry);
            }
        }
        section
    }

    /// The sections directly under this one with their names, in order: numbers by value, as the
    /// elements of a list, then names.
    pub fn children(&self) -> Vec<(String, Self)> {
        let mut names: BTreeMap<(u64, String), &str> = BTreeMap::new();
        for (name, entry) in &self.entries {
            let Some(first) = name.split(':').next().filter(|first| !first.is_empty()) else { continue };
            let order = (first.parse().unwrap_or(u64::MAX), first.to_owned());
            names.entry(order).or_insert(&entry.key[..first.len()]);
        }
        names.into_values().map(|name| (name.to_owned(), self.section(name))).collect()
    }

    /// Keys, as they were written, and values: for libraries that shall not know this type. `null` and
    /// objects without members are keys with an empty value.
    pub fn to_map(&self) -> BTreeMap<String, String> {
        let pair = |entry: &Entry| (entry.key.clone(), entry.value.clone().unwrap_or_default());
        self.entries.values().map(pair).collect()
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.get(&normal(key))
    }

    fn full_key(&self, key: &str) -> String {
        match (self.path.is_empty(), key.is_empty()) {
            (true, _) => key.to_owned(),
            (_, true) => self.path.clone(),
            _ => format!("{}:{key}", self.path),
        }
    }

    fn insert(&mut self, origin: &Arc<str>, setting: Setting) {
        let name = normal(&setting.key);
        let entry = Entry { key: setting.key, value: setting.value, origin: Arc::clone(origin) };
        self.entries.insert(name, entry);
    }
}

impl From<&Configuration> for BTreeMap<String, String> {
    fn from(configuration: &Configuration) -> Self {
        configuration.to_map()
    }
}

/// Shows keys and no values: some are secrets.
impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&str> = self.entries.values().map(|entry| entry.key.as_str()).collect();
        f.debug_struct("Configuration").field("path", &self.path).field("keys", &keys).finish_non_exhaustive()
    }
}

fn normal(key: &str) -> String {
    key.to_ascii_lowercase()
}
