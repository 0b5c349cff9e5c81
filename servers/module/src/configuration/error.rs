//! [`ConfigurationError`]: what is wrong in a file, and where.

use std::{
    error::Error as StdError,
    fmt, io,
    path::{Path, PathBuf},
};

/// A place in a configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 0 if it is about the file as a whole.
    pub line: usize,
    /// The column in characters, from 1; 0 if it is about the file as a whole.
    pub column: usize,
}

impl Position {
    /// The file as a whole.
    pub(super) fn whole(file: &Path) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0 }
    }

    /// The place of the byte `offset` of `text`.
    pub(super) fn of_offset(file: &Path, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.chars().rev().take_while(|&character| character != '\n').count() + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column } = self;
        match line {
            0 => write!(f, "{}", file.display()),
            _ => write!(f, "{}:{line}:{column}", file.display()),
        }
    }
}

/// What is wrong in a configuration file, with file, line and column in front.
#[derive(Debug)]
pub struct ConfigurationError {
    position: Position,
    message: String,
    source: Option<io::Error>,
}

impl ConfigurationError {
    pub(super) fn new(position: Position, message: impl Into<String>) -> Self {
        Self { position, message: message.into(), source: None }
    }

    pub(super) fn unreadable(file: &Path, error: io::Error) -> Self {
        let message = "the configuration file cannot be read".to_owned();
        Self { position: Position::whole(file), message, source: Some(error) }
    }

    /// Where it is.
    pub fn position(&self) -> &Position {
        &self.position
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.position, self.message)
    }
}

impl StdError for ConfigurationError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
