//! A compiler for Windows: Debian's, which can build the standard library from its own package of the source.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    peers::{self, Peer},
    shell,
};

pub(super) const TARGET: &str = "x86_64-pc-windows-gnu";

/// A file of each package. The compiler's version is that of the source, or nothing can be built.
const PACKAGES: [Peer; 4] = [
    Peer { program: "/usr/bin/rustc", package: "rustc-web" },
    Peer { program: "/usr/bin/cargo", package: "cargo-web" },
    Peer { program: "/usr/lib/rustlib/src/rust/library/Cargo.lock", package: "rust-web-src" },
    Peer { program: MINGW_GCC, package: "gcc-mingw-w64-x86-64" },
];

pub(super) const MINGW_GCC: &str = "x86_64-w64-mingw32-gcc";

/// That it is installed.
pub(super) struct Toolchain(());

impl Toolchain {
    /// Installs what is missing, and makes the [`folder`].
    pub(super) fn new() -> Result<Self, String> {
        peers::require(&PACKAGES)?;
        let version = shell::output(Command::new("/usr/bin/rustc").arg("--version"))?;
        if minor_version(&version).is_none_or(|minor| minor < OLDEST) {
            return Err(format!(
                "/usr/bin/rustc is {}, but 1.{OLDEST} is needed: apt-get install rustc-web cargo-web rust-web-src",
                version.trim()
            ));
        }
        fs::create_dir_all(folder()).map_err(|error| format!("{}: {error}", folder().display()))?;
        Ok(Self(()))
    }

    /// `cargo COMMAND` for Windows, in the folder of the workspace.
    #[expect(clippy::unused_self, reason = "only an installed one can run")]
    pub(super) fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new("/usr/bin/cargo");
        cargo.current_dir(shell::root());
        // Those of the toolchain that runs this program would win over what is on the path.
        for variable in ["CARGO", "LD_LIBRARY_PATH", "RUSTC", "RUSTDOC", "RUSTFLAGS", "RUSTUP_TOOLCHAIN"] {
            cargo.env_remove(variable);
        }
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = [PathBuf::from("/usr/bin"), PathBuf::from("/bin")].into_iter();
        if let Ok(path) = env::join_paths(folders.chain(env::split_paths(&path))) {
            cargo.env("PATH", path);
        }
        // A stable compiler builds no standard library without being asked in this way.
        cargo.env("RUSTC_BOOTSTRAP", "1");
        // Nobody debugs these; their size would be fivefold.
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "false").env("CARGO_PROFILE_DEV_STRIP", "debuginfo");
        cargo.env("CARGO_INCREMENTAL", "0");
        cargo.args([command, "-Zbuild-std=std,panic_unwind,test", "--target", TARGET]);
        cargo.arg("--target-dir").arg(folder());
        cargo
    }
}

/// Where everything for Windows is kept.
pub(super) fn folder() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    shell::root().join(target).join("windows")
}

/// The rust-version of the workspace.
const OLDEST: u32 = 88;

/// The 96 of `rustc 1.96.0 (ac68faa20 2026-05-25)`.
fn minor_version(version: &str) -> Option<u32> {
    version.strip_prefix("rustc 1.")?.split('.').next()?.parse().ok()
}

/// Compiles a program or library for Windows out of one file of C.
pub(super) fn compile(source: &Path, output: &Path, options: &[&str]) -> Result<(), String> {
    let mut gcc = Command::new(MINGW_GCC);
    gcc.args(["-O1", "-s", "-o"]).arg(output).arg(source).args(options);
    shell::output(&mut gcc).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_the_compiler_is_read() {
        assert_eq!(
            minor_version("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"),
            Some(96)
        );
        assert_eq!(minor_version("rustc 1.63.0"), Some(63));
        assert_eq!(minor_version("something else"), None);
    }
}
