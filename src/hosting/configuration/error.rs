//! What is wrong with a setting or the file that holds it.

use std::{error::Error as StdError, fmt};

use falconry_features::BoxError;

/// A file that cannot be read, or a value that is none of those allowed.
///
/// ```
/// use falconry::Configuration;
///
/// let mut configuration = Configuration::new();
/// configuration.set("preferHostingUrls", "perhaps");
/// let error = configuration.flag("preferHostingUrls").unwrap_err();
/// assert!(error.is_value());
/// assert_eq!(
///     error.to_string(),
///     "`preferHostingUrls` is \"perhaps\" (from the program): it takes true, false, 1 or 0"
/// );
/// ```
#[derive(Debug)]
pub struct ConfigurationError {
    kind: Kind,
    message: String,
    source: Option<BoxError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Value,
}

impl ConfigurationError {
    pub(crate) fn file(message: impl Into<String>) -> Self {
        Self { kind: Kind::File, message: message.into(), source: None }
    }

    pub(crate) fn value(message: impl Into<String>) -> Self {
        Self { kind: Kind::Value, message: message.into(), source: None }
    }

    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// True if a file is missing, cannot be read or is not what its name says.
    pub fn is_file(&self) -> bool {
        self.kind == Kind::File
    }

    /// True if a setting has a value that it cannot have.
    pub fn is_value(&self) -> bool {
        self.kind == Kind::Value
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for ConfigurationError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
