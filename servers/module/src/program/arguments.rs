//! The command line.

use falconry_module::ConfigurationSource;

/// What the command line says.
#[derive(Debug, PartialEq)]
pub(super) struct Arguments {
    pub(super) command: Command,
    pub(super) sources: Vec<ConfigurationSource>,
    /// The address of the status page.
    pub(super) status: Option<String>,
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

impl Arguments {
    pub(super) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self {
            command: Command::Serve,
            sources: Vec::new(),
            status: None,
            json_log: false,
            rest: Vec::new(),
        };
        let mut arguments = arguments.peekable();
        if let Some(command) = arguments.peek().and_then(|word| command(word)) {
            parsed.command = command;
            arguments.next();
        }
        while let Some(argument) = arguments.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            if !matches!(name, "--config" | "--status" | "--log") {
                match command(&argument) {
                    Some(help @ (Command::Help | Command::Version)) => parsed.command = help,
                    _ => parsed.rest.push(argument),
                }
                continue;
            }
            let value = value.or_else(|| arguments.next()).filter(|value| !value.is_empty());
            let value = value.ok_or_else(|| format!("{name} needs a value"))?;
            match name {
                "--config" => parsed.sources.push(ConfigurationSource::parse(&value)),
                "--status" => parsed.status = Some(value),
                _ => parsed.json_log = is_json(&value)?,
            }
        }
        let needs_sources = matches!(parsed.command, Command::Serve | Command::Check);
        if needs_sources && parsed.sources.is_empty() {
            return Err("--config FILE is missing".to_owned());
        }
        Ok(parsed)
    }
}

fn command(word: &str) -> Option<Command> {
    match word {
        "serve" => Some(Command::Serve),
        "check" => Some(Command::Check),
        "status" => Some(Command::Status),
        "help" | "--help" | "-h" => Some(Command::Help),
        "version" | "--version" | "-V" => Some(Command::Version),
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

    fn parse(arguments: &[&str]) -> Result<Arguments, String> {
        Arguments::parse(arguments.iter().map(ToString::to_string))
    }

    #[test]
    fn what_is_not_the_modules_is_the_hosts() {
        let parsed = parse(&[
            "--config",
            "web.config",
            "--urls",
            "http://*:80",
            "--config=/shop=a/web.config",
            "--log",
            "json",
            "--status=http://127.0.0.1:1",
            "key=value",
        ]);
        let parsed = parsed.unwrap();
        let sources = ["web.config", "/shop=a/web.config"].map(ConfigurationSource::parse);
        assert_eq!((parsed.command, parsed.sources), (Command::Serve, sources.into()));
        assert_eq!((parsed.status.as_deref(), parsed.json_log), (Some("http://127.0.0.1:1"), true));
        assert_eq!(parsed.rest, ["--urls", "http://*:80", "key=value"]);
    }

    #[test]
    fn commands_come_first_and_need_what_they_need() {
        assert_eq!(parse(&["check", "--config", "x"]).unwrap().command, Command::Check);
        assert_eq!(parse(&["status"]).unwrap().command, Command::Status);
        assert_eq!(parse(&["--config", "x", "--help"]).unwrap().command, Command::Help);
        assert!(parse(&["check"]).unwrap_err().contains("--config"));
        assert!(parse(&["--config"]).unwrap_err().contains("needs a value"));
        assert!(parse(&["--config", "x", "--log", "xml"]).unwrap_err().contains("text or json"));
    }
}
