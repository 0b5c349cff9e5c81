//! TLS and HTTP/2, by curl.

use std::{path::Path, process::Command};

use crate::{
    is_skipped, skip,
    support::{Nginx, Setup, built, built_example, find},
};

/// An nginx with `app` over TLS on its first port, over HTTP/2 in clear on the second.
fn start(app: &Path) -> Nginx {
    let mut setup = Setup::location("");
    setup.ports = 2;
    setup.http = format!(
        "server {{ listen 127.0.0.1:{{port0}} ssl http2; location / {{ falconry_app \"{0}\"; }} }}\n\
         server {{ listen 127.0.0.1:{{port1}} http2; location / {{ falconry_app \"{0}\"; }} }}",
        app.display()
    );
    setup.add_certificate();
    setup.start()
}

fn curl(nginx: &Nginx, arguments: &[&str], target: &str) -> String {
    let url = format!("https://localhost:{}{target}", nginx.port(0));
    let resolve = format!("localhost:{}:127.0.0.1", nginx.port(0));
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--insecure", "--max-time", "60", "--resolve", &resolve]);
    let output = command.args(arguments).arg(url).output().expect("curl can be started");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn lacks_curl(test: &str) -> bool {
    if is_skipped(test) {
        return true;
    }
    if find("curl").is_none() {
        skip::skip(test, "there is no curl");
        return true;
    }
    false
}

#[test]
fn the_application_sees_the_protocol_and_what_tls_agreed_on() {
    if lacks_curl("the_application_sees_the_protocol_and_what_tls_agreed_on") {
        return;
    }
    let nginx = start(&built().contract);
    for (argument, protocol) in [("--http2", "HTTP/2"), ("--http1.1", "HTTP/1.1")] {
        let info = curl(&nginx, &[argument, "--tlsv1.3"], "/info");
        for part in [
            &format!("\"protocol\":\"{protocol}\""),
            "\"scheme\":\"https\"",
            "\"protocol\":\"TLS 1.3\"",
            "\"cipher\":\"TLS_AES_256_GCM_SHA384\"",
            "\"sni\":\"localhost\"",
            "\"TlsApplicationProtocolFeature\"",
        ] {
            assert!(info.contains(part), "no {part} in {info}");
        }
        assert_eq!(info.contains("HttpUpgradeFeature"), protocol == "HTTP/1.1", "{info}");
    }
}

#[test]
fn alpn_is_told() {
    if lacks_curl("alpn_is_told") {
        return;
    }
    let nginx = start(&built_example("nginx_probe"));
    assert_eq!(curl(&nginx, &["--http2"], "/alpn"), "h2");
    assert_eq!(curl(&nginx, &["--http1.1"], "/alpn"), "http/1.1");
}

#[test]
fn bodies_and_trailers_travel_over_http_2() {
    if lacks_curl("bodies_and_trailers_travel_over_http_2") {
        return;
    }
    let nginx = start(&built().contract);
    let body = "x".repeat(3_000_000);
    let file = nginx.folder().join("upload");
    std::fs::write(&file, &body).expect("a file can be written");
    let file = format!("@{}", file.display());
    let upload = curl(&nginx, &["--http2", "--data-binary", &file], "/upload");
    assert!(upload.starts_with("3000000 "), "{upload}");
    let unknown = ["--http2", "--header", "Content-Length:", "--upload-file", &file[1..]];
    assert_eq!(curl(&nginx, &unknown, "/upload"), upload);
    let both = curl(&nginx, &["--http2", "--include", "--data-binary", "hi"], "/trailers");
    assert!(both.contains("x-count: 2"), "{both}");
    assert_eq!(
        curl(&nginx, &["--http2"], "/big?size=3000000").len(),
        curl(&nginx, &["--http1.1"], "/big?size=3000000").len()
    );
    assert!(curl(&nginx, &["--http2", "--include"], "/throw").starts_with("HTTP/2 500"));
}
