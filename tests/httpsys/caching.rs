//! Responses that the driver gives again.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use falconry::{Handler, HttpContext, Result};
use falconry_features::BoxFuture;

use crate::support::{Site, get};

/// Counts, and lets its answers be kept if `/cached` is asked for.
struct Counting(Arc<AtomicUsize>);

impl Handler for Counting {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(async move {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            if ctx.request().path().starts_with("/cached") {
                ctx.response_mut().set_header("cache-control", "public, max-age=600")?;
            }
            ctx.response_mut().write(format!("{number}")).await
        })
    }
}

#[test]
fn a_fresh_response_comes_from_the_cache_until_its_prefix_goes() {
    let site = Site::new();
    let count = Arc::new(AtomicUsize::new(0));
    let server = site.serve(&["http://127.0.0.1:0/"], |_| {}, Counting(Arc::clone(&count)));
    let address = server.address();
    let body = |target: &str, lines: &str| get(address, "x", target, lines).expect("an answer").body;
    // The first says that responses here can be kept, the second is.
    assert_eq!([body("/cached", ""), body("/cached", "")], ["0", "1"]);
    assert_eq!([body("/cached", ""), body("/cached", "")], ["1", "1"]);
    assert_eq!(body("/cached?other", ""), "2");
    assert_eq!(body("/cached", "Authorization: Basic eDp5\r\n"), "3");
    assert_eq!(body("/cached", "Cache-Control: no-cache\r\n"), "4");
    assert_eq!([body("/plain", ""), body("/plain", "")], ["5", "6"]);
    server.stop();
    let prefix = format!("http://127.0.0.1:{}/", address.port());
    let _again = site.serve(&[&prefix], |_| {}, Counting(count));
    assert_eq!(body("/cached", ""), "7", "the cache has forgotten it");
}

#[test]
fn without_the_option_nothing_is_kept() {
    let site = Site::new();
    let server = site.serve(
        &["http://127.0.0.1:0/"],
        |options| options.enable_response_caching = false,
        Counting(Arc::default()),
    );
    let bodies: Vec<_> =
        (0..4).map(|_| get(server.address(), "x", "/cached", "").expect("an answer").body).collect();
    assert_eq!(bodies, ["0", "1", "2", "3"]);
}
