//! The HTTP.sys server: one server over two drivers, httpapi.dll and one in user mode.

#[cfg(windows)]
#[expect(unsafe_code, reason = "functions of httpapi.dll")]
mod bindings;
#[cfg(unix)]
mod broker;
mod direct;
pub mod driver;
mod exchange;
mod features;
mod file;
#[cfg(windows)]
#[expect(unsafe_code, reason = "calls of httpapi.dll")]
mod native;
mod options;
mod portable;
mod prefix;
mod request;
mod server;

#[cfg(unix)]
pub use self::broker::{Broker, BrokerDriver, BrokerOptions};
#[cfg(windows)]
pub use self::native::NativeDriver;
pub use self::{
    driver::{AuthenticationSchemes, Http503Verbosity},
    options::{
        AuthenticationOptions, ClientCertificateMethod, HttpSysOptions, RequestQueueMode, TimeoutOptions,
    },
    portable::{BasicAuthenticator, PortableDriver},
    prefix::UrlPrefix,
    server::HttpSysServer,
};
