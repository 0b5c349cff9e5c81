//! The files of the certificate.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use falconry_kestrel::DevelopmentCertificate;

use super::{Result, make::Made};

/// Writes both files; nobody else can read the key.
pub(crate) fn write(folder: &DevelopmentCertificate, made: &Made) -> Result {
    make_folder(folder.folder()).map_err(|error| cannot("make", folder.folder(), &error))?;
    // The key first: a certificate whose key is missing would be taken for a broken one.
    write_secret(&folder.key_path(), made.key.as_bytes())?;
    write_public(&folder.certificate_path(), made.certificate.as_bytes())
}

pub(crate) fn remove(folder: &DevelopmentCertificate) -> Result {
    let mut is_removed = false;
    for path in [folder.certificate_path(), folder.key_path()] {
        match fs::remove_file(&path) {
            Ok(()) => is_removed = true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(cannot("remove", &path, &error)),
        }
    }
    let what = if is_removed {
        "Removed the development certificate"
    } else {
        "There was no development certificate"
    };
    println!("{what}: {}", folder.folder().display());
    Ok(())
}

/// Writes a file that only the user can read.
pub(crate) fn write_secret(path: &Path, data: &[u8]) -> Result {
    replace(path, data, 0o600)
}

/// Writes a file that everybody can read.
pub(crate) fn write_public(path: &Path, data: &[u8]) -> Result {
    replace(path, data, 0o644)
}

/// Replaces a file in one step: a server that watches it never sees half of it.
fn replace(path: &Path, data: &[u8], mode: u32) -> Result {
    let new = PathBuf::from(format!("{}.new", path.display()));
    let write = || {
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
        #[cfg(not(unix))]
        let _ = mode;
        let mut file = options.open(&new)?;
        file.write_all(data)?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write().map_err(|error| cannot("write", path, &error))
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

pub(crate) fn cannot(what: &str, path: &Path, error: &io::Error) -> String {
    format!("cannot {what} '{}': {error}", path.display())
}
