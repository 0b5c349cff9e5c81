//! Host filtering.

use falconry::middleware::{HostFiltering, HostFilteringOptions};
use falconry_test_host::TestClient;

use crate::app;

fn options(hosts: &[&str]) -> HostFilteringOptions {
    let mut options = HostFilteringOptions::default();
    options.allowed_hosts = hosts.iter().map(|&host| host.to_owned()).collect();
    options
}

async fn status(client: &TestClient, host: &str) -> u16 {
    client.get("/").header("host", host).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn only_requests_for_allowed_hosts_pass() {
    let hosts = ["example.org", "*.example.net", "bücher.de", "[::1]"];
    let (_server, client, witness) = app::behind(HostFiltering::new(options(&hosts))).await;
    for host in [
        "example.org",
        "EXAMPLE.org:8080",
        "a.example.net",
        "a.b.example.net:1",
        "xn--bcher-kva.de",
        "[::1]:5000",
    ] {
        assert_eq!(status(&client, host).await, 200, "{host}");
        assert!(witness.take().is_some(), "{host}");
    }
    for host in [
        "example.com",
        "example.org.evil",
        "example.net",
        "evil-example.net",
        "example.org:port",
        "example.org:99999",
        "user@example.org",
        "[::2]",
        "a b",
    ] {
        assert_eq!(status(&client, host).await, 400, "{host}");
        assert!(witness.take().is_none(), "{host}");
    }
}

#[tokio::test]
async fn the_answer_tells_why_unless_it_shall_not() {
    let mut options = options(&["example.org"]);
    let (_server, client, _) = app::behind(HostFiltering::new(options.clone())).await;
    let mut response = client.get("/").header("host", "other").send().await.unwrap();
    response.assert_status(400).assert_header("content-type", "text/html");
    let text = response.text().await.unwrap();
    assert!(text.contains("<h2>Bad Request - Invalid Hostname</h2>"), "{text}");
    assert_eq!(response.header("content-length"), Some(text.len().to_string().as_str()));

    options.include_failure_message = false;
    let (_server, client, _) = app::behind(HostFiltering::new(options)).await;
    let mut response = client.get("/").header("host", "other").send().await.unwrap();
    response.assert_status(400).assert_no_header("content-type").assert_body("").await;
}

#[tokio::test]
async fn requests_without_a_host_pass_if_they_may() {
    let mut options = options(&["example.org"]);
    let (_server, client, _) = app::behind(HostFiltering::new(options.clone())).await;
    assert_eq!(status(&client, "").await, 200);
    options.allow_empty_hosts = false;
    let (_server, client, _) = app::behind(HostFiltering::new(options)).await;
    assert_eq!(status(&client, "").await, 400);
}

#[tokio::test]
async fn two_hosts_are_refused_even_if_both_are_allowed() {
    let (_server, client, _) = app::behind(HostFiltering::new(options(&["a", "b"]))).await;
    let request = client.get("/").header("host", "a").header("host", "b");
    request.send().await.unwrap().assert_status(400);
}

#[tokio::test]
async fn the_setting_puts_it_in_front_of_everything() {
    let variables = [("AllowedHosts", "example.org; *.example.org;"), ("FORWARDEDHEADERS_ENABLED", "true")];
    let (builder, client) = app::builder(variables);
    let witness = app::Witness::default();
    let host = builder.build(witness.handler()).unwrap();
    host.start().await.unwrap();
    assert_eq!(status(&client, "a.example.org").await, 200);
    assert_eq!(status(&client, "example.com").await, 400);
}

#[tokio::test]
async fn a_setting_that_allows_all_puts_nothing_there() {
    for list in ["*", "", ";", "example.org;*", "[::]", "0.0.0.0"] {
        let (builder, client) = app::builder([("ALLOWEDHOSTS", list)]);
        let host = builder.build(app::Witness::default().handler()).unwrap();
        host.start().await.unwrap();
        assert_eq!(status(&client, "anything").await, 200, "{list:?}");
    }
}

#[test]
#[should_panic(expected = "host filtering needs `allowed_hosts`")]
fn filtering_without_any_host_is_a_mistake_of_the_program() {
    HostFiltering::new(HostFilteringOptions::default());
}
