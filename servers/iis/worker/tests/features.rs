//! What IIS has beyond the contract app, as applications see it: `../examples/iis_probe.rs`.
//!
//! The worker's front end speaks HTTP/1.1. That requests came over HTTP/2 or TLS is told to the module alone.

mod support;

use self::support::{Setup, Worker};

fn probe(test: &str, arguments: &[&str]) -> Option<Worker> {
    let setup = arguments.iter().fold(Setup::new("iis_probe"), |setup, argument| setup.arguments([argument]));
    setup.start(test)
}

/// The body of the answer.
fn body(worker: &Worker, target: &str) -> String {
    let answer = worker.ask(target);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    body.to_owned()
}

#[test]
fn server_variables_are_read_and_set() {
    let Some(worker) = probe("server_variables_are_read_and_set", &[]) else { return };
    assert_eq!(body(&worker, "/variable?name=SERVER_SOFTWARE"), "Microsoft-IIS/10.0");
    assert_eq!(body(&worker, "/variable?name=NOBODY_KNOWS"), "none");
    assert_eq!(body(&worker, "/variable?name=OWN&value=b%C3%BCcher"), "b%C3%BCcher");
    assert!(worker.ask("/variable").starts_with("HTTP/1.1 500"), "a name must not be empty");
    worker.end();
}

#[test]
fn the_environment_of_the_application_is_told() {
    let Some(worker) = probe("the_environment_of_the_application_is_told", &[]) else { return };
    let told = body(&worker, "/environment");
    for part in [
        "version: (10, 0)",
        "app_pool_id: \"tests\"",
        "app_pool_config_file: \"tests.config\"",
        "application_virtual_path: \"/\"",
        "application_id: \"/LM/W3SVC/1/ROOT\"",
        "site_name: \"tests\"",
        "site_id: 1",
    ] {
        assert!(told.contains(part), "no {part} in {told}");
    }
    worker.end();
}

#[test]
fn a_user_whom_iis_has_authenticated_is_told_and_nobody_else() {
    let name = "a_user_whom_iis_has_authenticated_is_told_and_nobody_else";
    let Some(worker) = probe(name, &["--user", r"HOME\somebody"]) else { return };
    assert_eq!(body(&worker, "/user"), r"HOME\somebody by Negotiate");
    worker.end();
    let worker = probe(name, &[]).expect("as before");
    assert_eq!(body(&worker, "/user"), "nobody");
    worker.end();
}

#[test]
fn tls_is_told_with_the_certificate_of_the_client() {
    let name = "tls_is_told_with_the_certificate_of_the_client";
    let Some(worker) = probe(name, &["--https"]) else { return };
    assert_eq!(body(&worker, "/tls"), r#"https Some(Tls13) Some("a certificate")"#);
    assert_eq!(body(&worker, "/times"), "[2, 5] Some([5, 6])");
    worker.end();
    let worker = probe(name, &[]).expect("as before");
    assert_eq!(body(&worker, "/tls"), "http None None");
    assert_eq!(body(&worker, "/times"), "[] Some([])");
    worker.end();
}

#[test]
fn each_protocol_has_its_features() {
    let name = "each_protocol_has_its_features";
    let later = ["HttpResetFeature", "HttpResponseTrailersFeature"];
    for (arguments, has_later, has_upgrade, has_handshake) in [
        (&[][..], false, true, false),
        (&["--https"][..], false, true, true),
        (&["--http2", "--https"][..], true, false, true),
        (&["--http3", "--https"][..], true, false, true),
        (&["--http2", "--old"][..], false, false, false),
    ] {
        let Some(worker) = probe(name, arguments) else { return };
        let features = body(&worker, "/features");
        let features: Vec<_> = features.split(' ').collect();
        let has = |name| features.contains(&name);
        for feature in later {
            assert_eq!(has(feature), has_later, "{arguments:?}: {features:?}");
        }
        assert_eq!(has("HttpUpgradeFeature"), has_upgrade, "{arguments:?}: {features:?}");
        assert_eq!(has("TlsHandshakeFeature"), has_handshake, "{arguments:?}: {features:?}");
        for feature in [
            "ConnectionLifetimeNotificationFeature",
            "HttpAuthenticationFeature",
            "HttpSysRequestInfoFeature",
            "HttpSysRequestTimingFeature",
            "IisEnvironmentFeature",
            "ServerVariablesFeature",
            "TlsConnectionFeature",
        ] {
            assert!(has(feature), "{arguments:?}: no {feature}");
        }
        worker.end();
    }
}

#[test]
fn trailers_are_sent_on_http2() {
    let Some(worker) = probe("trailers_are_sent_on_http2", &["--http2"]) else { return };
    let answer = worker.ask("/trailers");
    assert!(answer.ends_with("before trailers\r\n0\r\nx-sum: 42\r\n\r\n"), "{answer:?}");
    worker.end();
}

#[test]
fn a_stream_is_reset_with_the_code_of_the_application() {
    let name = "a_stream_is_reset_with_the_code_of_the_application";
    let Some(worker) = probe(name, &["--http2"]) else { return };
    assert_eq!(worker.ask("/reset?code=8"), "");
    assert_eq!(worker.wait_for("reset with "), "8");
    worker.end();
}

#[test]
fn an_abort_resets_the_stream_and_not_its_connection() {
    let name = "an_abort_resets_the_stream_and_not_its_connection";
    for (protocol, code) in [("--http2", "2"), ("--http3", "258")] {
        let Some(worker) = probe(name, &[protocol]) else { return };
        assert!(!worker.ask("/abort-late").ends_with("0\r\n\r\n"), "it looks whole");
        assert_eq!(worker.wait_for("reset with "), code);
        worker.end();
    }
    // HTTP/1 has no streams, and an older IIS cannot reset one.
    for arguments in [&[][..], &["--http2", "--old"][..]] {
        let mut worker = probe(name, arguments).expect("as before");
        assert!(!worker.ask("/abort-late").ends_with("0\r\n\r\n"), "it looks whole");
        let lines = worker.tell("stop listening");
        assert!(!lines.iter().any(|line| line.starts_with("reset with ")), "{lines:?}");
        worker.end();
    }
}

#[test]
fn an_application_can_have_the_connection_closed() {
    let name = "an_application_can_have_the_connection_closed";
    let Some(worker) = probe(name, &[]) else { return };
    let mut stream = worker.connect();
    std::io::Write::write_all(&mut stream, b"GET /close HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let answer = support::rest(stream).to_ascii_lowercase();
    assert!(answer.contains("\r\nconnection: close\r\n") && answer.ends_with("closing"), "{answer}");
    worker.end();
    // Later versions have a message for it, and no such field.
    let worker = probe(name, &["--http2"]).expect("as before");
    let mut stream = worker.connect();
    std::io::Write::write_all(
        &mut stream,
        b"GET /close HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    )
    .unwrap();
    let answers = support::rest(stream);
    assert!(answers.contains("closing") && answers.contains("/next of"), "{answers}");
    let first = answers.split("closing").next().unwrap_or_default();
    assert!(!first.to_ascii_lowercase().contains("connection:"), "{first}");
    worker.wait_for("GOAWAY");
    worker.end();
}
