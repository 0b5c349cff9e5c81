//! The contract of falconry: one application, any HTTP server.
//!
//! A **feature** is a trait; a [`FeatureCollection`] maps a trait object type to the one object that
//! implements it. A [`Server`] fills a collection for every request and hands it to an
//! [`HttpApplication`]. What a server cannot do is an absent feature, never a stub that fails later.
//!
//! # Writing a server
//!
//! A server depends on this crate alone. It offers three features for every request, for which
//! plain structs exist: [`HttpRequestFeature`] ([`PlainRequest`]), [`HttpResponseFeature`]
//! ([`PlainResponse`]) and [`HttpResponseBodyFeature`] ([`PlainResponseBody`] over a
//! [`ResponseSink`]); then it calls [`run_request`]. Everything else is optional.

mod application;
mod body;
mod cancellation;
mod collection;
mod connection;
mod error;
mod framework;
mod native;
mod request;
mod response;
mod server;
mod tls;

pub use self::{
    application::*,
    body::{DuplexStream, RequestBody},
    cancellation::{CancellationToken, Cancelled},
    collection::{Entry, Feature, FeatureCollection, FeatureKeys, Iter, Key},
    connection::*,
    error::{BadHttpRequestError, BoxError, FeatureError},
    framework::*,
    native::*,
    request::*,
    response::*,
    server::*,
    tls::*,
};
