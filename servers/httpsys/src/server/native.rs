//! The system's own driver, where there is one.

use std::sync::Arc;

use falconry_features::ServerError;

use crate::driver::Driver;

/// The driver over httpapi.dll.
#[cfg(windows)]
pub(super) fn driver() -> Result<Arc<dyn Driver>, ServerError> {
    match crate::native::NativeDriver::new() {
        Ok(driver) => Ok(Arc::new(driver)),
        Err(error) => Err(ServerError::platform(
            "httpapi.dll cannot be used. Use the portable driver, which does the same in user mode: \
             HttpSysServer::portable(..), or HttpSys:Driver=portable in the configuration",
        )
        .with_source(error)),
    }
}

/// The driver over httpapi.dll.
#[cfg(not(windows))]
pub(super) fn driver() -> Result<Arc<dyn Driver>, ServerError> {
    Err(ServerError::platform(
        "this system has no HTTP.sys: only Windows has httpapi.dll. Use the portable driver, which does the same in user \
         mode: HttpSysServer::portable(..), or HttpSys:Driver=portable in the configuration",
    ))
}
