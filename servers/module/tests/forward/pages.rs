//! What the client sees when the application does not answer.

use falconry_features::{FeatureCollection, HttpResponseFeature, PlainResponse};
use falconry_module::forward::pages::{ErrorPage, answer};

use super::support::{Backend, Front};

#[test]
fn each_page_has_the_code_that_iis_has_for_it() {
    let pages = [
        (ErrorPage::bad_gateway(), "502.3"),
        (ErrorPage::process_start_failure(), "502.5"),
        (ErrorPage::unavailable(), "503"),
        (ErrorPage::load_failure(), "500.0"),
        (ErrorPage::in_process_start_failure(), "500.30"),
        (ErrorPage::dependencies_missing(), "500.31"),
        (ErrorPage::wrong_architecture(), "500.32"),
        (ErrorPage::request_handler_missing(), "500.33"),
        (ErrorPage::mixed_hosting_models(), "500.34"),
        (ErrorPage::several_in_process_applications(), "500.35"),
        (ErrorPage::out_of_process_handler_missing(), "500.36"),
        (ErrorPage::start_timeout(), "500.37"),
        (ErrorPage::application_missing(), "500.38"),
    ];
    for (page, code) in pages {
        assert_eq!(page.code(), code);
        assert!(page.html().contains(&format!("<h1>HTTP Error {code} - ")), "{}", page.html());
        assert!(code.starts_with(page.status().as_str()));
    }
}

#[test]
fn a_detail_cannot_become_a_part_of_the_page() {
    let html =
        ErrorPage::process_start_failure().with_detail("</pre><script>alert('x')</script> & \"y\"").html();
    assert!(!html.contains("<script>"), "{html}");
    assert!(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;"), "{html}");
}

#[test]
fn the_page_comes_with_its_status_and_is_not_kept_by_caches() {
    let address = Backend::new();
    let front = Front::start(
        falconry_module::forward::BackendAddress::Tcp(address.address()),
        |options| options.max_request_body_size = Some(1),
        |_| {},
    );
    drop(address);
    let mut client = front.client();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 502 Bad Gateway\n"), "{head}");
    assert!(
        head.contains("\ncache-control: no-cache\n")
            && head.contains("\ncontent-type: text/html; charset=utf-8\n")
    );
    let page = client.until("</html>\n");
    assert!(page.contains("HTTP Error 502.3 - Bad Gateway"), "{page}");
    // The connection goes on, and what is the client's fault has no page.
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    let head = client.head();
    assert!(
        head.starts_with("HTTP/1.1 413 Payload Too Large\n") && head.contains("\ncontent-length: 0\n"),
        "{head}"
    );
}

#[test]
fn a_page_can_be_left_out_or_be_another_one() {
    let front = Front::of(&Backend::new());
    let answered = |page: ErrorPage| {
        front.block_on(async {
            let mut features = FeatureCollection::new();
            features.set::<dyn HttpResponseFeature>(Box::<PlainResponse>::default());
            let answered = answer(&mut features, page).await;
            let response = features.get::<dyn HttpResponseFeature>().unwrap();
            (
                answered.is_ok(),
                response.status_code().as_u16(),
                response.headers()["content-length"].to_str().unwrap().to_owned(),
            )
        })
    };
    assert_eq!(answered(ErrorPage::process_start_failure().without_content()), (true, 502, "0".to_owned()));
    // There is nothing to write it to here.
    let offline = ErrorPage::unavailable().with_content("<p>back soon</p>");
    assert_eq!(answered(offline), (false, 503, "16".to_owned()));
}
