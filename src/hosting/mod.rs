//! What stands between a server and the application.

mod application;

pub use self::application::HostingApplication;
