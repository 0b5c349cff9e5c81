//! The command line.

use std::{fs, path::PathBuf, time::Duration};

use falconry_httpsys::{BrokerOptions, PortableDriver};
use falconry_kestrel::ServerCertificate;

pub(crate) const USAGE: &str = "\
usage: falconry-httpsysd [--socket PATH] [--group GROUP] [--orphans SECONDS] [--certificate PEM --key PEM]

  --socket PATH       the unix socket that processes attach to; default: /run/falconry-httpsysd.sock
  --group GROUP       a group, by name or number, whose members may attach, too; default: only the same user and root
  --orphans SECONDS   how long the prefixes of a process that died are answered by 503; default: 60
  --certificate PEM   the certificate of https prefixes, and its chain; default: the development certificate
  --key PEM           its key

FALCONRY_LOG says what is logged to standard error, such as `warn`; default: info";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) socket: PathBuf,
    pub(crate) options: BrokerOptions,
    certificate: Option<(PathBuf, PathBuf)>,
}

impl Arguments {
    /// `None`: help is wanted.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut socket = PathBuf::from("/run/falconry-httpsysd.sock");
        let mut options = BrokerOptions::default();
        let (mut certificate, mut key) = (None, None);
        while let Some(argument) = arguments.next() {
            let (name, inline) = match argument.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (argument, None),
            };
            if matches!(name.as_str(), "-h" | "--help") {
                return Ok(None);
            }
            let mut value =
                || inline.clone().or_else(|| arguments.next()).ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--socket" => socket = value()?.into(),
                "--group" => {
                    options.allow_group(&value()?).map_err(|error| format!("--group: {error}"))?;
                }
                "--orphans" => {
                    let seconds: u32 = value()?.parse().map_err(|_| "--orphans takes a number of seconds")?;
                    options.orphans = Duration::from_secs(seconds.into());
                }
                "--certificate" => certificate = Some(PathBuf::from(value()?)),
                "--key" => key = Some(PathBuf::from(value()?)),
                _ => return Err(format!("the option {name:?} is not known")),
            }
        }
        let certificate = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err("--certificate and --key go together".to_owned()),
        };
        Ok(Some(Self { socket, options, certificate }))
    }

    /// The driver that the broker owns.
    pub(crate) fn driver(&self) -> Result<PortableDriver, String> {
        let driver = PortableDriver::new();
        if let Some((certificate, key)) = &self.certificate {
            // The first https prefix would be the first to miss them.
            for file in [certificate, key] {
                fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            }
            let certificate = ServerCertificate::pem_files(certificate, key);
            driver.configure_https(None, move |https| https.server_certificate = Some(certificate.clone()));
        }
        Ok(driver)
    }
}
