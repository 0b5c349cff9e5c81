//! The module: starts an application's processes and forwards requests to them.
//!
//! What the ASP.NET Core Module is to IIS, as a library and a program of its own. [`Module`] is an
//! [`HttpApplication`](falconry_features::HttpApplication), so any server can carry it; the program `falconry-module` puts
//! it on Kestrel. `docs/guide/module.md` tells how to use it.
//!
//! * [`ModuleConfiguration`]: `web.config` with its section `aspNetCore`, or TOML with the same keys.
//! * [`Module`]: processes by the rules of that section, and requests to them.
//! * [`forward`]: one request to one backend, for programs that manage their backends otherwise.
//!
//! # Cargo features
//!
//! | feature | adds | default |
//! |---|---|---|
//! | `in-process` | `hostingModel="inprocess"`: a worker that loads the application's library | yes |
//! | `program` | the program `falconry-module` | yes |
//! | `http3` | HTTP/3 for the program's endpoints that ask for it | yes |

mod application;
mod configuration;
pub mod forward;
mod in_process;
mod keeper;
mod module;
mod process;
mod random;
mod status;

pub use self::{
    configuration::*,
    forward::BackendAddress,
    keeper::run_keeper_if_asked,
    module::{Module, ModuleOptions},
    status::{StatusPage, status_text},
};
