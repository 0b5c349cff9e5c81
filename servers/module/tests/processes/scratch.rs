//! A folder for one test.

use std::{
    fs,
    path::{Path, PathBuf, absolute},
    sync::atomic::{AtomicUsize, Ordering},
};

/// Goes with the test.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("module-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = absolute(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)).unwrap();
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file; it has its new content all at once.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.join(name);
        let new = self.join(&format!("{name}.new"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&new, text).unwrap();
        fs::rename(new, &path).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
