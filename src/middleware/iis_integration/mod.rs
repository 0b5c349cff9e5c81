//! The application's side of the module: a program that a front starts, which passes requests on.

mod environment;
mod middleware;
mod options;
mod token;
mod user;

pub use self::options::IisOptions;
pub(crate) use self::{environment::ModuleEnvironment, middleware::IisIntegration};
