//! The contract app with nginx's server compiled in, as a program: outside of a worker it runs on Kestrel.
//!
//! The tests of the module start it; a program that is also a library for nginx has such a `main`.

use falconry::HostError;

#[expect(unreachable_pub, reason = "a library in the place where nginx loads it")]
#[path = "nginx_contract.rs"]
mod library;

#[tokio::main]
async fn main() -> Result<(), HostError> {
    library::run().await
}
