//! curl and aioquic.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    program::{NAME, Program},
    skip::skip,
};

const H3_SCRIPT: &str = "tests/suites/h3_get.py";

/// What the script ends with where aioquic is not installed.
const NOT_INSTALLED: i32 = 77;

const SIZE: usize = 300_000;

pub(crate) fn http1(program: &Program) {
    curl(program, &["--http1.1"], false, "1.1");
}

pub(crate) fn http1_over_tls(program: &Program) {
    curl(program, &["--http1.1"], true, "1.1");
}

pub(crate) fn http2(program: &Program) {
    curl(program, &["--http2-prior-knowledge"], false, "2");
}

pub(crate) fn http2_over_tls(program: &Program) {
    let Some(head) = curl(program, &["--http2"], true, "2") else { return };
    let expected = format!("alt-svc: h3=\":{}\"", program.secure.port());
    assert!(head.contains(&expected), "{head}");
}

pub(crate) fn http3(program: &Program) {
    let address = program.secure;
    let output = Command::new("python3")
        .arg(H3_SCRIPT)
        .args([address.ip().to_string(), address.port().to_string(), NAME.to_owned()])
        .arg(&program.root_file)
        .args(["GET:/", "GET:/info", "POST:/upload"])
        .output();
    let output = match output {
        Ok(output) if output.status.code() == Some(NOT_INSTALLED) => {
            return skip("one_configuration", "aioquic is not installed: pip install aioquic");
        }
        Ok(output) => output,
        Err(error) => return skip("one_configuration", &format!("there is no python3: {error}")),
    };
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    let answers: Vec<&str> = text.lines().map(|line| line.strip_prefix("200 ").expect(line)).collect();
    assert_eq!(answers[0], "Hello World!");
    assert_info(answers[1], "3", true);
    assert_eq!(answers[2], expected_upload());
}

/// A small answer, what the server knows, and a post; the head of the first. None without curl.
fn curl(program: &Program, options: &[&str], is_tls: bool, version: &str) -> Option<String> {
    let address = if is_tls { program.secure } else { program.clear };
    let base = format!("{}://{NAME}:{}", if is_tls { "https" } else { "http" }, address.port());
    let resolve = format!("{NAME}:{}:127.0.0.1", address.port());
    let fetch = |path: &str, more: &[&str]| {
        Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "60", "--resolve", &resolve, "--cacert"])
            .arg(&program.root_file)
            .args([options, more].concat())
            .args(["--write-out", "\n%{http_version} %{http_code}", &format!("{base}{path}")])
            .output()
            .map(|output| text(&output))
    };
    let end = format!("\n{version} 200");
    let answer = match fetch("/", &["--include"]) {
        Ok(answer) => answer,
        Err(error) => {
            skip("one_configuration", &format!("there is no curl: {error}"));
            return None;
        }
    };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(body, format!("Hello World!{end}"));
    let info = fetch("/info", &[]).expect("curl runs");
    assert_info(info.strip_suffix(&end).unwrap_or_else(|| panic!("{info}")), version, is_tls);
    let file = program.root_file.with_file_name(format!("post-{version}-{is_tls}"));
    std::fs::write(&file, vec![b'x'; SIZE]).expect("a file can be written");
    let uploaded = fetch("/upload", &["--data-binary", &at(&file)]).expect("curl runs");
    assert_eq!(uploaded, format!("{}{end}", expected_upload()));
    Some(head.to_lowercase())
}

fn at(file: &Path) -> String {
    format!("@{}", file.display())
}

fn assert_info(json: &str, version: &str, is_tls: bool) {
    let info: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    assert_eq!(info["protocol"], format!("HTTP/{version}"), "{info}");
    assert_eq!(info["server"], "kestrel", "{info}");
    assert_eq!(info["scheme"], if is_tls { "https" } else { "http" }, "{info}");
    if is_tls {
        assert_eq!(
            (&info["tls"]["protocol"], &info["tls"]["sni"]),
            (&"TLS 1.3".into(), &NAME.into()),
            "{info}"
        );
    } else {
        assert_eq!(info["tls"], Value::Null, "{info}");
    }
}

fn expected_upload() -> String {
    format!("{SIZE} {}", data_encoding::HEXLOWER.encode(&Sha256::digest(vec![b'x'; SIZE])))
}

fn text(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&text).into_owned()
}
