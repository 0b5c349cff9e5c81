//! Other programs: finding and running them.

use std::{
    env,
    ffi::OsStr,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Where programs are that ordinary users have no path to.
const MORE_FOLDERS: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// `cargo`, the one that runs this program, in the folder of the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The path of a program, if there is one of that name.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(MORE_FOLDERS.map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Has cargo build what `command` says, and gives where these files are.
pub(crate) fn built<const N: usize>(command: &mut Command, files: [&str; N]) -> Result<[PathBuf; N], String> {
    let messages = output(command.arg("--message-format=json-render-diagnostics"))?;
    let mut paths = std::array::from_fn(|_| PathBuf::new());
    for (file, path) in files.into_iter().zip(&mut paths) {
        let end = format!("/{file}\"");
        let found = messages.lines().rev().find_map(|line| {
            let end = line.find(&end)? + end.len() - 1;
            let start = line.get(..end)?.rfind('"')? + 1;
            line.get(start..end)
        });
        *path = found.ok_or_else(|| format!("cargo built no {file}"))?.into();
    }
    Ok(paths)
}

/// An address of this machine that was free a moment ago, for programs that cannot tell which they were given.
pub(crate) fn free_address() -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map_err(|error| format!("there is no free port: {error}"))
}

/// Runs a command to its end and returns what it wrote to its output.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let name = name(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{name} cannot be started: {error}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name} failed, {}: {}", output.status, errors.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command to its end, its output going where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let name = name(command);
    let status = command.status().map_err(|error| format!("{name} cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name} failed, {status}")) }
}

fn name(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = [program].into_iter().chain(command.get_args()).take(4);
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
