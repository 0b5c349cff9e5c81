//! Another configuration while the server runs.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use falconry::{
    Server,
    features::{ServerAddressesFeature, ServerError},
};
use falconry_kestrel::{KestrelConfiguration, KestrelServerOptions};

use crate::support::{Running, connect, get};

/// Endpoints by name.
fn configuration(endpoints: &[(&str, &str)]) -> KestrelConfiguration {
    let settings = endpoints.iter().map(|(name, url)| (format!("Endpoints:{name}:Url"), (*url).to_owned()));
    KestrelConfiguration::new(settings)
}

async fn start(endpoints: &[(&str, &str)]) -> Running {
    let mut options = KestrelServerOptions::default();
    options.configure(configuration(endpoints)).unwrap();
    Running::start_as_it_is(options).await
}

async fn change(server: &Running, endpoints: &[(&str, &str)]) -> Result<(), ServerError> {
    server.server.reconfigure(configuration(endpoints)).await
}

fn urls(server: &Running) -> Vec<String> {
    server.server.features().get::<dyn ServerAddressesFeature>().unwrap().addresses()
}

fn addresses(server: &Running) -> Vec<SocketAddr> {
    urls(server).iter().map(|url| url.rsplit('/').next().unwrap().parse().unwrap()).collect()
}

fn answers(address: SocketAddr) -> bool {
    tokio::task::block_in_place(|| get(&mut connect(address)).is_some())
}

fn is_closed(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_err()
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_moves_listens_at_the_new_address_only() {
    let server = start(&[("A", "http://127.0.0.1:0")]).await;
    let before = addresses(&server)[0];
    change(&server, &[("A", "http://127.0.0.2:0")]).await.unwrap();
    let after = addresses(&server)[0];
    assert_eq!(after.ip().to_string(), "127.0.0.2");
    assert!(answers(after) && is_closed(before));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endpoints_come_and_go_in_the_order_of_their_names() {
    let server = start(&[("B", "http://127.0.0.1:0")]).await;
    let b = addresses(&server)[0];
    change(&server, &[("A", "http://127.0.0.2:0"), ("B", "http://127.0.0.1:0")]).await.unwrap();
    assert_eq!(addresses(&server)[1], b);
    let a = addresses(&server)[0];
    assert!(answers(a) && answers(b));
    change(&server, &[]).await.unwrap();
    assert_eq!(urls(&server), [""; 0]);
    assert!(is_closed(a) && is_closed(b));
    change(&server, &[("C", &format!("http://{b}"))]).await.unwrap();
    assert!(answers(b));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn untouched_endpoints_lose_nothing_under_load() {
    let endpoints =
        |more: &[(&'static str, &'static str)]| [&[("Fixed", "http://127.0.0.1:0")], more].concat();
    let server = start(&endpoints(&[])).await;
    let address = addresses(&server)[0];
    let is_over = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..8)
        .map(|number| {
            let (is_over, answered) = (Arc::clone(&is_over), Arc::clone(&answered));
            thread::spawn(move || {
                let mut stream = connect(address);
                while !is_over.load(Ordering::Relaxed) {
                    let answer = get(&mut stream).expect("an answer on the same connection");
                    assert!(!answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
                    answered.fetch_add(1, Ordering::Relaxed);
                    if number % 2 == 1 {
                        // The other half comes anew each time.
                        stream = connect(address);
                    }
                }
            })
        })
        .collect();
    let mut seen = 0;
    for round in 0..30 {
        let other = ["http://127.0.0.1:0", "http://127.0.0.2:0", "http://[::1]:0"][round % 3];
        change(&server, &endpoints(&[("Other", other)])).await.unwrap();
        assert_eq!(addresses(&server)[0], address);
        assert!(answers(addresses(&server)[1]));
        // Every edit happens among answers.
        while answered.load(Ordering::Relaxed) < seen + 20 {
            tokio::task::yield_now().await;
        }
        seen = answered.load(Ordering::Relaxed);
    }
    is_over.store(true, Ordering::Relaxed);
    clients.into_iter().for_each(|client| client.join().expect("no request went unanswered"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_only_the_protocols_change_the_port_stays_open_and_old_connections_are_told_to_go() {
    let server = start(&[("A", "http://127.0.0.1:0")]).await;
    let address = addresses(&server)[0];
    let mut busy = connect(address);
    tokio::task::block_in_place(|| get(&mut busy)).unwrap();
    let protocols = |protocols: &'static str| {
        KestrelConfiguration::new([
            ("Endpoints:A:Url", "http://127.0.0.1:0"),
            ("Endpoints:A:Protocols", protocols),
        ])
    };
    server.server.reconfigure(protocols("Http2")).await.unwrap();
    assert_eq!(addresses(&server), [address]);
    // Idle: closed at once.
    assert_eq!(tokio::task::block_in_place(|| busy.read(&mut [0])).unwrap(), 0);
    let refused = tokio::task::block_in_place(|| {
        let mut stream = connect(address);
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
    server.server.reconfigure(protocols("Http1")).await.unwrap();
    assert!(answers(address));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_with_sockets_of_http3_is_started_anew_on_its_port() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let server = start(&[("A", &url)]).await;
    for protocols in ["Http1AndHttp2AndHttp3", "Http1"] {
        let settings = [("Endpoints:A:Url", url.as_str()), ("Endpoints:A:Protocols", protocols)];
        server.server.reconfigure(KestrelConfiguration::new(settings)).await.unwrap();
        assert_eq!(urls(&server), [url.as_str()]);
        assert!(answers(addresses(&server)[0]), "{protocols}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_configuration_and_one_that_cannot_be_bound_change_nothing() {
    let free = format!("http://127.0.0.1:{}", free_port());
    let server = start(&[("A", "http://127.0.0.1:0")]).await;
    let before = addresses(&server);
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let held = format!("http://{}", holder.local_addr().unwrap());
    for (endpoints, is_options) in [
        (&[("A", "")][..], true),
        (&[("A", "ftp://127.0.0.1:0")], false),
        (&[("A", "http://127.0.0.2:0"), ("B", &held)], false),
        (&[("B", &held)], false),
        (&[("A", "https://127.0.0.1:0"), ("B", &held)], false),
    ] {
        let error = change(&server, endpoints).await.unwrap_err();
        assert_eq!(
            error.is_options() && !error.is_address_in_use(),
            is_options || endpoints[0].1.starts_with("https")
        );
        assert_eq!(addresses(&server), before);
        assert!(answers(before[0]));
    }
    // What had been bound beside the failure is free again.
    change(&server, &[("A", &free)]).await.unwrap();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_makes_way_for_another_on_the_same_port() {
    let port = free_port();
    let (one, both) = (format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}"));
    let server = start(&[("A", &one)]).await;
    change(&server, &[("A", &both)]).await.unwrap();
    assert_eq!(urls(&server).join(" "), both);
    assert!(answers(([127, 0, 0, 1], port).into()) && answers(format!("[::1]:{port}").parse().unwrap()));
    change(&server, &[("B", &one)]).await.unwrap();
    assert_eq!(urls(&server), [one]);
    assert!(is_closed(format!("[::1]:{port}").parse().unwrap()));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_made_way_in_vain_listens_again() {
    let port = free_port();
    let Ok(holder) = TcpListener::bind(format!("[::1]:{port}")) else { return };
    let one = format!("http://127.0.0.1:{port}");
    let server = start(&[("A", &one)]).await;
    let error = change(&server, &[("A", &format!("http://localhost:{port}"))]).await.unwrap_err();
    assert!(error.is_address_in_use());
    assert!(answers(([127, 0, 0, 1], port).into()));
    drop(holder);
    change(&server, &[("A", &format!("http://localhost:{port}"))]).await.unwrap();
    assert!(answers(format!("[::1]:{port}").parse().unwrap()));
    server.stop().await;
}

#[tokio::test]
async fn nothing_changes_where_addresses_were_preferred() {
    let mut options = KestrelServerOptions::default();
    options.configure(configuration(&[("A", "http://127.0.0.1:0")])).unwrap();
    let server = Running::start_on(options, "http://127.0.0.2:0", true).await;
    let before = urls(&server);
    change(&server, &[("A", "http://127.0.0.3:0")]).await.unwrap();
    assert_eq!(urls(&server), before);
    server.stop().await;
}

#[tokio::test]
async fn only_a_running_server_can_be_given_another_configuration() {
    let server = falconry_kestrel::KestrelServer::new(KestrelServerOptions::default());
    let error = server.reconfigure(configuration(&[("A", "http://127.0.0.1:0")])).await.unwrap_err();
    assert!(error.is_invalid_state());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_on_an_endpoint_that_goes_has_five_seconds() {
    let server = start(&[("A", "http://127.0.0.1:0")]).await;
    let address = addresses(&server)[0];
    let ask = |path: &str| {
        let mut stream = connect(address);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        stream
    };
    let (mut short, mut long) = (ask("/wait?ms=500"), ask("/wait?ms=60000"));
    // What comes later is answered: the two before it have come.
    assert!(answers(address));
    let begun = Instant::now();
    change(&server, &[]).await.unwrap();
    tokio::task::block_in_place(|| {
        let mut answer = String::new();
        short.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let mut nothing = Vec::new();
        let _ = long.read_to_end(&mut nothing);
        assert_eq!(nothing, b"");
    });
    assert!(begun.elapsed() >= Duration::from_secs(4) && begun.elapsed() < Duration::from_secs(20));
    server.stop().await;
}
