//! The addresses that a server is told to bind: `http://localhost:5000`, `https://*:443`, `http://unix:/run/app.sock`.
//!
//! [`BindingAddress::parse`] reads one; [`BindingAddress::resolve`] says where it makes the server listen. What cannot be
//! understood is an error that says what to write instead: nothing falls back to a default silently.

mod binding;
mod host;
mod ip;
mod resolve;
#[cfg(test)]
mod tests;

pub use self::binding::{BindingAddress, Scheme};
