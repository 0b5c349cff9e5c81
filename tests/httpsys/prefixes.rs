//! Which server a request goes to.

use falconry::{Handler, HttpContext, Result};
use falconry_features::BoxFuture;

use crate::support::{Client, Site, get};

/// Says who it is, and what it sees of the path.
pub(crate) struct Named(pub(crate) &'static str);

impl Handler for Named {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(async move {
            let (base, path) = (ctx.request().path_base(), ctx.request().path());
            let text = format!("{} {base}|{path}", self.0);
            ctx.response_mut().set_header("content-length", text.len().to_string())?;
            ctx.response_mut().write(text).await
        })
    }
}

#[test]
fn two_servers_share_a_port_and_one_goes_without_the_other() {
    let site = Site::new();
    let one = site.serve(&["http://127.0.0.1:0/one/"], |_| {}, Named("one"));
    let address = one.address();
    let prefix = format!("http://127.0.0.1:{}/two/", address.port());
    let two = site.serve(&[&prefix], |_| {}, Named("two"));
    let body = |target: &str| get(address, "x", target, "").expect("an answer").body;
    assert_eq!(body("/one/a"), "one /one|/a");
    assert_eq!(body("/Two/b%20c"), "two /Two|/b c");
    assert_eq!(body("/two"), "two /two|");
    let mut kept = Client::connect(address);
    two.stop();
    assert_eq!(get(address, "x", "/two/b", "").expect("an answer").status, 404);
    assert_eq!(body("/one/a"), "one /one|/a");
    kept.send("GET /one/k HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(kept.receive().expect("an answer").body, "one /one|/k", "its connections stay, too");
    one.stop();
    assert!(std::net::TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[test]
fn an_unknown_host_is_400_and_an_unknown_path_404() {
    let site = Site::new();
    let server = site.serve(&["http://localhost:0/app/"], |_| {}, Named("app"));
    let address = server.address();
    let host = format!("localhost:{}", address.port());
    assert_eq!(get(address, &host, "/app/", "").expect("an answer").status, 200);
    assert_eq!(get(address, &host, "/other", "").expect("an answer").status, 404);
    let refused = get(address, "example.org", "/app/", "").expect("an answer");
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("Invalid Hostname"), "{refused:?}");
}

#[test]
fn a_prefix_is_added_and_removed_while_the_server_runs() {
    let site = Site::new();
    let server = site.serve(&["http://127.0.0.1:0/one/"], |_| {}, Named("app"));
    let address = server.address();
    let more = format!("http://127.0.0.1:{}/more/", address.port()).parse().expect("a prefix");
    assert_eq!(get(address, "x", "/more/", "").expect("an answer").status, 404);
    server.wait(server.server.add_prefix(&more)).expect("the prefix is free");
    assert_eq!(get(address, "x", "/more/a", "").expect("an answer").body, "app /more|/a");
    assert!(server.wait(server.server.add_prefix(&more)).expect_err("it is there").is_address_in_use());
    assert!(server.wait(server.server.remove_prefix(&more)));
    assert_eq!(get(address, "x", "/more/a", "").expect("an answer").status, 404);
}

#[test]
fn a_wider_prefix_takes_the_narrower_ones_port_along() {
    let site = Site::new();
    let narrow = site.serve(&["http://127.0.0.1:0/narrow/"], |_| {}, Named("narrow"));
    let address = narrow.address();
    let prefix = format!("http://*:{}/", address.port());
    let wide = site.serve(&[&prefix], |_| {}, Named("wide"));
    assert_eq!(get(address, "x", "/narrow/a", "").expect("an answer").body, "narrow /narrow|/a");
    assert_eq!(get(address, "x", "/other", "").expect("an answer").body, "wide |/other");
    wide.stop();
    assert_eq!(get(address, "x", "/narrow/a", "").expect("an answer").body, "narrow /narrow|/a");
}

#[test]
fn the_native_server_is_a_platform_error_where_there_is_no_http_sys() {
    if cfg!(windows) {
        return;
    }
    let error =
        falconry_httpsys::HttpSysServer::new(Default::default()).expect_err("there is no httpapi.dll");
    assert!(error.is_platform());
    assert!(error.to_string().contains("portable driver"), "{error}");
}
