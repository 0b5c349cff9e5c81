//! What an operation of a driver fails with: a code of Windows.

use std::{error::Error, fmt};

use falconry_features::FeatureError;

/// An error code of Windows, as the HTTP Server API gives them (`HttpSysException.ErrorCode`). Every driver fails
/// with the same codes, so that the server reacts in one way.
///
/// ```
/// use falconry_httpsys::driver::Win32Error;
///
/// assert_eq!(Win32Error::ALREADY_EXISTS.code(), 183);
/// assert_eq!(Win32Error::ALREADY_EXISTS.to_string(), "ERROR_ALREADY_EXISTS (183)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Win32Error(u32);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        impl Win32Error {
            $($(#[$doc])* pub const $name: Self = Self($code);)*

            fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some(concat!("ERROR_", stringify!($name))),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// The function does not exist in this version of the system.
    INVALID_FUNCTION = 1;
    /// There is no queue with the name that shall be opened.
    FILE_NOT_FOUND = 2;
    /// The user may not register this prefix, or not open this queue.
    ACCESS_DENIED = 5;
    /// The queue, group or session has been closed.
    INVALID_HANDLE = 6;
    /// Somebody else, who does not share, has the port.
    SHARING_VIOLATION = 32;
    /// The end of the request's body.
    HANDLE_EOF = 38;
    /// The driver cannot do this at all.
    NOT_SUPPORTED = 50;
    /// A value makes no sense here, or the request is gone.
    INVALID_PARAMETER = 87;
    /// The function is a stub (Wine).
    CALL_NOT_IMPLEMENTED = 120;
    /// The buffer given is too small.
    INSUFFICIENT_BUFFER = 122;
    /// The name of the queue is malformed.
    INVALID_NAME = 123;
    /// A library or function is missing.
    MOD_NOT_FOUND = 126;
    /// A function of a library is missing.
    PROC_NOT_FOUND = 127;
    /// The queue or the prefix is there already.
    ALREADY_EXISTS = 183;
    /// There is more than fits.
    MORE_DATA = 234;
    /// The operation was cancelled, or what it belongs to was closed.
    OPERATION_ABORTED = 995;
    /// The operation goes on; the drivers keep it to themselves.
    IO_PENDING = 997;
    /// There is no such thing: no certificate, no queue, no prefix.
    NOT_FOUND = 1168;
    /// There are too many already.
    NOT_ENOUGH_QUOTA = 1816;
    /// The connection is gone.
    CONNECTION_INVALID = 1229;
    /// The service that the driver needs is not running.
    SERVICE_NOT_ACTIVE = 1062;
}

impl Win32Error {
    /// The error with this code.
    pub const fn from_code(code: u32) -> Self {
        Self(code)
    }

    /// The code.
    pub const fn code(self) -> u32 {
        self.0
    }

    /// True if it says that the client has gone.
    pub fn is_disconnect(self) -> bool {
        matches!(self, Self::CONNECTION_INVALID | Self::INVALID_PARAMETER | Self::OPERATION_ABORTED)
    }
}

impl fmt::Display for Win32Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "Windows error {}", self.0),
        }
    }
}

impl fmt::Debug for Win32Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Win32Error {}

impl From<Win32Error> for FeatureError {
    fn from(error: Win32Error) -> Self {
        Self::io(format!("HTTP.sys refused: {error}")).with_source(error)
    }
}
