//! What a context makes when the server does not offer it.

use falconry::{
    HttpContext,
    features::{
        CookieOptions, FeatureCollection, HttpConnectionFeature, HttpRequestFeature, HttpResponseFeature,
        Identity, PlainConnection, PlainRequest, PlainResponse, User,
    },
};
use http::{HeaderValue, header::COOKIE};

fn context() -> HttpContext {
    let mut request = PlainRequest::default();
    request.set_query_string("?page=2&tag=a%20b");
    request.headers_mut().insert(COOKIE, HeaderValue::from_static("id=7; theme=dark"));
    let mut features = FeatureCollection::new();
    features.set::<dyn HttpRequestFeature>(Box::new(request));
    features.set::<dyn HttpResponseFeature>(Box::<PlainResponse>::default());
    HttpContext::new(features)
}

#[test]
fn a_request_without_a_name_gets_one_of_13_characters_that_stays() {
    let (first, second) = (context(), context());
    let identifier = first.trace_identifier();
    assert_eq!(identifier.len(), 13);
    assert!(identifier.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'V')), "{identifier}");
    assert_eq!(first.trace_identifier(), identifier);
    assert_ne!(second.trace_identifier(), identifier);
}

#[test]
fn a_name_given_to_the_request_is_kept() {
    let mut ctx = context();
    ctx.set_trace_identifier("from-the-caller");
    assert_eq!(ctx.trace_identifier(), "from-the-caller");
}

#[test]
fn items_and_user_are_there_without_a_server_that_offers_them() {
    let mut ctx = context();
    assert!(!ctx.user().is_authenticated());
    ctx.set_user(Identity::new("Test", "jane").into());
    assert_eq!(ctx.user().name(), Some("jane"));
    ctx.set_user(User::anonymous());
    assert_eq!(ctx.user().name(), None);
    ctx.items().insert(3_u8);
    assert_eq!(ctx.items().get::<u8>(), Some(&3));
}

#[test]
fn the_query_is_taken_apart_and_follows_a_change() {
    let mut ctx = context();
    assert_eq!(ctx.query().get("tag"), Some("a b"));
    ctx.request_mut().set_query_string("?page=3");
    assert_eq!(ctx.query().get("page"), Some("3"));
    assert_eq!(ctx.query().get("tag"), None);
}

#[test]
fn cookies_are_read_and_written() {
    let mut ctx = context();
    assert_eq!(ctx.cookies().get("theme"), Some("dark"));
    let options = CookieOptions { secure: true, ..CookieOptions::default() };
    ctx.response_mut().append_cookie("id", "a b", &options).unwrap();
    assert_eq!(ctx.response().headers()["set-cookie"], "id=a%20b; path=/; secure");
    ctx.response_mut().delete_cookie("id", &options).unwrap();
    assert!(
        ctx.response().headers()["set-cookie"].to_str().unwrap().starts_with("id=; expires=Thu, 01 Jan 1970")
    );
}

#[test]
fn a_connection_changed_for_one_request_leaves_the_servers_alone() {
    let mut shared = FeatureCollection::new();
    let connection =
        PlainConnection { connection_id: "c1".into(), remote_port: 9, ..PlainConnection::default() };
    shared.set::<dyn HttpConnectionFeature>(Box::new(connection));
    let shared = std::sync::Arc::new(shared);
    let mut ctx = HttpContext::new(FeatureCollection::with_defaults(shared.clone()));
    ctx.connection_mut().set_remote_port(4711);
    assert_eq!(ctx.connection().unwrap().remote_port(), 4711);
    assert_eq!(ctx.connection().unwrap().connection_id(), "c1");
    assert_eq!(shared.get::<dyn HttpConnectionFeature>().unwrap().remote_port(), 9);
    assert_eq!(context().connection_mut().connection_id(), "");
}

#[test]
fn what_only_middleware_can_give_is_an_error_or_absent() {
    let mut ctx = context();
    assert!(ctx.session().err().unwrap().is_invalid_state());
    assert!(ctx.tls().is_none());
    assert!(!ctx.is_web_socket_request());
    assert!(!ctx.request_aborted().is_cancelled());
    ctx.close_connection();
    assert_eq!(ctx.response().headers()["connection"], "close");
}
