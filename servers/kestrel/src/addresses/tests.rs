//! Addresses against those recorded from ASP.NET Core 10, and what the records do not hold.

use std::fs;

use serde_json::Value;

use super::*;
use crate::options::{ListenEndpoint, ListenOptions};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/golden/addresses.json");

/// What the original accepts, wholly or until it binds, and we refuse; `docs/kestrel-differences.md` says why.
const REFUSED: &[&str] = &[
    // A port that is no number silently became part of a name, with port 80 on every address.
    "http://127.0.0.1:<P>?q=1",
    "http://127.0.0.1:<P>#f",
    "http://127.0.0.1:99999999999",
    "http://127.0.0.1:0x50",
    "http://127.0.0.1:1.5",
    "http://localhost:<P>:1",
    "http://http://localhost:<P>",
    // A port with a sign or a space.
    "http://127.0.0.1:+<P>",
    "http://127.0.0.1: <P>",
    // A mistyped address or name, which would have been bound on every address.
    "http://256.0.0.1:<P>",
    "http://[zz]:<P>",
    "http://[127.0.0.1]:<P>",
    "http://localhost\\x:<P>",
    "http://my host:<P>",
    "http://user@127.0.0.1:<P>",
    // A mistyped socket or pipe, likewise.
    "http://unix:gf-rel.sock",
    "http://unix:",
    "http://pipe:name",
];

/// What only binding can tell.
const BINDING_DECIDES: &[&str] = &["http://unix:/nonexistent-dir/x.sock", "http://[fe80::1%25lo]:<P>"];

#[test]
fn recorded_addresses_are_read_and_resolved_as_recorded() {
    let rows = recorded();
    for row in &rows {
        let input = row["input"].as_str().expect("an input");
        let outcome = parse(input).and_then(|address| address.resolve().map(|endpoint| (address, endpoint)));
        if REFUSED.contains(&input) {
            assert!(outcome.unwrap_err().is_address(), "{input}");
            continue;
        }
        if row["parse"].is_object() {
            let is_known_scheme =
                !row["start"].as_str().is_some_and(|start| start.contains("Unrecognized scheme"));
            assert_eq!(parse(input).is_ok(), is_known_scheme, "{input}");
            if is_known_scheme {
                is_parsed_as(&parse(input).unwrap(), &row["parse"], input);
            }
        }
        let start = row["start"].as_str().expect("what the start came to");
        match outcome {
            Ok((address, endpoint)) if start == "ok" => {
                let mut options = ListenOptions::new(endpoint);
                options.tls = address.scheme().is_https();
                let port = address.port().to_string();
                let bound =
                    with_port(row["addresses"][0].as_str().expect("an address")).replace("<dynamic>", &port);
                assert_eq!(options.to_string(), bound, "{input}");
            }
            Ok(_) => assert!(
                start.starts_with("not tried") || BINDING_DECIDES.contains(&input),
                "{input}: {start}"
            ),
            // Elsewhere zones are numbers only.
            Err(_) if input.contains('%') && cfg!(not(target_os = "linux")) => {}
            Err(error) => assert!(start.contains("Exception"), "{input}: {error}, but there {start}"),
        }
    }
    for input in REFUSED.iter().chain(BINDING_DECIDES) {
        assert!(rows.iter().any(|row| row["input"] == *input), "{input} is not recorded");
    }
}

fn recorded() -> Vec<Value> {
    let text = fs::read_to_string(FILE).expect("the recorded addresses are in tests/data/golden");
    let rows: Vec<Value> = serde_json::from_str(&text).expect("the recorded addresses are JSON");
    let rows: Vec<_> = rows.into_iter().filter(|row| row["group"] == "address").collect();
    assert!(rows.len() > 70, "only {} rows in {FILE}", rows.len());
    rows
}

fn parse(input: &str) -> Result<BindingAddress, falconry_features::ServerError> {
    BindingAddress::parse(&with_port(input))
}

fn with_port(text: &str) -> String {
    text.replace("<P>", "5999")
}

fn is_parsed_as(address: &BindingAddress, parts: &Value, input: &str) {
    let text = |key: &str| with_port(parts[key].as_str().unwrap_or_default());
    assert_eq!(address.scheme().as_str(), text("Scheme").to_lowercase(), "{input}");
    assert_eq!(address.host(), text("Host").to_lowercase(), "{input}");
    assert_eq!(address.path_base(), text("PathBase"), "{input}");
    if !address.host().starts_with("pipe:") {
        let port = parts["Port"].as_u64().map_or_else(|| text("Port"), |port| port.to_string());
        assert_eq!(address.port().to_string(), port, "{input}");
        assert_eq!(address.to_string(), text("ToString"), "{input}");
    }
    let endpoint = address.resolve().ok();
    assert_eq!(matches!(endpoint, Some(ListenEndpoint::Unix(_))), parts["IsUnixPipe"] == true, "{input}");
    if let Some(ListenEndpoint::Unix(path)) = endpoint {
        assert_eq!(path.to_str(), parts["UnixPipePath"].as_str(), "{input}");
    }
}

#[test]
fn addresses_that_differ_in_case_or_a_last_slash_are_equal() {
    assert_eq!(parse("http://localhost:1").unwrap(), parse("HTTP://LOCALHOST:1/").unwrap());
    assert_ne!(parse("http://unix:/a").unwrap(), parse("http://unix:/A").unwrap());
}

#[test]
fn the_port_is_a_number_from_0_to_65535() {
    assert_eq!(parse("http://*:65535").unwrap().port(), 65535);
    assert_eq!(parse("http://*:00080").unwrap().port(), 80);
    assert_eq!(parse("https://*").unwrap().port(), 443);
    for port in ["65536", "-1", "", "abc", "1 ", "١"] {
        let error = parse(&format!("http://*:{port}")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the address 'http://*:{port}' has the port '{port}': write a number from 0 to 65535")
        );
    }
}

#[test]
fn a_mistyped_ip_address_is_not_taken_for_a_name() {
    for host in
        ["127.0.0.1.", "1.2.3.4.5", "0x", "127.0.0.256", "4294967296", "08.0.0.1", "[::1", "::1", "[::1]x"]
    {
        match parse(&format!("http://{host}:80")).map(|address| address.resolve()) {
            Err(error) => assert!(error.is_address()),
            Ok(endpoint) => panic!("{host} was taken for {endpoint:?}"),
        }
    }
    let v4 = |host: &str| parse(&format!("http://{host}:80")).unwrap().resolve().unwrap().to_string();
    assert_eq!(v4("0xC0.0250.1"), "192.168.0.1:80");
    assert_eq!(v4("0"), "0.0.0.0:80");
}

#[cfg(target_os = "linux")]
#[test]
fn a_zone_is_an_interface_by_name_or_number() {
    for zone in ["%lo", "%1", "%25lo", "%251"] {
        let endpoint = parse(&format!("http://[fe80::1{zone}]:80")).unwrap().resolve().unwrap();
        assert_eq!(endpoint.to_string(), "[fe80::1%1]:80", "{zone}");
    }
    assert!(
        parse("http://[fe80::1%no-such-interface]:80")
            .unwrap_err()
            .to_string()
            .contains("no network interface")
    );
}

#[test]
fn errors_say_what_to_write() {
    let error = |address: &str| parse(address).and_then(|address| address.resolve()).unwrap_err().to_string();
    assert_eq!(
        error("localhost:5000"),
        "the address 'localhost:5000' has no scheme: write it as 'http://host:port'"
    );
    assert_eq!(error("ftp://x"), "the address 'ftp://x' has the scheme 'ftp': use 'http://' or 'https://'");
    assert!(error("http://localhost:0").contains("listen on 127.0.0.1:0"));
    assert!(error("http://unix:rel").contains("'http://unix:/path'"));
    assert!(error("http://*:80/base").contains("path base middleware"));
    assert!(error("http://[::1").contains("'[::1]:5000'"));
    assert!(!error("http://a\r\nb:80").contains('\n'));
}

#[test]
fn any_text_is_read_without_panic() {
    let pieces =
        ["http", "HTTPS", "://", ":", "/", "[", "]", "%", "unix", "pipe", "::1", "é", "\0", "0x", "9", "."];
    let mut state = 1_usize;
    for _ in 0..100_000 {
        let mut text = String::from(if state & 1 == 0 { "http://" } else { "" });
        for _ in 0..state % 9 {
            state =
                state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 3;
            text.push_str(pieces[state % pieces.len()]);
        }
        state = state.wrapping_add(text.len());
        if let Ok(address) = BindingAddress::parse(&text) {
            let _ = address.resolve();
            assert_eq!(
                BindingAddress::parse(&address.to_string()).map(|again| again.host()).ok(),
                Some(address.host())
            );
        }
    }
}
