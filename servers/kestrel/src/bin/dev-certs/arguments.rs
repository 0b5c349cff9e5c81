//! The command line.

use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
dev-certs makes the certificate for https on this machine, valid for one year, unless there is a valid one.

  --trust          make this machine trust it, where that can be done
  --export PATH    also write it to PATH: .pem (the key goes beside it, as .key), .pfx or .p12
  --password TEXT  protects an exported .pfx or .p12
  --check          say whether there is a valid one; the exit code is 1 if not
  --clean          remove it, and the trust in it
  --folder PATH    keep it there; default: falconry/dev-certs in the user's configuration folder
  --help           show this";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) action: Action,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) password: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Check,
    Clean,
    Help,
    Make { trust: bool, export: Option<PathBuf> },
}

impl Arguments {
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut arguments = arguments.into_iter();
        let (mut alone, mut trust, mut export, mut folder, mut password) = (None, false, None, None, None);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--check" => alone = Some((argument, Action::Check)),
                "--clean" => alone = Some((argument, Action::Clean)),
                "--help" | "-h" => alone = Some((argument, Action::Help)),
                "--trust" => trust = true,
                "--export" => export = Some(PathBuf::from(value()?)),
                "--folder" => folder = Some(PathBuf::from(value()?)),
                "--password" => password = Some(value()?),
                other => return Err(format!("'{other}' is not known")),
            }
        }
        let action = match alone {
            None => Action::Make { trust, export },
            Some((_, action)) if !trust && export.is_none() => action,
            Some((name, _)) => return Err(format!("{name} goes with neither --trust nor --export")),
        };
        Ok(Self { action, folder, password })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn making_is_what_is_done_without_a_word() {
        assert_eq!(parse("").unwrap().action, Action::Make { trust: false, export: None });
        let both = parse("--trust --export x.pfx --password p").unwrap();
        assert_eq!(both.action, Action::Make { trust: true, export: Some("x.pfx".into()) });
        assert_eq!(both.password.as_deref(), Some("p"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["--what", "--export", "--check --trust", "--clean --export x.pem"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
