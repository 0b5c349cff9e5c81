//! Where settings come from, and which wins.

use std::path::{Path, PathBuf};

use super::{Configuration, ConfigurationError, HostError};
use crate::middleware::ModuleEnvironment;

/// Everything that a builder was told.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    pub(super) arguments: Vec<String>,
    pub(super) variables: Vec<(String, String)>,
    pub(super) code: Configuration,
    /// Whether only the file that `config` names is read.
    pub(super) without_usual_files: bool,
}

/// The configuration and what had to be known to find its files.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) configuration: Configuration,
    pub(super) environment: String,
    pub(super) content_root: PathBuf,
    /// The files that were read, or would have been had they been there.
    #[cfg_attr(not(feature = "kestrel"), expect(dead_code, reason = "no other server follows them"))]
    pub(super) files: Vec<PathBuf>,
    /// The module that has started the program, if one has.
    pub(super) module: Result<Option<ModuleEnvironment>, ConfigurationError>,
}

impl Sources {
    /// Reads all sources, the weakest first: prefixed variables, files, plain variables, arguments, code.
    ///
    /// The environment's name, the content root and `config` come from variables with a prefix,
    /// arguments and code only: they say which files there are.
    pub(super) fn load(self) -> Result<Settings, HostError> {
        let mut prefixed = Configuration::new();
        for prefix in ["ASPNETCORE_", "DOTNET_", "FALCONRY_"] {
            prefixed.add_environment(prefix, self.variables.iter().map(|(name, value)| (name, value)));
        }
        let mut direct = Configuration::new();
        direct.add_args(self.arguments);
        direct.merge(self.code);

        let mut host = prefixed.clone();
        host.merge(direct.clone());
        let environment = host.filled("environment").unwrap_or("Production").to_owned();
        let content_root = content_root(&host)?;

        let mut configuration = prefixed;
        let usual = file_names(&environment).into_iter().filter(|_| !self.without_usual_files);
        let mut files: Vec<_> = usual.map(|name| content_root.join(name)).collect();
        for file in &files {
            configuration.add_file_if_there(file)?;
        }
        if let Some(file) = host.filled("config") {
            configuration.add_file(file)?;
            files.push(file.into());
        }
        // This one variable wins over files: it is how one program is run on several servers.
        let server = self.variables.iter().filter(|(name, _)| name.eq_ignore_ascii_case("FALCONRY_SERVER"));
        let server: Vec<_> = server.cloned().collect();
        let mut plain = Configuration::new();
        plain.add_environment("", self.variables);
        let module = ModuleEnvironment::read(&host, &plain);
        configuration.merge(plain);
        configuration.add_environment("FALCONRY_", server);
        configuration.merge(direct);
        Ok(Settings { configuration, environment, content_root, files, module })
    }
}

fn file_names(environment: &str) -> [String; 6] {
    [
        "appsettings.json".to_owned(),
        format!("appsettings.{environment}.json"),
        "falconry.json".to_owned(),
        format!("falconry.{environment}.json"),
        "falconry.toml".to_owned(),
        format!("falconry.{environment}.toml"),
    ]
}

fn content_root(host: &Configuration) -> Result<PathBuf, HostError> {
    let root = Path::new(host.filled("contentRoot").unwrap_or("."));
    match root.canonicalize() {
        Ok(root) if root.is_dir() => Ok(plain(root)),
        _ => Err(host.refuse("contentRoot", "a directory that exists").into()),
    }
}

/// Without the `\\?\` that Windows puts before canonical paths, and that few programs understand.
fn plain(path: PathBuf) -> PathBuf {
    use std::path::{Component, Prefix};

    let Some(Component::Prefix(prefix)) = path.components().next() else { return path };
    let Prefix::VerbatimDisk(drive) = prefix.kind() else { return path };
    let mut short = PathBuf::from(format!("{}:", char::from(drive)));
    short.extend(path.components().skip(1));
    short
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_as_people_write_it() {
        assert_eq!(plain(r"\\?\C:\inetpub\site".into()), Path::new(r"C:\inetpub\site"));
        assert_eq!(plain(r"\\?\C:\".into()), Path::new(r"C:\"));
        assert_eq!(plain(r"\\server\share\site".into()), Path::new(r"\\server\share\site"));
    }
}
