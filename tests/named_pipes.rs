//! Kestrel over named pipes, which only Windows has: `cargo xtask windows test` runs this under Wine.

#![cfg(windows)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use falconry::{
    HostingApplication,
    features::{Deadline, Server, ServerAddressesFeature},
};
use falconry_conformance::contract;
use falconry_kestrel::{KestrelServer, KestrelServerOptions};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::windows::named_pipe::{ClientOptions, NamedPipeClient},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// `ERROR_FILE_NOT_FOUND`, `ERROR_PIPE_BUSY`.
const FILE_NOT_FOUND: i32 = 2;
const PIPE_BUSY: i32 = 231;

fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("falconry-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

async fn start(server: &KestrelServer) {
    server.start(Arc::new(HostingApplication::new(contract::app()))).await.expect("the server starts");
}

async fn serve(name: &str, configure: impl FnOnce(&mut KestrelServerOptions)) -> KestrelServer {
    let mut options = KestrelServerOptions::default();
    configure(options.listen_named_pipe(name));
    let server = KestrelServer::new(options);
    start(&server).await;
    server
}

/// A client that comes again while all instances have one.
async fn connect(name: &str) -> NamedPipeClient {
    loop {
        match ClientOptions::new().open(format!(r"\\.\pipe\{name}")) {
            Err(error) if error.raw_os_error() == Some(PIPE_BUSY) => tokio::task::yield_now().await,
            other => return other.expect("the pipe takes clients"),
        }
    }
}

/// Sends a request on a connection of its own and returns all that comes.
async fn ask(name: &str, request: &str) -> String {
    let mut client = connect(name).await;
    client.write_all(request.as_bytes()).await.expect("the request is sent");
    let mut answer = Vec::new();
    // A pipe that the other side has closed is a broken one.
    let _ = client.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(name: &str, target: &str) -> String {
    ask(name, &format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await
}

async fn within<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, test).await.expect("in time")
}

#[tokio::test]
async fn a_request_is_answered() {
    within(async {
        let name = name();
        let server = serve(&name, |_| {}).await;
        let answer = get(&name, "/").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nHello World!"), "{answer}");
        let body = "x".repeat(100_000);
        let request = format!(
            "POST /upload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        assert!(ask(&name, &request).await.contains("\r\n\r\n100000 "));
        let answer = get(&name, "/big?size=300000").await;
        assert_eq!(answer.split_once("\r\n\r\n").map(|(_, body)| body.is_empty()), Some(false));
        server.stop(Deadline::now()).await.expect("the server stops");
    })
    .await;
}

#[tokio::test]
async fn one_connection_carries_several_requests() {
    within(async {
        let name = name();
        let server = serve(&name, |_| {}).await;
        let mut client = connect(&name).await;
        for _ in 0..3 {
            client
                .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .await
                .expect("the request is sent");
            let mut answer = Vec::new();
            while !answer.ends_with(b"Hello World!") {
                let mut piece = [0; 1024];
                let length = client.read(&mut piece).await.expect("the answer comes");
                answer.extend_from_slice(&piece[..length]);
            }
        }
        server.stop(Deadline::now()).await.expect("the server stops");
    })
    .await;
}

#[tokio::test]
async fn more_clients_than_instances_are_served() {
    within(async {
        let name = name();
        let server = serve(&name, |options| options.named_pipes.listener_queue_count = 2).await;
        let mut clients = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let name = name.clone();
            clients.spawn(async move { get(&name, "/").await });
        }
        while let Some(answer) = clients.join_next().await {
            assert!(answer.expect("the client ends").ends_with("Hello World!"));
        }
        server.stop(Deadline::now()).await.expect("the server stops");
    })
    .await;
}

#[tokio::test]
async fn an_address_names_the_pipe() {
    within(async {
        let name = name();
        let server = KestrelServer::new(KestrelServerOptions::default());
        let url = format!("http://pipe:/{name}");
        let addresses = server.features().get::<dyn ServerAddressesFeature>().expect("addresses");
        addresses.add(&url).expect("before the start");
        start(&server).await;
        assert_eq!(addresses.addresses(), [url]);
        assert!(get(&name, "/").await.ends_with("Hello World!"));
        server.stop(Deadline::now()).await.expect("the server stops");
    })
    .await;
}

#[ignore = "Wine 8 lets two programs have one pipe; on Windows: cargo test --test named_pipes -- --include-ignored"]
#[tokio::test]
async fn a_pipe_that_is_there_is_an_address_in_use() {
    within(async {
        let name = name();
        let server = serve(&name, |_| {}).await;
        let mut options = KestrelServerOptions::default();
        options.listen_named_pipe(&*name);
        let second = KestrelServer::new(options);
        let error =
            second.start(Arc::new(HostingApplication::new(contract::app()))).await.expect_err("it is taken");
        assert!(error.is_address_in_use(), "{error}");
        server.stop(Deadline::now()).await.expect("the server stops");
    })
    .await;
}

#[tokio::test]
async fn the_stop_takes_the_pipe_away() {
    within(async {
        let name = name();
        let server = serve(&name, |_| {}).await;
        assert!(get(&name, "/").await.ends_with("Hello World!"));
        server.stop(Deadline::now()).await.expect("the server stops");
        let error = ClientOptions::new().open(format!(r"\\.\pipe\{name}")).expect_err("it is gone");
        assert_eq!(error.raw_os_error(), Some(FILE_NOT_FOUND));
    })
    .await;
}
