//! The in-memory server of falconry and its client: an application under test without a socket.
//!
//! [`TestServer`] is a [`Server`](falconry_features::Server) like any other; what would be a
//! connection is a call. Its [`TestClient`] sends requests to the application, streams bodies and
//! trailers both ways at once, and sees what a real client would: interim responses, aborts, resets,
//! upgraded streams.
//!
//! ```
//! use std::sync::Arc;
//!
//! use falconry_features::Server;
//! use falconry_test_host::TestServer;
//! # use falconry_features::*;
//! # struct Hello;
//! # struct Context(FeatureCollection);
//! # impl HostContext for Context {
//! #     fn features(&self) -> &FeatureCollection { &self.0 }
//! #     fn features_mut(&mut self) -> &mut FeatureCollection { &mut self.0 }
//! # }
//! # impl HttpApplication for Hello {
//! #     fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
//! #         Ok(Box::new(Context(features)))
//! #     }
//! #     fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
//! #         Box::pin(async move {
//! #             let result = write_response(context.features_mut(), "Hello World!".into()).await;
//! #             Processed { context, result: result.map_err(Into::into) }
//! #         })
//! #     }
//! #     fn dispose_context(&self, mut context: Box<dyn HostContext>, _: Option<&BoxError>) -> FeatureCollection {
//! #         std::mem::take(context.features_mut())
//! #     }
//! # }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let server = TestServer::new();
//! server.start(Arc::new(Hello)).await?; // any HttpApplication
//!
//! let client = server.client();
//! let mut response = client.get("/greeting?name=Ann").header("accept", "text/plain").send().await?;
//! response.assert_status(200).assert_body("Hello World!").await;
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(()) }).unwrap();
//! ```
//!
//! # How a request runs
//!
//! * The application runs as a task of its own on the caller's tokio runtime, at the same time as the
//!   caller. [`RequestBuilder::send`] completes when the response starts: with the first data, flush
//!   or the end, whichever comes first.
//! * The response's data waits in a buffer of [`TestServerOptions::buffer_size`] bytes; above that
//!   the application's writes wait for the client. A streamed request body waits likewise.
//! * A client that drops the response (or the future of `send`) before its end aborts the request:
//!   `RequestAborted` fires, the application runs on until it next has to wait, then its future is
//!   dropped. An upgraded request is told only, and runs on.
//! * An error of the application is the caller's error: `send` fails with it as the source, or
//!   reading the body does if the response had started. A
//!   [`BadHttpRequestError`](falconry_features::BadHttpRequestError) is answered with its status, as
//!   every server does; [`TestServerOptions::answer_errors`] does so with all errors.
//!
//! # What differs from a network server
//!
//! * No TLS, no data rates, no keep-alive, no limits on the head; a malformed head cannot be sent.
//! * [`Server::stop`](falconry_features::Server::stop) completes at once and requests still work after
//!   it; they fail once the server is dropped or [disposed](TestServer::dispose). A second start is
//!   accepted and replaces the application.
//!
//! # What differs from ASP.NET Core's `TestServer`
//!
//! Upgrade and extended CONNECT are usable; connection, request identifier, request trailers, body size
//! limit, body detection and interim responses are always there. Rules that network servers keep are
//! kept here too: `Content-Length` must agree with the body, 204 and 304 have no body, HEAD drops it,
//! trailers on HTTP/1.1 need `TE: trailers` and a `Trailer` field, the raw target is filled, an
//! empty response says `Content-Length: 0`. Data written before a failure is still read before it.

mod client;
mod error;
mod exchange;
mod features;
mod options;
mod request;
mod server;
mod task;

pub use self::{
    client::{BodySender, RequestBuilder, TestBody, TestClient, TestResponse, UpgradedStream},
    error::{HttpResetError, TestError},
    exchange::{InterimResponse, RequestEnd},
    options::TestServerOptions,
    server::TestServer,
};
