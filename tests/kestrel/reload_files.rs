//! Configuration files that are edited while the program runs.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use falconry::{WebHost, features::Deadline};
use falconry_conformance::contract;

use crate::{
    configuration::{builder, folder},
    support::{connect, get},
};

/// Within this an edit must have been seen.
const LIMIT: Duration = Duration::from_secs(60);

/// Writes the file as an editor does, in its place.
fn write(file: &Path, endpoints: &[(&str, &str)]) {
    let endpoints: Vec<_> =
        endpoints.iter().map(|(name, url)| format!(r#""{name}": {{ "Url": "{url}" }}"#)).collect();
    let text = format!(r#"{{ "Kestrel": {{ "Endpoints": {{ {} }} }} }}"#, endpoints.join(", "));
    fs::write(file, text).unwrap();
}

async fn start(folder: &Path) -> WebHost {
    let host = builder(folder).build(contract::app()).unwrap();
    host.start().await.unwrap();
    host
}

/// Waits until the host listens on addresses that begin so.
async fn listens_on(host: &WebHost, expected: &[&str]) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let addresses = host.addresses();
        let fits = addresses.iter().zip(expected).all(|(address, start)| address.starts_with(start));
        if fits && addresses.len() == expected.len() {
            return addresses;
        }
        assert!(begun.elapsed() < LIMIT, "{addresses:?} instead of {expected:?}");
        tokio::task::yield_now().await;
    }
}

fn answers(url: &str) -> bool {
    let address = url.trim_start_matches("http://").parse().unwrap();
    tokio::task::block_in_place(|| get(&mut connect(address)).is_some())
}

fn file_in(folder: &Path) -> PathBuf {
    folder.join("falconry.json")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_under_load_moves_one_endpoint_and_the_other_loses_nothing() {
    let folder = folder("edit");
    write(&file_in(&folder), &[("A", "http://127.0.0.1:0"), ("B", "http://127.0.0.2:0")]);
    let host = start(&folder).await;
    let fixed = host.addresses()[0].clone();
    let (is_over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let address = fixed.trim_start_matches("http://").parse().unwrap();
            let (is_over, answered) = (Arc::clone(&is_over), Arc::clone(&answered));
            thread::spawn(move || {
                let mut stream = connect(address);
                while !is_over.load(Ordering::Relaxed) {
                    get(&mut stream).expect("an answer on the same connection");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for other in ["http://127.0.0.3", "http://[::1]"] {
        write(&file_in(&folder), &[("A", "http://127.0.0.1:0"), ("B", &format!("{other}:0"))]);
        let addresses = listens_on(&host, &[&fixed, other]).await;
        assert!(answers(&addresses[1]));
    }
    is_over.store(true, Ordering::Relaxed);
    clients.into_iter().for_each(|client| client.join().expect("no request went unanswered"));
    assert!(answered.load(Ordering::Relaxed) > 0);
    host.stop(Deadline::never()).await.unwrap();
}

/// The status of the answer to a body of so many bytes.
fn post(stream: &mut TcpStream, length: usize) -> u16 {
    let request = format!("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    // A server that refuses the body may close before it has come whole.
    let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.write_all(&vec![b'x'; length]));
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a head");
        answer.extend_from_slice(&byte);
    }
    let length = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    let length = length.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    let length = length.map_or(0, |digits| digits.parse().expect("a length"));
    stream.read_exact(&mut vec![0; length]).expect("a body");
    String::from_utf8_lossy(&answer[9..12]).parse().expect("a status")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_limit_holds_for_new_connections_and_no_endpoint_is_started_anew() {
    let folder = folder("limits");
    let write = |limit: &str| {
        let limits = format!(r#""Limits": {{ "MaxRequestBodySize": {limit} }}"#);
        let endpoints = r#""Endpoints": { "A": { "Url": "http://127.0.0.1:0" } }"#;
        fs::write(file_in(&folder), format!(r#"{{ "Kestrel": {{ {limits}, {endpoints} }} }}"#)).unwrap();
    };
    write("1000");
    let host = start(&folder).await;
    let addresses = host.addresses();
    let address = addresses[0].trim_start_matches("http://").parse().unwrap();
    let mut before = connect(address);
    tokio::task::block_in_place(|| {
        assert_eq!(post(&mut before, 1000), 200);
        assert_eq!(post(&mut connect(address), 2000), 413);
        write("3000");
        let begun = Instant::now();
        while post(&mut connect(address), 2000) != 200 {
            assert!(begun.elapsed() < LIMIT, "the edit was not seen");
        }
        assert_eq!(post(&mut connect(address), 4000), 413);
        assert_eq!(post(&mut before, 2000), 413, "this one had begun before");
    });
    // The port that the system chose is still there.
    assert_eq!(host.addresses(), addresses);
    host.stop(Deadline::never()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_file_leaves_the_endpoints_until_it_is_mended() {
    let folder = folder("malformed");
    write(&file_in(&folder), &[("A", "http://127.0.0.1:0")]);
    let host = start(&folder).await;
    let before = host.addresses();
    // Another host on the same files tells when they have been read.
    let witness_folder = self::folder("malformed-witness");
    write(&file_in(&witness_folder), &[("A", "http://127.0.0.1:0")]);
    for broken in [r#"{ "Kestrel": "#, r#"{ "Kestrel": { "Endpoints": { "A": { "Url": "ftp://x" } } } }"#] {
        fs::write(file_in(&folder), broken).unwrap();
        let witness = start(&witness_folder).await;
        write(&file_in(&witness_folder), &[("A", "http://127.0.0.2:0")]);
        listens_on(&witness, &["http://127.0.0.2"]).await;
        witness.stop(Deadline::never()).await.unwrap();
        write(&file_in(&witness_folder), &[("A", "http://127.0.0.1:0")]);
        assert_eq!(host.addresses(), before);
        assert!(answers(&before[0]));
    }
    write(&file_in(&folder), &[("A", "http://127.0.0.2:0")]);
    listens_on(&host, &["http://127.0.0.2"]).await;
    host.stop(Deadline::never()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_shall_not_follow_its_files_does_not() {
    let folder = folder("still");
    write(&file_in(&folder), &[("A", "http://127.0.0.1:0")]);
    let still = builder(&folder).setting("hostBuilder:reloadConfigOnChange", "false");
    let still = still.build(contract::app()).unwrap();
    still.start().await.unwrap();
    let before = still.addresses();
    let follower = start(&folder).await;
    write(&file_in(&folder), &[("A", "http://127.0.0.2:0")]);
    listens_on(&follower, &["http://127.0.0.2"]).await;
    assert_eq!(still.addresses(), before);
    still.stop(Deadline::never()).await.unwrap();
    follower.stop(Deadline::never()).await.unwrap();
}
