//! The command line.

use std::{collections::HashSet, ffi::OsString, iter::Peekable, vec};

use falconry_module::ConfigurationSource;

use super::{host_options, status_url::StatusUrl};

/// What the command line says.
#[derive(Debug, PartialEq)]
pub(super) struct Arguments {
    pub(super) command: Command,
    pub(super) sources: Vec<ConfigurationSource>,
    /// The address of the status page.
    pub(super) status: Option<StatusUrl>,
    pub(super) json_log: bool,
    /// The host's.
    pub(super) rest: Vec<String>,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Serve,
    Check,
    Status,
    Help,
    Version,
}

/// Which command has which option. What the host knows is `serve`'s, too.
const OPTIONS: [(&str, &[Command]); 3] = [
    ("--config", &[Command::Serve, Command::Check]),
    ("--status", &[Command::Serve, Command::Status]),
    ("--log", &[Command::Serve]),
];

impl Arguments {
    /// Reads it; an error says what is wrong with which word.
    pub(super) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let words = arguments.map(text).collect::<Result<Vec<_>, _>>()?;
        let mut parsed = Self {
            command: Command::Serve,
            sources: Vec::new(),
            status: None,
            json_log: false,
            rest: Vec::new(),
        };
        // Whoever asks for help may have the rest wrong.
        if let Some(asked) = words.iter().find_map(|word| help_or_version(word)) {
            parsed.command = asked;
            return Ok(parsed);
        }
        let mut words = words.into_iter().peekable();
        if let Some(word) = words.next_if(|word| !is_option(word)) {
            parsed.command = command(&word)?;
        }
        let mut seen = HashSet::new();
        while let Some(word) = words.next() {
            let name = name(&word);
            parsed.take(&word, &mut words)?;
            if name != "--config" && !seen.insert(name.trim_start_matches(['-', '/']).to_lowercase()) {
                return Err(format!("{name} is there twice"));
            }
        }
        let needs_sources = matches!(parsed.command, Command::Serve | Command::Check);
        if needs_sources && parsed.sources.is_empty() {
            return Err("--config FILE is missing".to_owned());
        }
        Ok(parsed)
    }

    /// Takes a word, and the next one if that is its value.
    fn take(&mut self, word: &str, rest: &mut Words) -> Result<(), String> {
        let name = name(word);
        let Some((_, commands)) = OPTIONS.iter().find(|(option, _)| *option == name) else {
            return self.take_hosts(word, rest);
        };
        if !commands.contains(&self.command) {
            return Err(foreign(self.command, name));
        }
        let value = match word.split_once('=') {
            Some((_, value)) => Some(value.to_owned()),
            None => rest.next_if(|next| !next.starts_with("--")),
        };
        let value = value.filter(|value| !value.is_empty()).ok_or_else(|| format!("{name} needs a value"))?;
        match name {
            "--config" => self.sources.push(ConfigurationSource::parse(&value)),
            "--status" => self.status = Some(StatusUrl::parse(&value)?),
            _ => self.json_log = is_json(&value)?,
        }
        Ok(())
    }

    fn take_hosts(&mut self, word: &str, rest: &mut Words) -> Result<(), String> {
        if !is_option(word) {
            return Err(format!("{word:?} belongs to no option"));
        }
        let may_be_switch = host_options::may_be_switch(word)?;
        if self.command != Command::Serve {
            return Err(foreign(self.command, name(word)));
        }
        self.rest.push(word.to_owned());
        if !word.contains('=') {
            match rest.next_if(|next| !next.starts_with("--")) {
                Some(value) => self.rest.push(value),
                None if may_be_switch => {}
                None => return Err(format!("{word} needs a value")),
            }
        }
        Ok(())
    }
}

type Words = Peekable<vec::IntoIter<String>>;

fn text(word: OsString) -> Result<String, String> {
    word.into_string().map_err(|word| format!("{word:?} is no text in UTF-8"))
}

/// The part of a word that says which option it is.
fn name(word: &str) -> &str {
    word.split_once('=').map_or(word, |(name, _)| name)
}

/// `--key`, `/key`, `key=value`, and what may be meant as an option.
fn is_option(word: &str) -> bool {
    word.starts_with(['-', '/']) || word.contains('=')
}

fn foreign(command: Command, name: &str) -> String {
    let command = if command == Command::Check { "check" } else { "status" };
    format!("the command {command} has no option {name}")
}

fn command(word: &str) -> Result<Command, String> {
    match word {
        "serve" => Ok(Command::Serve),
        "check" => Ok(Command::Check),
        "status" => Ok(Command::Status),
        "help" => Ok(Command::Help),
        "version" => Ok(Command::Version),
        _ => Err(format!("there is no command {word:?}, but serve, check and status")),
    }
}

fn help_or_version(word: &str) -> Option<Command> {
    match word {
        "--help" | "-h" => Some(Command::Help),
        "--version" | "-V" => Some(Command::Version),
        _ => None,
    }
}

fn is_json(form: &str) -> Result<bool, String> {
    match form {
        "json" => Ok(true),
        "text" => Ok(false),
        _ => Err(format!("--log is text or json, not {form:?}")),
    }
}

#[cfg(test)]
mod tests {
    use falconry_module::ConfigurationSource;

    use super::{Arguments, Command};

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(Into::into))
    }

    #[test]
    fn what_is_not_the_modules_is_the_hosts() {
        let parsed = parse(
            "--config web.config --urls http://*:80 --config=/shop=a/web.config --log json \
             --status=http://127.0.0.1:1 --preferHostingUrls environment=Staging --Kestrel:AddServerHeader true",
        );
        let parsed = parsed.unwrap();
        let sources = ["web.config", "/shop=a/web.config"].map(ConfigurationSource::parse);
        assert_eq!((parsed.command, parsed.sources), (Command::Serve, sources.into()));
        assert_eq!((parsed.status.unwrap().authority(), parsed.json_log), ("127.0.0.1:1", true));
        assert_eq!(
            parsed.rest,
            [
                "--urls",
                "http://*:80",
                "--preferHostingUrls",
                "environment=Staging",
                "--Kestrel:AddServerHeader",
                "true"
            ]
        );
    }

    #[test]
    fn commands_come_first_and_help_anywhere() {
        for (line, command) in [
            ("--config x", Command::Serve),
            ("serve --config x", Command::Serve),
            ("check --config x", Command::Check),
            ("status", Command::Status),
            ("--config x --help", Command::Help),
            ("check --bogus -h", Command::Help),
            ("help", Command::Help),
            ("-V", Command::Version),
            ("version", Command::Version),
        ] {
            assert_eq!(parse(line).unwrap().command, command, "{line}");
        }
    }
}
