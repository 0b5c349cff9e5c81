//! A part of the settings while it is being read.

use std::{cell::RefCell, fmt, path::PathBuf, rc::Rc};

use falconry_features::ServerError;

use super::{Entry, KestrelConfiguration, names::nearest};

/// What lies under one key. It remembers what it was asked for, so that the rest can be reported.
pub(super) struct Section<'a> {
    settings: &'a KestrelConfiguration,
    /// The key in lower case; empty for the whole.
    path: String,
    /// The key for messages, with the name of the whole before it.
    key: String,
    asked: RefCell<Vec<String>>,
    warnings: Rc<RefCell<Vec<String>>>,
}

impl<'a> Section<'a> {
    pub(super) fn root(settings: &'a KestrelConfiguration) -> Self {
        Self {
            settings,
            path: String::new(),
            key: "Kestrel".into(),
            asked: RefCell::default(),
            warnings: Rc::default(),
        }
    }

    /// What lies under `name`.
    pub(super) fn child(&self, name: &str) -> Self {
        self.asked.borrow_mut().push(name.to_owned());
        let lower = name.to_ascii_lowercase();
        Section {
            settings: self.settings,
            path: if self.path.is_empty() { lower } else { format!("{}:{lower}", self.path) },
            key: format!("{}:{name}", self.key),
            asked: RefCell::default(),
            warnings: Rc::clone(&self.warnings),
        }
    }

    /// All that lies directly under this, by name; numbers in their order, then names in theirs.
    pub(super) fn children(&self) -> Vec<(String, Self)> {
        let mut names: Vec<&str> = Vec::new();
        for (rest, entry) in self.below() {
            let name = entry.key[entry.key.len() - rest.len()..].split(':').next().unwrap_or_default();
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name);
            }
        }
        names.sort_by_key(|name| (name.parse().unwrap_or(u64::MAX), name.to_ascii_lowercase()));
        names.into_iter().map(|name| (name.to_owned(), self.child(name))).collect()
    }

    /// The value; `None` if there is none.
    pub(super) fn value(&self) -> Option<&'a str> {
        self.entry().map(|entry| entry.value.trim())
    }

    /// The value as it was written.
    pub(super) fn raw(&self) -> Option<&'a str> {
        self.entry().map(|entry| entry.value.as_str())
    }

    /// The value, unless it is empty.
    pub(super) fn filled(&self) -> Option<&'a str> {
        self.value().filter(|value| !value.is_empty())
    }

    /// The elements of a list, or those of one text with commas between them.
    pub(super) fn texts(&self) -> Vec<&'a str> {
        let elements = self.children();
        let values = elements.iter().filter_map(|(_, element)| element.filled()).chain(self.filled());
        values.flat_map(|texts| texts.split(',')).map(str::trim).filter(|text| !text.is_empty()).collect()
    }

    /// True if there is more here than an empty value or object.
    pub(super) fn is_set(&self) -> bool {
        self.filled().is_some() || self.below().next().is_some()
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// A file's path, from the content root on.
    pub(super) fn path_of(&self, path: &str) -> PathBuf {
        self.settings.path_of(path)
    }

    /// The error for a value that cannot be here; `expected` completes "it takes ...".
    pub(super) fn refuse(&self, expected: impl fmt::Display) -> ServerError {
        self.fault(format_args!("it takes {expected}"))
    }

    /// The error for a value that cannot be here, with the whole reason.
    pub(super) fn fault(&self, reason: impl fmt::Display) -> ServerError {
        let value = self.value().unwrap_or_default();
        ServerError::options(format!("`{}` is {value:?}{}: {reason}", self.key, Origin(self)))
    }

    /// The error for what is here as a whole.
    pub(super) fn error(&self, reason: impl fmt::Display) -> ServerError {
        ServerError::options(format!("`{}`{}: {reason}", self.key, Origin(self)))
    }

    /// Reports every key directly under this that was not asked for.
    pub(super) fn warn_of_unknown(&self) {
        let asked = self.asked.borrow().clone();
        for (name, section) in self.children() {
            if asked.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                continue;
            }
            let known = asked.iter().map(String::as_str);
            let hint = match nearest(&name, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here are {}", known.collect::<Vec<_>>().join(", ")),
            };
            let warning =
                format!("`{}`{} is not known and has no effect: {hint}", section.key, Origin(&section));
            self.warnings.borrow_mut().push(warning);
        }
    }

    pub(super) fn into_warnings(self) -> Vec<String> {
        self.warnings.take()
    }

    fn entry(&self) -> Option<&'a Entry> {
        self.settings.entries.get(&self.path)
    }

    /// What lies below, with the part of the key from here on.
    fn below(&self) -> impl Iterator<Item = (&'a str, &'a Entry)> + use<'a> {
        let prefix = if self.path.is_empty() { String::new() } else { format!("{}:", self.path) };
        let settings = self.settings;
        settings.entries.range(prefix.clone()..).take_while(move |(key, _)| key.starts_with(&prefix)).map({
            let length = if self.path.is_empty() { 0 } else { self.path.len() + 1 };
            move |(key, entry)| (&key[length..], entry)
        })
    }
}

/// ` (from app.json)`, where that is known.
struct Origin<'a, 'b>(&'b Section<'a>);

impl fmt::Display for Origin<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = self.0.entry().into_iter();
        let below = self.0.below().map(|(_, entry)| entry);
        match own.chain(below).find_map(|entry| entry.source.as_ref()) {
            Some(source) => write!(f, " (from {source})"),
            None => Ok(()),
        }
    }
}
