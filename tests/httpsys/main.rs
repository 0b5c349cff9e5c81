//! The HTTP.sys server on the portable driver, over real sockets.

mod authentication;
#[cfg(unix)]
mod broker;
mod caching;
mod delegation;
mod direct;
mod encrypted;
mod files;
mod prefixes;
#[cfg(unix)]
#[path = "../support/process.rs"]
mod process;
mod queues;
mod reset;
#[cfg(unix)]
#[path = "../support/skip.rs"]
mod skip;
mod support;
mod timeouts;
