//! The HTTP.sys server: one server over two drivers, httpapi.dll and one in user mode.

pub mod driver;
mod exchange;
mod features;
mod options;
mod portable;
mod prefix;
mod request;
mod server;

pub use self::{
    driver::{AuthenticationSchemes, Http503Verbosity},
    options::{
        AuthenticationOptions, ClientCertificateMethod, HttpSysOptions, RequestQueueMode, TimeoutOptions,
    },
    portable::{BasicAuthenticator, PortableDriver},
    prefix::UrlPrefix,
    server::HttpSysServer,
};
