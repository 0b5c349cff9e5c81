//! Configurations against those recorded from ASP.NET Core 10.
#![cfg(feature = "aws-lc-rs")]

mod support;

use std::{path::Path, process::Command};

use falconry_features::{Deadline, Server, ServerAddressesFeature};
use falconry_kestrel::{DevelopmentCertificate, KestrelConfiguration, KestrelServerOptions};
use rustls::version::{TLS12, TLS13};
use serde_json::Value;
use support::{
    TestServer,
    certificates::{Authority, Folder, Pair},
    client::Client,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/golden/kestrel_config.json");

/// What the original takes and we refuse: a value that it ignores, or cannot mean what it says.
const REFUSED: &[&str] = &[
    "Protocols 'None' on http",
    "Protocols 'Http4' on http",
    "Protocols '3' on http",
    "Protocols '99' on http",
    "Protocols 'None' on https",
    "Protocols 'Http4' on https",
    "SslProtocols [\"Foo\"]",
    "SslProtocols [\"Tls12\",\"Foo\"]",
    // Clients' certificates need roots here, or a callback.
    "ClientCertificateMode 'AllowCertificate'",
    "ClientCertificateMode 'RequireCertificate'",
    "ClientCertificateMode 'DelayCertificate'",
    "ClientCertificateMode 'Foo'",
    "Sni bad patterns: a*.test, *a.test, **",
    "EndpointDefaults bad values",
];

/// What the original refuses and we take.
const TAKEN: &[&str] = &[
    "Certificate {\"Path\":\"combined.pem\"}",
    "Certificates:Default broken, endpoint has its own",
    "Certificates:Default broken, http only",
];

/// Another outcome of handshakes, for a reason.
const OTHER_HANDSHAKES: &[&str] = &[
    // A text in the place of a list is ignored there.
    "SslProtocols \"Tls12\"",
    // There HTTP/2 alone also takes clients that offer nothing, to close them afterwards.
    "Protocols 'Http2' on https",
];

/// What this test does not try, and why.
const SKIPPED: &[(&str, &str)] = &[
    ("Endpoints empty", "binds the default port, which may be taken"),
    ("same name twice different case in one file", "the reader of files refuses it"),
    ("Protocols 'Http3' on http", "judged with the other options"),
    ("Protocols 'Http3' on https", "HTTP/3 is there, unlike on the recording machine"),
    ("Sni protocols per name", "the tests of handshakes have it"),
    ("Certificates:Default and ConfigureHttpsDefaults(cert)", "has code, a test of its own"),
    ("Certificates:Default applies to code Listen + UseHttps()", "has code, a test of its own"),
    ("EndpointDefaults Protocols applies to code Listen", "has code, a test of its own"),
    ("EndpointDefaults Protocols vs code ConfigureEndpointDefaults", "has code, a test of its own"),
    ("EndpointDefaults applies to urls", "has addresses, a test of its own"),
    ("Limits section in config", "ignored there, taken here, a test of its own"),
    ("named callback called", "has code, a test of its own"),
    ("loader.Endpoint(\"a\") other case", "has code, a test of its own"),
    ("loader.Endpoint of a missing name", "has code, a test of its own"),
    ("loader.Endpoint(\"\")", "has code; a name that nothing has is no error here"),
    ("loader.Load twice", "there is no loader"),
    ("config endpoint + code Listen", "has code, a test of its own"),
    ("config endpoint + urls", "has addresses, a test of its own"),
];

/// Rows with `steps` are of reload, which has tests of its own.
fn is_of_reload(row: &Value) -> bool {
    row["steps"].is_array()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_configurations_start_and_fail_as_recorded() {
    let rows: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    assert!(rows.len() > 120);
    let folder = Folder::new("golden");
    let Some(root) = make_certificates(&folder.0) else {
        eprintln!("skipped: there is no openssl");
        return;
    };
    let has_development_certificate =
        DevelopmentCertificate::of_user().is_some_and(|certificate| certificate.exists());
    for row in rows.iter().filter(|row| !is_of_reload(row)) {
        let case = row["case"].as_str().unwrap();
        let expected = row["start"].as_str().unwrap_or("not tried");
        let needs_none = expected.contains("developer certificate") && has_development_certificate;
        if needs_none || SKIPPED.iter().any(|(skipped, _)| *skipped == case) {
            continue;
        }
        let started = start(row["config"].as_str().unwrap(), &folder.0).await;
        let is_ok = (expected == "ok" || TAKEN.contains(&case)) && !REFUSED.contains(&case);
        match started {
            Err(error) => assert!(!is_ok, "{case}: {error}"),
            Ok((server, addresses)) => {
                assert!(is_ok, "{case}: it started, but there {expected}");
                if expected == "ok" {
                    let folder = folder.0.to_str().unwrap();
                    assert_eq!(addresses, recorded_addresses(row, folder), "{case}");
                    if !OTHER_HANDSHAKES.contains(&case) {
                        handshakes(&server, &root, row, case).await;
                    }
                }
                server.stop().await;
            }
        }
    }
    let names =
        REFUSED.iter().chain(TAKEN).chain(OTHER_HANDSHAKES).chain(SKIPPED.iter().map(|(name, _)| name));
    for name in names {
        assert!(rows.iter().any(|row| row["case"] == *name), "{name} is not recorded");
    }
}

async fn start(json: &str, folder: &Path) -> Result<(TestServer, Vec<String>), String> {
    let text = json.replace("DIR", folder.to_str().unwrap());
    let text = text.replace("/tmp/x-k.sock", &format!("{}/x-k.sock", folder.display()));
    let mut settings = Vec::new();
    flatten("", &serde_json::from_str(&text).unwrap(), &mut settings);
    let settings = settings.into_iter().map(|(key, value)| (key["Kestrel:".len()..].to_owned(), value));
    let mut options = KestrelServerOptions::default();
    options
        .configure(KestrelConfiguration::new(settings).with_content_root(folder))
        .map_err(|error| error.to_string())?;
    let kestrel = falconry_kestrel::KestrelServer::new(options);
    kestrel.start(support::app()).await.map_err(|error| error.to_string())?;
    let addresses = kestrel.features().get::<dyn ServerAddressesFeature>().unwrap().addresses();
    let address = addresses[0].rsplit('/').next().unwrap().parse();
    let shown = addresses.iter().map(|address| without_port(address)).collect();
    match address {
        Ok(address) => Ok((TestServer { kestrel, address }, shown)),
        Err(_) => {
            // A unix socket: nothing to shake hands with.
            let address = ([127, 0, 0, 1], 0).into();
            kestrel.stop(Deadline::never()).await.unwrap();
            Ok((TestServer { kestrel, address }, shown))
        }
    }
}

/// As hosts do it.
fn flatten(key: &str, value: &Value, settings: &mut Vec<(String, String)>) {
    let child = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}:{name}") };
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(name, value)| flatten(&child(name), value, settings));
        }
        Value::Array(elements) => {
            elements
                .iter()
                .enumerate()
                .for_each(|(n, value)| flatten(&child(&n.to_string()), value, settings));
        }
        Value::Object(_) | Value::Null => settings.push((key.to_owned(), String::new())),
        Value::String(text) => settings.push((key.to_owned(), text.clone())),
        other => settings.push((key.to_owned(), other.to_string())),
    }
}

fn recorded_addresses(row: &Value, folder: &str) -> Vec<String> {
    let addresses = row["addresses"].as_array().unwrap();
    addresses.iter().map(|address| address.as_str().unwrap().replace("/tmp", folder)).collect()
}

fn without_port(address: &str) -> String {
    match address.rsplit_once(':') {
        Some((start, port)) if port.parse::<u16>().is_ok() => format!("{start}:<port>"),
        _ => address.to_owned(),
    }
}

/// Each recorded client: who proved what in which version, or that nobody did.
async fn handshakes(server: &TestServer, root: &Authority, row: &Value, case: &str) {
    let Some(attempts) = row["tls"].as_object() else { return };
    for (attempt, expected) in attempts {
        if attempt.is_empty() {
            // A client that names nothing cannot be had from a name; the tests of handshakes have it.
            continue;
        }
        let expected = expected.as_str().unwrap();
        let client = match attempt.as_str() {
            "client 1.2" => Client::with_versions(root, &[&TLS12]),
            "client 1.3" => Client::with_versions(root, &[&TLS13]),
            _ => Client::new(root),
        };
        let offered = attempt.strip_prefix("alpn ").map(|names| names.split(',').collect::<Vec<_>>());
        let client = client.offering(&offered.unwrap_or_default());
        let name = attempt.strip_prefix("sni ").unwrap_or(attempt);
        let is_name = name.to_lowercase().ends_with(".test") && !name.contains(' ');
        let connection =
            client.any_name().connect(server.address, if is_name { name } else { "one.test" }).await;
        match expected.strip_prefix("CN=") {
            Some(rest) => {
                let subject = rest.split(' ').next().unwrap();
                let connection = connection.unwrap_or_else(|error| panic!("{case}, {attempt}: {error}"));
                let (_, session) = connection.get_ref();
                let certificate = &session.peer_certificates().unwrap()[0];
                let is_of = certificate.windows(subject.len()).any(|part| part == subject.as_bytes());
                assert!(is_of, "{case}, {attempt}: not the certificate of {subject}");
                let version = format!("{:?}", session.protocol_version().unwrap());
                let expected = if rest.contains("Tls12") { "TLSv1_2" } else { "TLSv1_3" };
                assert_eq!(version, expected, "{case}, {attempt}");
            }
            None => assert!(connection.is_err(), "{case}, {attempt}: it succeeded"),
        }
    }
}

/// The files that the records name; `None` without openssl.
fn make_certificates(folder: &Path) -> Option<Authority> {
    let root = Authority::new("root");
    let write = |name: &str, text: &[u8]| std::fs::write(folder.join(name), text).unwrap();
    let pair = |name: &str| -> Pair {
        let pair = root.server(&[&format!("{name}.test")]);
        pair.write(folder, name);
        pair
    };
    let (one, two, _) = (pair("one"), pair("two"), pair("default"));
    write("one.der", &one.der);
    write("garbage.pfx", b"neither this nor that");
    write("combined.pem", format!("{}{}", two.pem, two.key_pem).as_bytes());
    write("chain.pem", format!("{}{}", two.pem, root.pem).as_bytes());
    openssl(folder, "pkcs12 -export -in one.pem -inkey one.key -passout pass:pw -out one.pfx")?;
    openssl(folder, "pkcs12 -export -in default.pem -inkey default.key -passout pass:pw -out default.pfx")?;
    openssl(folder, "pkcs12 -export -in two.pem -inkey two.key -passout pass: -out nopw.pfx")?;
    openssl(folder, "pkcs8 -topk8 -in two.key -passout pass:kp -out two.enc.key")?;
    openssl(folder, "ec -in two.key -out rsa1.key")?;
    Some(root)
}

fn openssl(folder: &Path, line: &str) -> Option<()> {
    let output = Command::new("openssl").args(line.split(' ')).current_dir(folder).output().ok()?;
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    Some(())
}
