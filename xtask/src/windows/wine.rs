//! Wine, with a prefix of our own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::toolchain;
use crate::{
    peers::{self, Peer},
    shell,
};

const WINE: Peer = Peer { program: "wine", package: "wine" };
const SERVER: Peer = Peer { program: "wineserver", package: "wine" };

/// Wine and its prefix: the folder that is drive C with what Windows keeps there.
pub(super) struct Wine {
    prefix: PathBuf,
}

impl Wine {
    /// Installs Wine if it is missing, and makes the prefix the first time, which takes some 15 seconds.
    pub(super) fn new(name: &str) -> Result<Self, String> {
        peers::require(&[WINE, SERVER])?;
        let wine = Self { prefix: toolchain::folder().join(name) };
        let is_made = wine.prefix.join("is-made");
        if !is_made.exists() {
            println!("making a prefix for Wine in {}", wine.prefix.display());
            // One that was left half made.
            let _ = fs::remove_dir_all(&wine.prefix);
            fs::create_dir_all(&wine.prefix)
                .map_err(|error| format!("{} cannot be made: {error}", wine.prefix.display()))?;
            shell::output(wine.command().args(["wineboot", "--init"]))?;
            wine.add_missing_libraries()?;
            fs::write(&is_made, "")
                .map_err(|error| format!("{} cannot be written: {error}", is_made.display()))?;
        }
        Ok(wine)
    }

    /// `wine`, in this prefix, silent itself.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new("wine");
        self.environment(&mut command);
        command
    }

    /// Lets `command` find Wine's prefix.
    pub(super) fn environment(&self, command: &mut Command) {
        command.env("WINEPREFIX", &self.prefix).env("WINEDEBUG", "-all").env_remove("DISPLAY");
    }

    /// Ends every program of the prefix, services included, and waits for it.
    pub(super) fn end(&self) {
        for what in ["-k", "-w"] {
            let mut command = Command::new("wineserver");
            self.environment(&mut command);
            // It fails if nothing runs.
            let _ = command.arg(what).stdin(Stdio::null()).stderr(Stdio::null()).status();
        }
    }

    fn add_missing_libraries(&self) -> Result<(), String> {
        let library = self.prefix.join("drive_c/windows/system32/bcryptprimitives.dll");
        if library.exists() {
            return Ok(());
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/windows/bcryptprimitives.c");
        toolchain::compile(&source, &library, &["-shared", "-ladvapi32"])
    }
}
