//! The HTTP.sys server: one server over two drivers, httpapi.dll and one in user mode.

pub mod driver;

pub use self::driver::AuthenticationSchemes;
