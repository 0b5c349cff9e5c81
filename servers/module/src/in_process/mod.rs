//! `hostingModel="inprocess"`: the application's library lives in a worker process of the module.
//!
//! The worker is the module's own executable, started as the programs of applications are: with a keeper, a port or
//! socket, a pairing token, and restarts. It loads the library through the interface of `falconry-app-abi`, and Kestrel
//! hands it requests in the same process, without a further hop.

mod failure;
#[cfg(feature = "in-process")]
mod worker;

use std::{ffi::OsString, path::Path};

pub(crate) use self::failure::{is_refusal, start_failure};
#[cfg(feature = "in-process")]
pub(crate) use self::worker::run as run_worker;
use crate::{BackendAddress, keeper};

/// The first argument of a worker; the library and the URL where it listens follow.
pub(crate) const WORK: &str = "--falconry-module-work";

/// Whether this executable can be a worker.
pub(crate) fn is_available() -> bool {
    cfg!(feature = "in-process") && keeper::is_available()
}

/// The arguments of a worker.
pub(crate) fn arguments(library: &Path, address: &BackendAddress) -> Vec<OsString> {
    let url = match address {
        BackendAddress::Tcp(address) => format!("http://{address}"),
        #[cfg(unix)]
        BackendAddress::Unix(path) => format!("http://unix:{}", path.display()),
    };
    vec![WORK.into(), library.into(), url.into()]
}
