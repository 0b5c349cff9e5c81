//! Kestrel from the host's settings: files, environment, command line.

use std::{fs, path::PathBuf};

use falconry::{WebHost, WebHostBuilder, features::Deadline};
use falconry_conformance::contract;

use crate::support::{connect, get};

/// A folder for one test, removed before it.
pub(crate) fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kestrel_configuration").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

pub(crate) fn builder(folder: &std::path::Path) -> WebHostBuilder {
    WebHost::builder()
        .content_root(folder)
        .environment_variables([("PATH", "/bin")])
        .suppress_status_messages(true)
}

/// The addresses that a host binds; each must answer.
async fn bound(builder: WebHostBuilder) -> Vec<String> {
    let host = builder.build(contract::app()).unwrap();
    host.start().await.unwrap();
    let addresses = host.addresses();
    for address in &addresses {
        let mut stream = connect(address.trim_start_matches("http://").parse().unwrap());
        let answer = tokio::task::block_in_place(|| get(&mut stream));
        assert!(answer.is_some(), "{address}");
    }
    host.stop(Deadline::never()).await.unwrap();
    addresses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_json_file_a_toml_file_and_the_environment_name_endpoints_alike() {
    let folder = folder("formats");
    let json = r#"{ "Kestrel": { "Endpoints": { "A": { "Url": "http://127.0.0.1:0" } } } } // a comment"#;
    fs::write(folder.join("x.json"), json).unwrap();
    fs::write(folder.join("x.toml"), "[Kestrel.Endpoints.A]\nUrl = 'http://127.0.0.1:0'\n").unwrap();
    for file in ["x.json", "x.toml"] {
        let file = folder.join(file);
        let bound = bound(builder(&folder).args(["program", "--config", file.to_str().unwrap()])).await;
        assert_eq!(bound.len(), 1, "{bound:?}");
        assert!(bound[0].starts_with("http://127.0.0.1:"), "{bound:?}");
    }
    let variables = [("FALCONRY_Kestrel__Endpoints__A__Url", "http://[::1]:0")];
    let bound = bound(builder(&folder).environment_variables(variables)).await;
    assert!(bound.len() == 1 && bound[0].starts_with("http://[::1]:"), "{bound:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endpoints_of_the_configuration_stand_beside_those_of_code_and_win_over_addresses() {
    let endpoint = ("Kestrel:Endpoints:A:Url", "http://127.0.0.1:0");
    let host = builder(&folder("beside")).setting(endpoint.0, endpoint.1).urls("http://127.0.0.2:0");
    let addresses = bound(host.kestrel(|options| {
        options.listen("[::1]:0".parse().unwrap());
    }))
    .await;
    assert_eq!(addresses.len(), 2);
    assert!(
        addresses[0].starts_with("http://[::1]:") && addresses[1].starts_with("http://127.0.0.1:"),
        "{addresses:?}"
    );
    let preferred = builder(&folder("preferred"))
        .setting(endpoint.0, endpoint.1)
        .urls("http://127.0.0.2:0")
        .prefer_hosting_urls(true);
    let addresses = bound(preferred).await;
    assert!(addresses.len() == 1 && addresses[0].starts_with("http://127.0.0.2:"), "{addresses:?}");
}

#[tokio::test]
async fn null_lifts_a_limit_and_code_has_the_last_word() {
    let folder = folder("null");
    let json = r#"{ "Kestrel": { "Limits": { "MaxRequestBodySize": null, "MaxRequestHeaderCount": 7 } } }"#;
    fs::write(folder.join("falconry.json"), json).unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    let builder = builder(&folder).kestrel(move |options| send.send(options.limits.clone()).unwrap());
    builder.build(contract::app()).unwrap();
    let limits = receive.recv().unwrap();
    assert_eq!((limits.max_request_body_size(), limits.max_request_header_count()), (None, 7));
}

#[test]
fn a_value_that_cannot_be_names_the_file_the_key_and_what_it_takes() {
    let folder = folder("wrong");
    let json = r#"{ "Kestrel": { "Endpoints": { "A": { "Url": "http://*:0", "Protocols": "Http4" } } } }"#;
    fs::write(folder.join("falconry.json"), json).unwrap();
    let error = format!("{:?}", builder(&folder).build(contract::app()).unwrap_err());
    let expected = "`Kestrel:Endpoints:A:Protocols` is \"Http4\" (from ";
    assert!(error.contains(expected), "{error}");
    assert!(error.contains("falconry.json): it takes Http1, Http2, "), "{error}");
}
