//! A browser: Chromium without a window loads a page from Kestrel, posts, talks over a WebSocket, and reports to the server
//! what it saw.

mod browser;
#[expect(dead_code, reason = "only a part is used here")]
#[path = "../../servers/kestrel/tests/support/certificates.rs"]
mod certificates;
#[path = "../support/process.rs"]
mod process;
#[cfg(feature = "unstable")]
mod session;
mod site;
#[path = "../support/skip.rs"]
mod skip;

use falconry_kestrel::HttpProtocols;

use self::{browser::Browser, site::Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_loads_a_page_over_http_1_1() {
    let site = Site::start(HttpProtocols::HTTP1).await;
    let Some(_browser) = Browser::open("http1", &site, &[]) else { return };
    let report = site.report().await;
    assert_eq!(report["page"], "http/1.1", "{report}");
    assert_eq!(site.versions("/page"), ["HTTP/1.1"]);
    assert_eq!(site.versions("/ws"), ["HTTP/1.1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_loads_a_page_over_http_2_and_opens_a_web_socket_on_the_same_connection() {
    let site = Site::start(HttpProtocols::HTTP1_AND_HTTP2).await;
    let Some(_browser) = Browser::open("http2", &site, &[]) else { return };
    let report = site.report().await;
    assert_eq!(report["page"], "h2", "{report}");
    assert_eq!(site.versions("/page"), ["HTTP/2.0"]);
    assert_eq!(site.versions("/ws"), ["HTTP/2.0"]);
    assert_eq!(site.connections(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_loads_a_page_over_http_3() {
    let site = Site::start(HttpProtocols::HTTP1_AND_HTTP2_AND_HTTP3).await;
    let force = format!("--origin-to-force-quic-on=localhost:{}", site.port);
    let Some(_browser) = Browser::open("http3", &site, &[&force]) else { return };
    let report = site.report().await;
    assert_eq!(report["page"], "h3", "{report}");
    assert_eq!(site.versions("/page"), ["HTTP/3.0"]);
    assert_eq!(site.versions("/upload"), ["HTTP/3.0"]);
}

#[cfg(feature = "unstable")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_has_a_session_of_web_transport() {
    let site = Site::start(HttpProtocols::HTTP1_AND_HTTP2_AND_HTTP3).await;
    let force = format!("--origin-to-force-quic-on=localhost:{}", site.port);
    let Some(_browser) = Browser::open_page("web-transport", &site, "/web-transport", &[&force]) else {
        return;
    };
    let report = site.any_report().await;
    let expected = serde_json::json!({ "greeting": "welcome", "answered": true, "other": "ONE WAY" });
    assert_eq!(report, expected);
    assert_eq!(site.versions("/session"), ["HTTP/3.0"]);
}
