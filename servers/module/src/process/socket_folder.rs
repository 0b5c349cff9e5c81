//! A folder for the socket of one process.

use std::{
    env, fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// A folder that only this user can enter, for one socket. It goes when this is dropped.
#[derive(Debug)]
pub(super) struct SocketFolder {
    path: PathBuf,
}

impl SocketFolder {
    pub(super) fn new() -> io::Result<Self> {
        // The path of a socket has 108 bytes at most, so the name is short.
        let name = format!("falconry-{:016x}", u64::from_be_bytes(crate::random::bytes()?));
        let parent = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|parent| parent.is_dir());
        let path = parent.unwrap_or_else(env::temp_dir).join(name);
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self { path })
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.path.join("socket")
    }
}

impl Drop for SocketFolder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::debug!(%error, path = %path.display(), "the folder of a socket stays");
    }
}
