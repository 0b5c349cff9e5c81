//! HTTP/3 with clients that share no code with the server, through scripts of Python.
#![cfg(feature = "http3")]

#[path = "../../../tests/support/skip.rs"]
mod skip;
#[path = "support/h3/mod.rs"]
mod support;

use std::process::Command;

use support::{Server, certificates::Folder};

/// What a script ends with where its client is not installed.
const NOT_INSTALLED: i32 = 77;

/// Runs a script against a server; it must report so many steps.
async fn run(script: &str, package: &str, steps: usize) {
    let server = Server::start().await;
    let folder = Folder::new(script);
    let root = folder.0.join("root.pem");
    std::fs::write(&root, &server.root.pem).unwrap();
    let address = server.address;
    let mut command = Command::new("python3");
    command
        .arg(format!("{}/../../tests/suites/{script}.py", env!("CARGO_MANIFEST_DIR")))
        .args([address.ip().to_string(), address.port().to_string(), "a.test".to_owned()])
        .arg(&root);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let output = match output {
        Ok(output) if output.status.code() == Some(NOT_INSTALLED) => {
            return skip::skip(script, &format!("{package} is not installed: pip install {package}"));
        }
        Ok(output) => output,
        Err(error) => return skip::skip(script, &format!("there is no python3: {error}")),
    };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success(), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("ok ")).count(), steps, "{text}");
}

#[tokio::test]
async fn aioquic_fetches_and_posts() {
    run("h3_aioquic", "aioquic", 8).await;
}

#[tokio::test]
async fn curl_fetches_and_posts() {
    run("h3_curl", "curl_cffi", 7).await;
}

#[cfg(feature = "unstable")]
#[tokio::test]
async fn aioquic_has_a_session_of_web_transport() {
    run("web_transport_aioquic", "aioquic", 9).await;
}
