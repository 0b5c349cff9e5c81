//! The conformance suite of falconry, for people who write servers.
//!
//! Every server keeps the same rules, whatever it is made of: which features a request has, in which
//! order an application is called, when a response has started, what becomes of errors, what a stop
//! waits for. The suite is one list of trials; each names its rule and where the rule comes from,
//! runs an application of its own on a new server, and takes at most ten seconds (`FALCONRY_TRIAL_SECONDS` gives slow
//! machines more).
//!
//! What a server cannot do it does not declare, and the trials that need it are reported as ignored.
//! What no [`Capability`] names, every server does.
//!
//! # Examining a server
//!
//! In `Cargo.toml`:
//!
//! ```toml
//! [[test]]
//! name = "conformance"
//! harness = false
//! ```
//!
//! and in `tests/conformance.rs`:
//!
//! ```no_run
//! use falconry_conformance::{Capability, Subject};
//! # mod my_server {
//! #     use falconry_features::{Deadline, FeatureCollection, HttpApplication, Server, ServerError};
//! #     #[derive(Default)] pub struct MyServer(FeatureCollection);
//! #     #[async_trait::async_trait]
//! #     impl Server for MyServer {
//! #         fn features(&self) -> &FeatureCollection { &self.0 }
//! #         async fn start(&self, _: std::sync::Arc<dyn HttpApplication>) -> Result<(), ServerError> { Ok(()) }
//! #         async fn stop(&self, _: Deadline) -> Result<(), ServerError> { Ok(()) }
//! #     }
//! # }
//! use my_server::MyServer;
//!
//! fn main() -> std::process::ExitCode {
//!     let subject = Subject::new("my server", MyServer::default)
//!         .with([Capability::Http1, Capability::KeepAlive, Capability::Addresses]);
//!     falconry_conformance::run(subject).exit_code()
//! }
//! ```
//!
//! The server is reached over TCP at the address that it lists once it has started. One that is
//! reached otherwise, such as a server in memory, brings its own [`Connector`]: see
//! [`Subject::with_connector`].
//!
//! # From outside
//!
//! The trials of the [contract app](contract) need nothing but HTTP: `falconry-conformance URL`
//! runs them against any server on which that app runs already.
//!
//! # In a native worker
//!
//! An application in the worker of a native web server (nginx, IIS) cannot bind addresses for each trial: [`Sites`]
//! shares the worker's among them.
//!
//! # Stability
//!
//! Trials are added with every release, and a server that passed may fail a new one.

mod capability;
mod client;
mod connect;
pub mod contract;
mod journal;
mod runner;
mod sites;
mod stage;
mod subject;
mod timer;
mod trials;

pub use self::{
    capability::Capability,
    connect::{Connection, Connector, Framing, Head, Request},
    runner::{run, run_against, run_with},
    sites::Sites,
    subject::Subject,
};
pub use libtest_mimic::{Arguments, Conclusion};
