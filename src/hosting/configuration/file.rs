//! JSON and TOML files as settings.

use std::{io, path::Path, sync::Arc};

use serde::de::DeserializeSeed;

use super::{
    Configuration, ConfigurationError,
    flatten::{Flatten, Setting, repeated},
    json,
};

impl Configuration {
    /// Adds a file: TOML if its name ends in `.toml`, else JSON, in which comments and trailing
    /// commas are allowed. Lists become keys with numbers; `null` unsets what earlier layers set.
    ///
    /// # Errors
    /// The file cannot be read, or is malformed: the message has the line and the column.
    pub fn add_file(&mut self, path: impl AsRef<Path>) -> Result<(), ConfigurationError> {
        let path = path.as_ref();
        let found = self.add_file_if_there(path)?;
        if found {
            return Ok(());
        }
        let text = format!("there is no configuration file {}", path.display());
        Err(ConfigurationError::file(text))
    }

    /// As [`add_file`](Self::add_file), but false if there is no such file.
    ///
    /// # Errors
    /// The file is there and cannot be read, or is malformed.
    pub fn add_file_if_there(&mut self, path: impl AsRef<Path>) -> Result<bool, ConfigurationError> {
        let path = path.as_ref();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => {
                let text = format!("the configuration file {} cannot be read", path.display());
                return Err(ConfigurationError::file(text).with_source(error));
            }
        };
        let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        let settings = if is_toml { from_toml(&text) } else { from_json(&text) }.map_err(|fault| {
            ConfigurationError::file(format!("{}{}: {}", path.display(), fault.position, fault.message))
        })?;
        let origin = Arc::from(path.display().to_string());
        settings.into_iter().for_each(|setting| self.insert(&origin, setting));
        Ok(true)
    }
}

/// What is wrong and where, as `:3:14`.
struct Fault {
    position: String,
    message: String,
}

fn from_json(text: &str) -> Result<Vec<Setting>, Fault> {
    let text = json::strict(text);
    let mut settings = Vec::new();
    let mut parser = serde_json::Deserializer::from_str(&text);
    Flatten::new(&mut settings).deserialize(&mut parser).and_then(|()| parser.end()).map_err(|error| {
        let message = error.to_string();
        // The parser ends its message with the position, which stands in front here.
        let end = message.rfind(" at line ").unwrap_or(message.len());
        Fault {
            position: format!(":{}:{}", error.line(), error.column()),
            message: message[..end].to_owned(),
        }
    })?;
    checked(settings)
}

fn from_toml(text: &str) -> Result<Vec<Setting>, Fault> {
    let mut settings = Vec::new();
    let parsed = toml::Deserializer::parse(text)
        .and_then(|parser| Flatten::new(&mut settings).deserialize(parser))
        .map_err(|error| {
            let position = error.span().map_or_else(String::new, |span| {
                let before = &text[..span.start.min(text.len())];
                let line = before.matches('\n').count() + 1;
                let column = before.chars().rev().take_while(|&character| character != '\n').count() + 1;
                format!(":{line}:{column}")
            });
            Fault { position, message: error.message().to_owned() }
        });
    parsed?;
    checked(settings)
}

fn checked(settings: Vec<Setting>) -> Result<Vec<Setting>, Fault> {
    match repeated(&settings) {
        None => Ok(settings),
        Some(key) => {
            Err(Fault { position: String::new(), message: format!("`{key}` is set twice; keys ignore case") })
        }
    }
}
