//! Requests that go on to another queue.

use std::sync::{Arc, OnceLock};

use falconry::{Handler, HttpContext, Result};
use falconry_features::{
    BoxFuture, DelegationRule, HttpSysRequestDelegationFeature, Server, ServerDelegationFeature,
};

use crate::{
    prefixes::Named,
    support::{Client, Site, get},
};

/// Delegates what is not its own.
struct Delegating(Arc<OnceLock<Arc<dyn DelegationRule>>>);

impl Handler for Delegating {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(async move {
            if ctx.request().path().starts_with("/own") {
                return ctx.response_mut().write("own").await;
            }
            let rule = self.0.get().ok_or("no rule yet")?;
            let feature = ctx.features_mut().required_mut::<dyn HttpSysRequestDelegationFeature>()?;
            assert!(feature.can_delegate());
            feature.delegate_request(&**rule)?;
            assert!(!feature.can_delegate());
            // Nobody sees it.
            ctx.response_mut().write("lost").await
        })
    }
}

#[test]
fn a_request_is_answered_by_the_queue_it_was_delegated_to() {
    let site = Site::new();
    let rule = Arc::<OnceLock<Arc<dyn DelegationRule>>>::default();
    let front = site.serve(&["http://127.0.0.1:0/"], |_| {}, Delegating(Arc::clone(&rule)));
    let address = front.address();
    let prefix = format!("http://127.0.0.1:{}/back/", address.port());
    let back = site.serve(
        &[&prefix],
        |options| {
            options.set_request_queue_name("back".to_owned()).expect("a name");
        },
        Named("back"),
    );
    let delegation = front.server.features().get::<dyn ServerDelegationFeature>().expect("the feature");
    let made = delegation.create_delegation_rule("back", &prefix).expect("a rule");
    assert_eq!((made.queue_name(), made.url_prefix()), ("back", prefix.as_str()));
    assert!(delegation.create_delegation_rule("none", &prefix).is_err_and(|error| error.is_io()));
    rule.set(made).map_err(drop).expect("it is set once");
    let mut client = Client::connect(address);
    client.send("GET /away HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.receive().expect("an answer").body, "back |/away");
    client.send("GET /own HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.receive().expect("an answer").body, "own", "the connection goes on");
    back.stop();
    assert_eq!(get(address, "x", "/away", "").expect("an answer").status, 500, "the queue has gone");
}
