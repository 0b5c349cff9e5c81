//! nginx's headers: of Debian's nginx-dev, of a source tree, or of the source in the registry of crates.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::options::Options;
use crate::{peers, shell};

/// Where Debian keeps the headers, and what it configured nginx with.
const DEBIAN: &str = "/usr/share/nginx/src";

/// nginx's source, as far as it is there.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) folder: PathBuf,
}

impl Source {
    /// The source for the nginx that `options` ask for.
    pub(super) fn find(options: &Options) -> Result<Self, String> {
        if let Some(folder) = &options.source {
            return Ok(Self { folder: folder.clone() });
        }
        if options.is_vendored {
            return Self::vendored();
        }
        if !Path::new(DEBIAN).join("configure").is_file() {
            peers::require(&[peers::NGINX_DEV])?;
        }
        Ok(Self { folder: DEBIAN.into() })
    }

    /// The configure script: at the top, or in `auto/` of a checkout.
    pub(super) fn configure(&self) -> Result<PathBuf, String> {
        let scripts = ["configure", "auto/configure"].map(|script| self.folder.join(script));
        let found = scripts.into_iter().find(|script| script.is_file());
        found.ok_or_else(|| {
            format!("{} has no configure script: is it nginx's source?", self.folder.display())
        })
    }

    /// What the `nginx-src` crate carries, fetched by cargo through a package made for it.
    fn vendored() -> Result<Self, String> {
        let package = shell::root().join("target/nginx/vendored");
        let write = |file: &str, text: &str| {
            let path = package.join(file);
            let folder = path.parent().unwrap_or(&package);
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&path, text))
                .map_err(|error| format!("{}: {error}", path.display()))
        };
        write(
            "Cargo.toml",
            "[package]\nname = \"vendored\"\nedition = \"2024\"\n\n[dependencies]\nnginx-src = \"1\"\n\n[workspace]\n",
        )?;
        write("src/lib.rs", "")?;
        let metadata = shell::output(shell::cargo().current_dir(&package).args([
            "metadata",
            "--format-version",
            "1",
            "--quiet",
        ]))?;
        let manifest = metadata
            .split('"')
            .find(|part| part.contains("/nginx-src-") && part.ends_with("/Cargo.toml"))
            .ok_or("cargo knows no package nginx-src")?;
        let folder = Path::new(manifest).parent().unwrap_or_else(|| Path::new("")).join("nginx");
        if folder.is_dir() { Ok(Self { folder }) } else { Err(format!("{} is not there", folder.display())) }
    }
}

/// The arguments that an nginx was configured with, as it tells.
pub(super) fn configure_arguments(nginx: &Path) -> Result<Vec<String>, String> {
    let output = Command::new(nginx)
        .arg("-V")
        .output()
        .map_err(|error| format!("{} cannot be started: {error}", nginx.display()))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find_map(|line| line.strip_prefix("configure arguments:"));
    line.map(split_arguments).ok_or_else(|| format!("{} -V tells no arguments", nginx.display()))
}

/// Splits as a shell does, as far as nginx quotes: `--with-cc-opt='-g -O2'`.
fn split_arguments(text: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let (mut current, mut is_quoted) = (String::new(), false);
    for character in text.chars() {
        match character {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => arguments.push(std::mem::take(&mut current)),
            other => current.push(other),
        }
    }
    arguments.push(current);
    arguments.retain(|argument| !argument.is_empty());
    arguments
}

#[cfg(test)]
mod tests {
    use super::split_arguments;

    #[test]
    fn quoted_arguments_are_one() {
        let arguments = split_arguments(" --with-cc-opt='-g -O2' --with-compat  --prefix=/usr");
        assert_eq!(arguments, ["--with-cc-opt=-g -O2", "--with-compat", "--prefix=/usr"]);
    }
}
