//! [`ConfigurationSource`]: a file, and the path of its application.

use std::{
    fs,
    path::{Path, PathBuf, absolute},
};

use super::{ConfigurationError, ModuleConfiguration, Position, toml_file, web_config};

/// A configuration file: `web.config`, or TOML if its name ends in `.toml`.
///
/// ```
/// use falconry_module::ConfigurationSource;
///
/// let source = ConfigurationSource::parse("/shop=sites/shop/web.config");
/// assert_eq!((source.path.as_str(), source.file.to_str()), ("/shop", Some("sites/shop/web.config")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationSource {
    /// The path of the application of a `web.config`; those in it with a `location` of their own are below.
    pub path: String,
    /// The file.
    pub file: PathBuf,
}

impl ConfigurationSource {
    /// From `FILE` or `/path=FILE`, as on the command line.
    pub fn parse(text: &str) -> Self {
        match text.split_once('=') {
            // A file may have any name; one that starts with a slash and is there is that file.
            Some((path, file)) if path.starts_with('/') && !Path::new(text).exists() => {
                Self { path: path.to_owned(), file: file.into() }
            }
            _ => Self { path: "/".to_owned(), file: text.into() },
        }
    }

    pub(super) fn load(&self) -> Result<ModuleConfiguration, ConfigurationError> {
        let file = absolute(&self.file).map_err(|error| ConfigurationError::unreadable(&self.file, error))?;
        let bytes = fs::read(&file).map_err(|error| ConfigurationError::unreadable(&file, error))?;
        let text = decode(&bytes)
            .ok_or_else(|| ConfigurationError::new(Position::whole(&file), "the file is not in UTF-8"))?;
        let is_toml = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        if is_toml { toml_file::parse(text, &file) } else { web_config::parse(text, &file, &self.path) }
    }
}

impl From<&Path> for ConfigurationSource {
    fn from(file: &Path) -> Self {
        Self { path: "/".to_owned(), file: file.to_owned() }
    }
}

/// The virtual path as it is compared with requests: with a slash in front and none at the end, except for `/`.
pub(super) fn virtual_path(text: &str) -> Result<String, String> {
    let trimmed = text.trim_matches('/');
    let is_plain = |character: char| character.is_ascii_graphic() && !"?#%\\\"<>".contains(character);
    let is_segment = |segment: &str| !segment.is_empty() && segment != "." && segment != "..";
    let is_path = trimmed.chars().all(is_plain) && trimmed.split('/').all(is_segment);
    if !trimmed.is_empty() && !is_path {
        return Err(format!("{text:?} is no path of an application, such as `/shop`"));
    }
    Ok(format!("/{trimmed}"))
}

fn decode(bytes: &[u8]) -> Option<&str> {
    // Visual Studio writes a byte order mark.
    std::str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)).ok()
}
