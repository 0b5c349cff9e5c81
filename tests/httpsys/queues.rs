//! Queues: limits, 503, attaching.

use falconry_features::{Deadline, Server};
use falconry_httpsys::{
    Http503Verbosity, RequestQueueMode,
    driver::{
        CreateQueueFlags, Driver, RequestQueue, RequestQueueOptions, RequestQueueProperty, SendResponse,
        UrlGroup, UrlGroupProperty, Win32Error,
    },
};
use std::{future::poll_fn, net::SocketAddr, sync::Arc};

use crate::{
    prefixes::Named,
    support::{Client, LIMIT, Site, get},
};

/// A queue that is bound to a prefix, without a server.
struct Bare {
    site: Site,
    queue: Arc<dyn RequestQueue>,
    group: Arc<dyn UrlGroup>,
    address: SocketAddr,
}

impl Bare {
    fn new() -> Self {
        let site = Site::new();
        // A port that a server has found.
        let server = site.serve(&["http://127.0.0.1:0/"], |_| {}, Named("finder"));
        let address = server.address();
        server.stop();
        let (queue, group) = site.runtime.block_on(async {
            let queue =
                site.driver.create_request_queue(RequestQueueOptions::default()).await.expect("a queue");
            let session = site.driver.create_server_session().await.expect("a session");
            let group = session.create_url_group().await.expect("a group");
            group.set_property(UrlGroupProperty::Binding(Some(Arc::clone(&queue)))).await.expect("a binding");
            group.add_url(&format!("http://127.0.0.1:{}/", address.port()), 7).await.expect("a prefix");
            (queue, group)
        });
        Self { site, queue, group, address }
    }

    fn set(&self, property: RequestQueueProperty) {
        self.site.runtime.block_on(self.queue.set_property(property)).expect("the property can be set");
    }

    fn wait<F: Future>(&self, future: F) -> F::Output {
        self.site.runtime.block_on(async { tokio::time::timeout(LIMIT, future).await.expect("in time") })
    }
}

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn a_full_queue_says_503_as_it_is_told_to() {
    let bare = Bare::new();
    bare.set(RequestQueueProperty::Length(1));
    bare.set(RequestQueueProperty::Verbosity503(Http503Verbosity::Limited));
    // One of them waits; whichever that is, the others are answered at once.
    let (answered, answers) = std::sync::mpsc::channel();
    for _ in 0..3 {
        let (address, answered) = (bare.address, answered.clone());
        std::thread::spawn(move || {
            let mut client = Client::connect(address);
            client.send(REQUEST);
            // The test may have ended.
            let _ = answered.send(client.receive());
        });
    }
    let next = || answers.recv_timeout(LIMIT).expect("an answer in time").expect("an answer");
    let refused = next();
    assert_eq!((refused.status, next().status), (503, 503));
    assert_eq!(refused.body, "");
    assert_eq!(refused.field("connection"), ["close"]);
    bare.set(RequestQueueProperty::Verbosity503(Http503Verbosity::Full));
    let refused = get(bare.address, "x", "/", "").expect("an answer");
    assert!(refused.status == 503 && refused.body.contains("unavailable"), "{refused:?}");
    bare.set(RequestQueueProperty::Verbosity503(Http503Verbosity::Basic));
    assert!(get(bare.address, "x", "/", "").is_err(), "the connection is reset");
    // Who has waited is served.
    let received = bare.wait(bare.queue.receive()).expect("a request");
    assert_eq!(received.request.url_context, 7);
    let mut response = Some(SendResponse::default());
    bare.wait(poll_fn(|cx| received.handle.poll_send_response(cx, &mut response))).expect("it is sent");
    assert_eq!(next().status, 200);
}

#[test]
fn a_request_that_its_receiver_drops_is_cut_off() {
    let bare = Bare::new();
    let mut client = Client::connect(bare.address);
    client.send(REQUEST);
    drop(bare.wait(bare.queue.receive()).expect("a request"));
    assert!(client.is_ended());
}

#[test]
fn a_queue_that_closes_fails_its_receives_and_answers_503() {
    let bare = Bare::new();
    bare.set(RequestQueueProperty::Verbosity503(Http503Verbosity::Limited));
    let mut client = Client::connect(bare.address);
    client.send(REQUEST);
    let received = bare.wait(bare.queue.receive()).expect("a request");
    bare.wait(bare.queue.close()).expect("it closes");
    assert_eq!(bare.wait(bare.queue.receive()).err(), Some(Win32Error::OPERATION_ABORTED));
    assert!(client.is_ended(), "what was received is given up");
    drop(received);
    assert_eq!(get(bare.address, "x", "/", "").expect("an answer").status, 503);
    bare.wait(bare.group.set_property(UrlGroupProperty::Binding(None))).expect("it is detached");
    let refused = get(bare.address, "x", "/", "").expect("an answer");
    assert!(refused.status == 503 && refused.body.contains("unavailable"), "{refused:?}");
    bare.wait(bare.group.close()).expect("it closes");
    assert!(std::net::TcpStream::connect(bare.address).is_err(), "nobody listens any more");
}

#[test]
fn names_of_queues_are_unique_and_checked() {
    let site = Site::new();
    let open = |name: &str, flags| {
        let options = RequestQueueOptions { name: Some(name.to_owned()), flags, security_descriptor: None };
        site.runtime.block_on(site.driver.create_request_queue(options))
    };
    let queue = open("app", CreateQueueFlags::Create).expect("it is new");
    let code = |result: Result<Arc<dyn RequestQueue>, Win32Error>| result.err();
    assert_eq!(code(open("app", CreateQueueFlags::Create)), Some(Win32Error::ALREADY_EXISTS));
    assert_eq!(code(open("other", CreateQueueFlags::OpenExisting)), Some(Win32Error::FILE_NOT_FOUND));
    assert_eq!(code(open("a\\b", CreateQueueFlags::Create)), Some(Win32Error::INVALID_NAME));
    let second = open("app", CreateQueueFlags::OpenExisting).expect("it is there");
    drop(queue);
    assert_eq!(code(open("app", CreateQueueFlags::Create)), Some(Win32Error::ALREADY_EXISTS));
    drop(second);
    open("app", CreateQueueFlags::Create).expect("it is free again");
}

#[test]
fn a_server_attaches_to_the_queue_of_another_and_takes_over() {
    let site = Site::new();
    let named = |options: &mut falconry_httpsys::HttpSysOptions| {
        options.set_request_queue_name("app".to_owned()).expect("a name");
    };
    let maker = site.serve(&["http://127.0.0.1:0/app/"], named, Named("maker"));
    let address = maker.address();
    let attached = site.serve(
        &[],
        |options| {
            named(options);
            options.request_queue_mode = RequestQueueMode::Attach;
        },
        Named("attached"),
    );
    // They take turns.
    let answers: Vec<_> = (0..4).map(|_| get(address, "x", "/app/", "").expect("an answer").body).collect();
    assert!(answers.iter().any(|body| body.starts_with("maker /app|")), "{answers:?}");
    // Whoever is attached does not know the prefix: its requests have no path base.
    assert!(answers.iter().any(|body| body == "attached |/app/"), "{answers:?}");
    assert!(site.server(&[], named).start_fails(&site).is_address_in_use());
    let missing = site.server(&[], |options| {
        options.set_request_queue_name("other".to_owned()).expect("a name");
        options.request_queue_mode = RequestQueueMode::Attach;
    });
    assert!(missing.start_fails(&site).to_string().contains("could not be found"));
    attached.stop();
    assert!(get(address, "x", "/app/", "").expect("an answer").body.starts_with("maker"));
}

trait StartFails {
    fn start_fails(&self, site: &Site) -> falconry_features::ServerError;
}

impl StartFails for Arc<falconry_httpsys::HttpSysServer> {
    fn start_fails(&self, site: &Site) -> falconry_features::ServerError {
        let application = Arc::new(falconry::HostingApplication::new(Named("none")));
        let error = site.runtime.block_on(self.start(application)).expect_err("the start fails");
        site.runtime.block_on(self.stop(Deadline::now())).expect("a stop of nothing");
        error
    }
}

#[test]
fn a_connection_over_the_limit_of_its_group_is_503() {
    let site = Site::new();
    let server = site.serve(
        &["http://127.0.0.1:0/"],
        |options| {
            options.set_max_connections(1).expect("a limit");
            options.http_503_verbosity = Http503Verbosity::Limited;
        },
        Named("app"),
    );
    let mut first = Client::connect(server.address());
    first.send(REQUEST);
    assert_eq!(first.receive().expect("an answer").status, 200);
    assert_eq!(get(server.address(), "x", "/", "").expect("an answer").status, 503);
    first.send(REQUEST);
    assert_eq!(first.receive().expect("an answer").status, 200, "the first one is counted once");
    server.wait(server.server.set_max_connections(-1)).expect("it can be changed");
    assert_eq!(get(server.address(), "x", "/", "").expect("an answer").status, 200);
}

#[test]
fn the_next_request_of_a_connection_waits_until_the_receiver_lets_go_of_the_last() {
    let bare = Bare::new();
    let mut client = Client::connect(bare.address);
    client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    let first = bare.wait(bare.queue.receive()).expect("a request");
    let mut response = Some(SendResponse::default());
    bare.wait(poll_fn(|cx| first.handle.poll_send_response(cx, &mut response))).expect("it is sent");
    // The answer does not wait.
    assert_eq!(client.receive().expect("an answer").status, 200);
    let mut other = Client::connect(bare.address);
    other.send("GET /other HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(bare.wait(bare.queue.receive()).expect("a request").request.raw_url, "/other");
    drop(first);
    assert_eq!(bare.wait(bare.queue.receive()).expect("a request").request.raw_url, "/2");
}
