//! Values with a type.

use std::str::FromStr;

use super::{Configuration, ConfigurationError};

impl Configuration {
    /// The value of a switch; `None` if it is not set or empty.
    ///
    /// # Errors
    /// It is none of `true`, `false` (in any case), `1` and `0`.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, ConfigurationError> {
        let Some(value) = self.filled(key) else { return Ok(None) };
        match value.trim() {
            "1" => Ok(Some(true)),
            "0" => Ok(Some(false)),
            text if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            text if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            _ => Err(self.refuse(key, "true, false, 1 or 0")),
        }
    }

    /// The value as a `T`; `None` if it is not set or empty. `expected` completes "it takes ...".
    ///
    /// # Errors
    /// It is no `T`.
    pub fn parsed<T: FromStr>(&self, key: &str, expected: &str) -> Result<Option<T>, ConfigurationError> {
        let Some(value) = self.filled(key) else { return Ok(None) };
        value.trim().parse().map(Some).map_err(|_| self.refuse(key, expected))
    }

    /// One of the values that have these names, in any case; `None` if it is not set or empty.
    ///
    /// ```
    /// use falconry::Configuration;
    ///
    /// let mut configuration = Configuration::new();
    /// configuration.set("Protocols", "http2");
    /// let protocols = [("Http1", 1), ("Http2", 2)];
    /// assert_eq!(configuration.one_of("Protocols", &protocols).unwrap(), Some(2));
    /// ```
    ///
    /// # Errors
    /// It is none of the names; the error lists them.
    pub fn one_of<T: Clone>(
        &self,
        key: &str,
        allowed: &[(&str, T)],
    ) -> Result<Option<T>, ConfigurationError> {
        let Some(value) = self.filled(key) else { return Ok(None) };
        let found = allowed.iter().find(|(name, _)| name.eq_ignore_ascii_case(value.trim()));
        found.map(|(_, value)| Some(value.clone())).ok_or_else(|| {
            let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
            self.refuse(key, &format!("one of {}", names.join(", ")))
        })
    }

    /// The value, unless it is not set or empty.
    pub(crate) fn filled(&self, key: &str) -> Option<&str> {
        self.get(key).filter(|value| !value.trim().is_empty())
    }

    /// The error for a value that `key` cannot have.
    pub(crate) fn refuse(&self, key: &str, expected: &str) -> ConfigurationError {
        ConfigurationError::value(format!(
            "`{}` is {:?} (from {}): it takes {expected}",
            self.full_key(key),
            self.get(key).unwrap_or_default(),
            self.origin(key).unwrap_or("nowhere"),
        ))
    }
}
