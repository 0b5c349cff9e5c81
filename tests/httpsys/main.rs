//! The HTTP.sys server on the portable driver, over real sockets.

mod authentication;
#[cfg(unix)]
mod broker;
mod caching;
mod delegation;
mod encrypted;
mod files;
mod prefixes;
mod queues;
mod reset;
mod support;
mod timeouts;
