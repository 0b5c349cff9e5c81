//! The HTTP.sys server: one server over two drivers, httpapi.dll and one in user mode.

pub mod driver;
mod portable;
mod prefix;

pub use self::{
    driver::AuthenticationSchemes,
    portable::{BasicAuthenticator, PortableDriver},
    prefix::UrlPrefix,
};
