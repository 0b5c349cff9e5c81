//! A library with an application in it.

use std::{mem::size_of, path::Path};

use super::{LoadError, machine::Machine};
use crate::abi::{AppTable, MAJOR, SYMBOL};

/// Loads a library and gives its table.
///
/// It stays loaded until the process ends: its threads and thread-locals do.
pub(super) fn load(path: &Path) -> Result<AppTable, LoadError> {
    let machine = Machine::of(path).map_err(|error| LoadError::Unreadable(path.to_owned(), error))?;
    let own = std::env::current_exe().and_then(|own| Machine::of(&own));
    if own.is_ok_and(|own| own != machine) {
        return Err(LoadError::WrongArchitecture(path.to_owned()));
    }
    // SAFETY: the library is the one that the configuration names as the application: its code is meant to run here.
    let library = unsafe { libloading::Library::new(path) };
    let library = library.map_err(|error| LoadError::NotLoadable(path.to_owned(), chain(&error)))?;
    let library: &'static libloading::Library = Box::leak(Box::new(library));
    type Entry = unsafe extern "C" fn() -> *const AppTable;
    // SAFETY: whatever exports this name gives a function of this type, in every version of the interface.
    let entry = unsafe { library.get::<Entry>(SYMBOL) };
    let entry = entry.map_err(|_| LoadError::NoTable(path.to_owned()))?;
    // SAFETY: as above.
    let table = unsafe { entry() };
    // SAFETY: the library stays, and the table in it.
    unsafe { read(table) }.map_err(|version| match version {
        Some((major, minor)) => LoadError::Version(path.to_owned(), major, minor),
        None => LoadError::NoTable(path.to_owned()),
    })
}

/// Reads a table, or no more than the version of one that does not fit; `None` if there is none.
///
/// # Safety
/// The table is null, or as large as its first word says, at least three words.
unsafe fn read(table: *const AppTable) -> Result<AppTable, Option<(u32, u32)>> {
    if table.is_null() {
        return Err(None);
    }
    // SAFETY: these words are there in every version.
    let (size, major, minor) = unsafe { ((*table).size, (*table).major, (*table).minor) };
    if major != MAJOR || (size as usize) < size_of::<AppTable>() {
        return Err(Some((major, minor)));
    }
    // SAFETY: it is as large as this version knows it.
    Ok(unsafe { *table })
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::abi::{AppTable, MAJOR};

    #[test]
    fn another_major_version_and_a_short_table_are_not_read_any_further() {
        // Nothing is behind these words: a read beyond them would be one of other memory.
        let words: [u64; 2] = [u64::from(MAJOR + 1) << 32 | 16, 3];
        // SAFETY: the size is what is there.
        let refused = unsafe { read(words.as_ptr().cast::<AppTable>()) };
        assert_eq!(refused.unwrap_err(), Some((MAJOR + 1, 3)));
        let words: [u64; 2] = [u64::from(MAJOR) << 32 | 16, 0];
        // SAFETY: as above.
        let refused = unsafe { read(words.as_ptr().cast::<AppTable>()) };
        assert_eq!(refused.unwrap_err(), Some((MAJOR, 0)));
        // SAFETY: null is allowed.
        assert_eq!(unsafe { read(std::ptr::null()) }.unwrap_err(), None);
    }
}
