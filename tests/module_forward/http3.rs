//! HTTP/3 outside, HTTP/1.1 inside, with a client that shares no code with the server: aioquic, through a script.

use std::process::Command;

use sha2::{Digest, Sha256};

use crate::{
    certificates::Folder,
    encrypted::{Encrypted, NAME},
    skip::skip,
};

const SCRIPT: &str = "tests/suites/h3_get.py";

/// What the script ends with where aioquic is not installed.
const NOT_INSTALLED: i32 = 77;

/// How much the script posts.
const POSTED: usize = 300_000;

#[tokio::test(flavor = "multi_thread")]
async fn aioquic_gets_and_posts_through_the_module() {
    let encrypted = Encrypted::start().await;
    let folder = Folder::new("module-forward-h3");
    let root_file = encrypted.write_root(&folder);
    let address = encrypted.running.address();
    let output = tokio::task::spawn_blocking(move || {
        Command::new("python3")
            .arg(SCRIPT)
            .args([address.ip().to_string(), address.port().to_string(), NAME.to_owned()])
            .arg(root_file)
            .args(["GET:/", "GET:/fields", "POST:/upload", "GET:/info"])
            .output()
    });
    let output = match output.await.unwrap() {
        Ok(output) if output.status.code() == Some(NOT_INSTALLED) => {
            return skip("module_forward", "aioquic is not installed: pip install aioquic");
        }
        Ok(output) => output,
        Err(error) => return skip("module_forward", &format!("there is no python3: {error}")),
    };
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{text}");
    assert!(text.starts_with("200 Hello World!\n200 "), "{text}");
    assert!(
        text.contains("x-forwarded-proto: https\n") && text.contains(&format!("host: {NAME}\n")),
        "{text}"
    );
    let digest: String =
        Sha256::digest(vec![b'x'; POSTED]).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(text.contains(&format!("200 {POSTED} {digest}\n")), "{text}");
    assert!(text.contains("\"protocol\":\"HTTP/1.1\""), "{text}");
    encrypted.running.stop().await;
}
