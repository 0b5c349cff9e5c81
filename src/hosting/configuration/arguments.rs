//! The command line as settings.

use std::sync::Arc;

use super::{Configuration, flatten::Setting};

impl Configuration {
    /// Adds arguments: `--key value`, `--key=value`, `/key value`, `/key=value` and `key=value`.
    ///
    /// A `--key` that no value follows is a switch and becomes `true`. Anything else is left to
    /// the program. The program's own name is not one of the arguments.
    pub fn add_args<I>(&mut self, args: I)
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let mut args = args.into_iter().map(Into::into).peekable();
        while let Some(argument) = args.next() {
            let Some(option) = Argument::new(&argument) else { continue };
            let value = match option.value {
                Some(value) => value.to_owned(),
                None => args.next_if(|next| !next.starts_with("--")).unwrap_or_else(|| "true".to_owned()),
            };
            let origin = Arc::from(format!("argument {}{}", option.dashes, option.key));
            self.insert(&origin, Setting { key: option.key.to_owned(), value: Some(value) });
        }
    }
}

struct Argument<'a> {
    dashes: &'a str,
    key: &'a str,
    value: Option<&'a str>,
}

impl<'a> Argument<'a> {
    fn new(argument: &'a str) -> Option<Self> {
        let dashes = ["--", "/"].into_iter().find(|dashes| argument.starts_with(dashes)).unwrap_or_default();
        let (key, value) = match argument[dashes.len()..].split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (&argument[dashes.len()..], None),
        };
        // A bare word is the program's, and so are `-x` and `/a/path`.
        let is_bare = dashes.is_empty() && value.is_none();
        let is_path = dashes == "/" && key.contains('/');
        let is_setting = !(key.is_empty() || key.starts_with('-') || is_bare || is_path);
        is_setting.then_some(Self { dashes, key, value })
    }
}
