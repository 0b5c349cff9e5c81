//! The peers' programs, and how each is started.

use std::{
    collections::HashMap,
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
};

use super::{certificate::Certificate, nginx, scenario::Listen, server::Server};
use crate::shell;

/// Everything that peers are started from; the folder goes when this is dropped.
pub(super) struct Launcher {
    /// Those that cargo builds, by name.
    programs: HashMap<String, PathBuf>,
    certificate: Certificate,
    folder: Folder,
}

impl Launcher {
    /// Builds the peers with the `bench` profile.
    pub(super) fn build() -> Result<Self, String> {
        let messages = shell::output(
            shell::cargo()
                .args(["build", "--package", "falconry-benches", "--bins", "--profile", "bench"])
                .arg("--message-format=json-render-diagnostics"),
        )?;
        let paths =
            messages.lines().filter_map(|line| line.split_once("\"executable\":\"")?.1.split('"').next());
        let programs = paths.map(PathBuf::from).filter_map(|path| {
            let name = path.file_stem()?.to_str()?.strip_prefix("peer-")?.to_owned();
            Some((name, path))
        });
        let programs = programs.collect();
        let folder = Folder::new()?;
        let certificate = Certificate::make(&folder.0)?;
        Ok(Self { programs, certificate, folder })
    }

    /// Starts a peer and waits until it accepts connections.
    pub(super) fn start(&self, peer: &str, listen: Listen) -> Result<Server, String> {
        if peer == "nginx" {
            let (mut command, address) = nginx::command(&self.folder.0, listen, &self.certificate)?;
            return Server::start_at(&mut command, address);
        }
        let mut command = Command::new(self.program(peer)?);
        match listen {
            Listen::Http1 => {}
            Listen::Http2 => drop(command.arg("http2")),
            Listen::Tls => {
                command.arg("tls").args([self.certificate.pem(), self.certificate.key()]);
            }
        }
        Server::start(&mut command)
    }

    /// One that cargo builds.
    pub(super) fn program(&self, peer: &str) -> Result<&Path, String> {
        self.programs.get(peer).map(PathBuf::as_path).ok_or_else(|| format!("cargo built no peer-{peer}"))
    }

    /// For files that go with this.
    pub(super) fn folder(&self) -> &Path {
        &self.folder.0
    }
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, String> {
        let path = env::temp_dir().join(format!("falconry-bench-{}", process::id()));
        fs::create_dir_all(&path).map_err(|error| format!("{} cannot be made: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
