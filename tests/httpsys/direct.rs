//! Requests that the application runs on the features of the driver's own connection, and their neighbours there.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use falconry::{Handler, HttpContext, Result};
use falconry_features::{
    BoxFuture, ConnectionLifetimeNotificationFeature, Deadline, HttpAuthenticationFeature,
    HttpConnectionFeature, HttpMaxRequestBodySizeFeature, HttpRequestIdentifierFeature,
    HttpSysRequestTimingFeature, Identity, PlainAuthentication, RequestTimingType, Server, User,
    request_close,
};
use tokio::sync::Notify;

use crate::{
    prefixes::Named,
    support::{Client, Site},
};

const SECRET: &str = "secret";

/// Leaves secrets wherever a request can leave something, and says what it found there.
struct Secretive;

impl Handler for Secretive {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(async move {
            let found = found(ctx)?;
            match ctx.request().path() {
                "/set" => leave(ctx)?,
                "/replace" => {
                    let authentication = PlainAuthentication { user: Some(secret_user()) };
                    ctx.features_mut().set::<dyn HttpAuthenticationFeature>(Box::new(authentication));
                }
                _ => {}
            }
            ctx.response_mut().set_header("content-length", found.len().to_string())?;
            ctx.response_mut().write(found).await
        })
    }
}

fn secret_user() -> User {
    User::new([Identity::new("test", SECRET)])
}

fn found(ctx: &HttpContext) -> Result<String> {
    let features = ctx.features();
    let connection = features.required::<dyn HttpConnectionFeature>()?;
    let close = features.required::<dyn ConnectionLifetimeNotificationFeature>()?;
    let user = features.required::<dyn HttpAuthenticationFeature>()?.user();
    let timing = features.required::<dyn HttpSysRequestTimingFeature>()?;
    assert!(timing.timestamps()[RequestTimingType::RequestRoutingEnd as usize] > 0);
    let request = ctx.request();
    Ok(format!(
        "{} {:?} {:?} {:?} {} {} {} {:?} {} {}",
        connection.connection_id(),
        connection.remote_ip_address(),
        user,
        features.required::<dyn HttpMaxRequestBodySizeFeature>()?.max_request_body_size(),
        features.required::<dyn HttpRequestIdentifierFeature>()?.trace_identifier(),
        close.connection_closed_requested().is_cancelled(),
        request.path_base(),
        request.headers(),
        request.query_string(),
        request.path(),
    ))
}

fn leave(ctx: &mut HttpContext) -> Result {
    let features = ctx.features_mut();
    let connection = features.required_mut::<dyn HttpConnectionFeature>()?;
    connection.set_connection_id(SECRET);
    connection.set_remote_ip_address(None);
    features.required_mut::<dyn HttpAuthenticationFeature>()?.set_user(Some(secret_user()));
    features.required_mut::<dyn HttpMaxRequestBodySizeFeature>()?.set_max_request_body_size(Some(7_777))?;
    features.required_mut::<dyn HttpRequestIdentifierFeature>()?.set_trace_identifier(SECRET);
    ctx.request_mut().set_path_base(SECRET);
    ctx.response_mut().set_header("x-secret", SECRET)?;
    Ok(())
}

#[test]
fn nothing_of_a_request_is_seen_by_the_next_of_its_connection() {
    let server = Site::new().serve(&["http://127.0.0.1:0/"], |_| {}, Secretive);
    let mut client = Client::connect(server.address());
    let mut without = |target: &str, lines: &str| {
        client.send(&format!("GET {target} HTTP/1.1\r\nHost: x\r\n{lines}\r\n"));
        client.receive().expect("an answer")
    };
    let first = without("/", "").body;
    let mut trace_identifiers = BTreeSet::new();
    for round in ["/set?secret", "/replace?secret"] {
        for target in [round, "/"] {
            let lines = if target == round { "X-Secret: secret\r\nCookie: secret=secret\r\n" } else { "" };
            let response = without(target, lines);
            if target == "/" {
                assert!(!response.head.contains(SECRET), "{}", response.head);
                let words = |body: &str| -> Vec<String> {
                    body.split(' ')
                        .enumerate()
                        .filter(|(n, _)| *n != trace_word(body))
                        .map(|(_, w)| w.into())
                        .collect()
                };
                assert_eq!(words(&response.body), words(&first), "all but the number of the request");
                assert!(trace_identifiers.insert(response.body));
            }
        }
    }
}

/// Which word of an answer is the trace identifier.
fn trace_word(body: &str) -> usize {
    body.split(' ').position(|word| word.ends_with("-b63f-84710c7967bb")).expect("a trace identifier")
}

/// Says which features there are.
struct Listing;

impl Handler for Listing {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(async move {
            let names: BTreeSet<_> = ctx.features().iter().map(|entry| entry.name()).collect();
            let text = format!("{names:?}");
            ctx.response_mut().set_header("content-length", text.len().to_string())?;
            ctx.response_mut().write(text).await
        })
    }
}

#[test]
fn every_request_has_the_same_features_however_it_comes_to_the_application() {
    let server = Site::new().serve(&["http://127.0.0.1:0/"], |_| {}, Listing);
    let mut client = Client::connect(server.address());
    let requests = [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx",
        "GET / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ];
    let answers = requests.map(|request| {
        client.send(request);
        client.receive().expect("an answer").body
    });
    assert!(answers[0].contains("HttpSysRequestInfoFeature"), "{}", answers[0]);
    for (answer, request) in answers.iter().zip(requests) {
        assert_eq!(*answer, answers[0], "{request}");
    }
}

#[test]
fn a_connection_is_served_by_every_server_of_its_port() {
    let site = Site::new();
    let one = site.serve(&["http://127.0.0.1:0/one/"], |_| {}, Named("one"));
    let address = one.address();
    let prefix = format!("http://127.0.0.1:{}/two/", address.port());
    let two = site.serve(&[&prefix], |_| {}, Named("two"));
    let mut client = Client::connect(address);
    let mut answer = |target: &str| {
        client.send(&format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
        client.receive().expect("an answer").body
    };
    for number in [1, 1, 2, 2, 2, 2, 1, 2, 1, 1, 1, 2, 2, 2] {
        let name = if number == 1 { "one" } else { "two" };
        assert_eq!(answer(&format!("/{name}/x")), format!("{name} /{name}|/x"));
    }
    two.stop();
    assert_eq!(answer("/one/x"), "one /one|/x");
    let again = site.serve(&[&prefix], |_| {}, Named("again"));
    for _ in 0..4 {
        assert_eq!(answer("/two/x"), "again /two|/x", "the server that has come in its place");
    }
    drop((one, again));
}

#[test]
fn a_request_to_close_is_followed_by_the_end_of_the_connection() {
    async fn closing(ctx: &mut HttpContext) -> Result {
        request_close(ctx.features_mut());
        ctx.response_mut().write("bye").await
    }
    let server = Site::new().serve(&["http://127.0.0.1:0/"], |_| {}, closing);
    let mut client = Client::connect(server.address());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let response = client.receive().expect("an answer");
    assert_eq!((response.field("connection"), &*response.body), (vec!["close"], "bye"));
    assert!(client.is_ended());
}

/// Waits at `/wait` until it is dropped.
struct Waiting {
    began: Arc<Notify>,
    dropped: Arc<AtomicUsize>,
}

struct CountsDrops(Arc<AtomicUsize>);

impl Drop for CountsDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

impl Handler for Waiting {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(async move {
            if ctx.request().path() != "/wait" {
                return ctx.response_mut().write("here").await;
            }
            let _counts = CountsDrops(Arc::clone(&self.dropped));
            self.began.notify_one();
            std::future::pending().await
        })
    }
}

#[test]
fn a_stop_gives_up_what_is_under_way_at_its_deadline() {
    let (began, dropped) = (Arc::new(Notify::new()), Arc::<AtomicUsize>::default());
    let site = Site::new();
    let other = site.serve(&["http://127.0.0.1:0/other/"], |_| {}, Named("other"));
    let prefix = format!("http://127.0.0.1:{}/", other.address().port());
    let waiting = Waiting { began: Arc::clone(&began), dropped: Arc::clone(&dropped) };
    let server = site.serve(&[&prefix], |_| {}, waiting);
    let mut idle = Client::connect(other.address());
    idle.send("GET /other/ HTTP/1.1\r\nHost: x\r\n\r\n");
    idle.receive().expect("an answer");
    let mut client = Client::connect(other.address());
    // After some requests the connection's features are those of this server.
    for _ in 0..4 {
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(client.receive().expect("an answer").body, "here");
    }
    client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    server.wait(began.notified());
    server.wait(server.server.stop(Deadline::now())).expect("a stop");
    assert!(client.is_ended());
    assert_eq!(dropped.load(Ordering::Acquire), 1, "the run has gone with its connection");
    idle.send("GET /other/ HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(idle.receive().expect("an answer").body, "other /other|/", "others are left alone");
}
