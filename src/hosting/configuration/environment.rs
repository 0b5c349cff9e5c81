//! Environment variables as settings.

use std::sync::Arc;

use super::{Configuration, flatten::Setting};

impl Configuration {
    /// Adds the variables whose name starts with `prefix` (in any case), without it; `__` in a name
    /// stands for the `:` between sections. An empty prefix adds all.
    ///
    /// ```
    /// use falconry::Configuration;
    ///
    /// let mut configuration = Configuration::new();
    /// configuration.add_environment("FALCONRY_", [("FALCONRY_KESTREL__LIMITS__MAXREQUESTBODYSIZE", "5")]);
    /// assert_eq!(configuration.get("Kestrel:Limits:MaxRequestBodySize"), Some("5"));
    /// ```
    pub fn add_environment<I, N, V>(&mut self, prefix: &str, variables: I)
    where
        I: IntoIterator<Item = (N, V)>,
        N: AsRef<str>,
        V: Into<String>,
    {
        for (name, value) in variables {
            let name = name.as_ref();
            let Some(start) = name.get(..prefix.len()) else { continue };
            let key = &name[prefix.len()..];
            if start.eq_ignore_ascii_case(prefix) && !key.is_empty() {
                let origin = Arc::from(format!("environment variable {name}"));
                self.insert(&origin, Setting { key: key.replace("__", ":"), value: Some(value.into()) });
            }
        }
    }
}

/// The variables of this process, except those that are no text.
pub(in crate::hosting) fn process_variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
