//! What tests say that they skipped. Their output is not shown when they pass, so they write it to a file.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
};

/// The environment variable that names the file to tests: a line for each test skipped.
pub(crate) const VARIABLE: &str = "FALCONRY_SKIPS";

/// The file, which goes when this is dropped.
pub(crate) struct Skips {
    path: PathBuf,
}

impl Skips {
    pub(crate) fn new() -> Result<Self, String> {
        let path = env::temp_dir().join(format!("falconry-skips-{}", process::id()));
        fs::write(&path, "").map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The lines, each once.
    pub(crate) fn read(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines.dedup();
        lines
    }
}

impl Drop for Skips {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
