//! The contract app as a library that the module loads.

use std::{env, path::PathBuf};

use crate::{shell, test};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Contract {
    pub(crate) is_release: bool,
}

impl Contract {
    /// Builds it; gives the library.
    pub(crate) fn build(self) -> Result<PathBuf, String> {
        self.build_example("nginx_contract", "libnginx_contract.so")
    }

    /// Builds an example of falconry-nginx that is a program.
    pub(crate) fn build_program(self, name: &str) -> Result<PathBuf, String> {
        self.build_example(name, name)
    }

    fn build_example(self, name: &str, file: &str) -> Result<PathBuf, String> {
        let mut command = shell::cargo();
        command.args(["build", "--example", name]);
        match env::var(test::SELECTION_VARIABLE) {
            Ok(selection) if !self.is_release => command.args(selection.split(' ')),
            _ => command.args(["--package", "falconry-nginx"]),
        };
        if self.is_release {
            command.arg("--release");
        }
        let [path] = shell::built(&mut command, [file])?;
        Ok(path)
    }
}
