//! The worker's side: loading a library, and running its application as an [`HttpApplication`].
//!
//! [`HttpApplication`]: falconry_features::HttpApplication

mod application;
mod body;
mod error;
mod library;
mod machine;
mod request;
mod response;

pub use self::{
    application::LoadedApp,
    error::{LoadError, StartError},
};
