//! Certificates that change while the server runs.
#![cfg(feature = "aws-lc-rs")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use falconry_kestrel::ServerCertificate;
use rustls::HandshakeKind;
use support::{
    TestServer,
    certificates::{Authority, Folder},
    client::{Client, Connection, get},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Within this the server must have seen a change.
const LIMIT: Duration = Duration::from_secs(20);

fn certificate_of(connection: &Connection) -> Vec<u8> {
    connection.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

/// One request on a connection that stays.
async fn ask(connection: &mut Connection) {
    connection.write_all(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"Hello World!") {
        assert_ne!(connection.read_buf(&mut answer).await.unwrap(), 0, "the answer was cut off");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_swapped_under_load_is_seen_by_new_handshakes_and_fails_no_request() {
    let (root, folder) = (Authority::new("root"), Folder::new("load"));
    let (old, new) = (root.server(&["a.test"]), root.server(&["a.test"]));
    let (certificate, key) = old.write(&folder.0, "a");
    let files = ServerCertificate::pem_files(certificate, key).reload_every(Duration::from_millis(10));
    let server = TestServer::start(|https| https.server_certificate = Some(files)).await;
    let address = server.address;
    let mut staying = Client::new(&root).connect(address, "a.test").await.unwrap();
    ask(&mut staying).await;

    let is_over = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicUsize::new(0));
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (client, is_over, answered) =
                (Client::new(&root), Arc::clone(&is_over), Arc::clone(&answered));
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    assert_eq!(client.get(address, "a.test", "/").await.unwrap(), "Hello World!");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();

    // Certificate and key are not replaced in the same moment: in between they do not match.
    new.write(&folder.0, "a");
    let client = Client::new(&root);
    let seen = async {
        loop {
            let connection = client.connect(address, "a.test").await.unwrap();
            let certificate = certificate_of(&connection);
            if certificate == new.der {
                return;
            }
            assert_eq!(certificate, old.der);
        }
    };
    tokio::time::timeout(LIMIT, seen).await.expect("the new certificate was not seen");
    ask(&mut staying).await;
    assert_eq!(certificate_of(&staying), old.der);

    is_over.store(true, Ordering::Relaxed);
    for task in load {
        task.await.expect("a request failed");
    }
    assert!(answered.load(Ordering::Relaxed) > 0);
}

#[tokio::test]
async fn a_client_that_would_resume_sees_the_new_certificate() {
    let (root, folder) = (Authority::new("root"), Folder::new("resume"));
    let (old, new) = (root.server(&["a.test"]), root.server(&["a.test"]));
    let (certificate, key) = old.write(&folder.0, "a");
    let files = ServerCertificate::pem_files(certificate, key).reload_every(Duration::from_millis(10));
    let server = TestServer::start(|https| https.server_certificate = Some(files)).await;
    let client = Client::new(&root);
    client.get(server.address, "a.test", "/").await.unwrap();
    new.write(&folder.0, "a");
    let seen = async {
        loop {
            let mut connection = client.connect(server.address, "a.test").await.unwrap();
            let kind = connection.get_ref().1.handshake_kind().unwrap();
            if kind != HandshakeKind::Resumed {
                return certificate_of(&connection);
            }
            assert_eq!(certificate_of(&connection), old.der);
            // Each connection brings tickets for others.
            get(&mut connection, "/").await.unwrap();
        }
    };
    let certificate = tokio::time::timeout(LIMIT, seen).await.expect("the client resumed all the time");
    assert_eq!(certificate, new.der);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_that_points_elsewhere_is_a_change() {
    let (root, folder) = (Authority::new("root"), Folder::new("link"));
    let (old, new) = (root.server(&["a.test"]), root.server(&["a.test"]));
    let (first, second) = (folder.0.join("1"), folder.0.join("2"));
    std::fs::create_dir_all(&first).unwrap();
    std::fs::create_dir_all(&second).unwrap();
    old.write(&first, "a");
    new.write(&second, "a");
    // As an orchestrator swaps both files at once.
    let link = folder.0.join("current");
    std::os::unix::fs::symlink(&first, &link).unwrap();
    let files = ServerCertificate::pem_files(link.join("a.pem"), link.join("a.key"))
        .reload_every(Duration::from_millis(10));
    let server = TestServer::start(|https| https.server_certificate = Some(files)).await;
    let client = Client::new(&root);
    assert_eq!(certificate_of(&client.connect(server.address, "a.test").await.unwrap()), old.der);
    let other = folder.0.join("other");
    std::os::unix::fs::symlink(&second, &other).unwrap();
    std::fs::rename(&other, &link).unwrap();
    let seen = async {
        while certificate_of(&client.connect(server.address, "a.test").await.unwrap()) != new.der {}
    };
    tokio::time::timeout(LIMIT, seen).await.expect("the new certificate was not seen");
}
