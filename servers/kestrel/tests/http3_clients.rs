//! HTTP/3 with a client that shares no code with the server: aioquic, through a script.
#![cfg(feature = "http3")]

#[path = "../../../tests/support/skip.rs"]
mod skip;
#[path = "support/h3/mod.rs"]
mod support;

use std::process::Command;

use support::{Server, certificates::Folder};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/suites/h3_aioquic.py");

/// What the script ends with where aioquic is not installed.
const NOT_INSTALLED: i32 = 77;

#[tokio::test]
async fn aioquic_fetches_and_posts() {
    let server = Server::start().await;
    let folder = Folder::new("aioquic");
    let root = folder.0.join("root.pem");
    std::fs::write(&root, &server.root.pem).unwrap();
    let address = server.address;
    let mut command = Command::new("python3");
    command
        .arg(SCRIPT)
        .args([address.ip().to_string(), address.port().to_string(), "a.test".to_owned()])
        .arg(&root);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let output = match output {
        Ok(output) if output.status.code() == Some(NOT_INSTALLED) => {
            return skip::skip("http3_clients", "aioquic is not installed: pip install aioquic");
        }
        Ok(output) => output,
        Err(error) => return skip::skip("http3_clients", &format!("there is no python3: {error}")),
    };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success(), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("ok ")).count(), 8, "{text}");
}
