//! Forwarded headers beyond the recorded rows.

use falconry::{
    HttpContext, WebHost,
    middleware::{ForwardedFields, ForwardedHeaders, ForwardedHeadersOptions, IpNetwork},
};
use falconry_test_host::RequestBuilder;

use crate::app::{self, Seen};

fn options(fields: ForwardedFields) -> ForwardedHeadersOptions {
    let mut options = ForwardedHeadersOptions::default();
    options.forwarded_headers = fields;
    options
}

/// What the application sees of a request from 127.0.0.1.
async fn seen(options: ForwardedHeadersOptions, fill: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Seen {
    let (_server, client, witness) = app::behind(ForwardedHeaders::new(options)).await;
    let request = fill(client.get("/p").connection(app::from("127.0.0.1", 1234)));
    request.send().await.unwrap().assert_status(200);
    witness.take().unwrap()
}

#[tokio::test]
async fn an_address_in_quotes_with_brackets_and_a_port_is_one() {
    let seen = seen(options(ForwardedFields::FOR), |request| {
        request.header("x-forwarded-for", "\"[2001:db8::1]:4711\"")
    });
    assert_eq!(seen.await.remote, "2001:db8::1|4711");
}

#[tokio::test]
async fn a_quote_of_the_client_does_not_hide_what_the_proxy_appends() {
    let seen = seen(options(ForwardedFields::FOR), |request| {
        request.header("x-forwarded-for", "\"9.9.9.9, 1.2.3.4")
    });
    let seen = seen.await;
    assert_eq!(seen.remote, "1.2.3.4|0");
    assert_eq!(seen.header("x-forwarded-for").as_deref(), Some("\"9.9.9.9"));
}

#[tokio::test]
async fn several_lines_are_one_list() {
    let mut options = options(ForwardedFields::FOR);
    options.forward_limit = None;
    options.known_proxies = vec!["3.3.3.3".parse().unwrap()];
    let seen = seen(options, |request| {
        let request = request.header("x-forwarded-for", "1.1.1.1, 2.2.2.2");
        request.header("x-forwarded-for", "3.3.3.3")
    });
    let seen = seen.await;
    assert_eq!(seen.remote, "2.2.2.2|0");
    assert_eq!(seen.header("x-forwarded-for").as_deref(), Some("1.1.1.1"));
}

#[tokio::test]
async fn an_unknown_proxy_is_not_believed_whatever_the_field() {
    for fields in [ForwardedFields::PROTO, ForwardedFields::HOST, ForwardedFields::PREFIX] {
        let (_server, client, witness) = app::behind(ForwardedHeaders::new(options(fields))).await;
        let request = client.get("/p").connection(app::from("10.0.0.1", 1));
        let request = request.header("x-forwarded-proto", "https").header("x-forwarded-host", "evil.example");
        request.header("x-forwarded-prefix", "/x").send().await.unwrap().assert_status(200);
        let seen = witness.take().unwrap();
        let parts = (seen.scheme.as_str(), seen.host.as_str(), seen.path_base.as_str());
        assert_eq!(parts, ("http", "orig.example", ""), "{fields:?}");
    }
}

#[tokio::test]
async fn what_the_client_calls_original_does_not_survive() {
    let seen = seen(options(ForwardedFields::ALL), |request| {
        let request = request.header("x-original-prefix", "/forged").header("x-original-for", "6.6.6.6:1");
        request.header("x-forwarded-for", "1.1.1.1").header("x-forwarded-prefix", "/base")
    });
    let seen = seen.await;
    assert_eq!(seen.header("x-original-prefix"), None);
    assert_eq!(seen.header("x-original-for").as_deref(), Some("127.0.0.1:1234"));
}

#[tokio::test]
async fn the_old_path_base_is_kept_percent_encoded() {
    let mut options = options(ForwardedFields::PREFIX);
    options.require_header_symmetry = true;
    let seen = seen(options, |request| {
        let request = request.header("x-forwarded-prefix", "/n%C3%BC");
        request.features(|features| {
            features.get_mut::<dyn falconry::features::HttpRequestFeature>().unwrap().set_path_base("/a ü");
        })
    });
    let seen = seen.await;
    assert_eq!(
        (seen.path_base.as_str(), seen.header("x-original-prefix").as_deref()),
        ("/nü", Some("/a%20%C3%BC"))
    );
}

#[tokio::test]
async fn bytes_that_are_no_text_are_no_values() {
    let seen = seen(options(ForwardedFields::ALL), |request| {
        let bytes = http::HeaderValue::from_bytes(b"/\xff\xfe").unwrap();
        let request =
            request.header("x-forwarded-proto", bytes.clone()).header("x-forwarded-host", bytes.clone());
        request.header("x-forwarded-prefix", bytes)
    });
    let seen = seen.await;
    assert_eq!(
        (seen.scheme.as_str(), seen.host.as_str(), seen.path_base.as_str()),
        ("http", "orig.example", "")
    );
}

#[tokio::test]
async fn whatever_the_fields_hold_what_is_applied_is_sound() {
    let mut options = options(ForwardedFields::ALL);
    options.forward_limit = None;
    options.known_proxies.clear();
    options.known_networks.clear();
    let (_server, client, witness) = app::behind(ForwardedHeaders::new(options)).await;
    const PIECES: [&str; 24] = [
        "1.2.3.4", ":", "80", "[", "]", "::1", "%", "eth0", "\"", ",", " ", "\t", "/", "\\", "%2F", "%C3%BC",
        "%0D", "%FF", "a", "-", ".", "\u{fc}", "65536", "*",
    ];
    let mut state = 7_u32;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % limit
    };
    for _ in 0..2000 {
        let mut request = client.get("/p").connection(app::from("127.0.0.1", 1));
        for name in ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-prefix"] {
            let value: String = (0..below(7)).map(|_| PIECES[below(PIECES.len())]).collect();
            request = request.header(name, http::HeaderValue::from_str(&value).unwrap());
        }
        request.send().await.unwrap().assert_status(200);
        let seen = witness.take().unwrap();
        let is_scheme =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
        assert!(seen.scheme.starts_with(|first: char| first.is_ascii_lowercase()), "{seen:?}");
        assert!(seen.scheme.bytes().all(is_scheme), "{seen:?}");
        assert!(http::uri::Authority::try_from(seen.host.as_str()).is_ok(), "{seen:?}");
        let base = seen.path_base.as_str();
        assert!(base.is_empty() || (base.starts_with('/') && !base.ends_with('/')), "{seen:?}");
        assert!(!base.starts_with("//") && !base.starts_with("/\\"), "{seen:?}");
        assert!(!base.contains(char::is_control), "{seen:?}");
    }
}

#[test]
fn networks_are_compared_by_their_first_bits() {
    let contains = |network: &str, address: &str| {
        network.parse::<IpNetwork>().unwrap().contains(address.parse().unwrap())
    };
    assert!(contains("10.1.2.3/8", "10.255.0.1") && !contains("10.0.0.0/8", "11.0.0.0"));
    assert!(contains("0.0.0.0/0", "255.255.255.255") && !contains("0.0.0.0/0", "::1"));
    assert!(contains("10.0.0.1/32", "10.0.0.1") && !contains("10.0.0.1/32", "10.0.0.0"));
    assert!(contains("2001:db8::/33", "2001:db8:7fff::1") && !contains("2001:db8::/33", "2001:db8:8000::"));
    for bad in ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0.0/", "::/129", "a/8", "10.0.0/8"] {
        assert!(bad.parse::<IpNetwork>().is_err(), "{bad}");
    }
}

#[test]
fn a_switch_that_is_neither_on_nor_off_is_an_error() {
    let builder =
        WebHost::builder().environment_variables([("FALCONRY_FORWARDEDHEADERS_ENABLED", "perhaps")]);
    let nothing = async |_: &mut HttpContext| Ok(());
    let error = builder.server(falconry_test_host::TestServer::new()).build(nothing).unwrap_err();
    assert!(error.is_configuration());
    assert!(format!("{error:?}").contains("FALCONRY_FORWARDEDHEADERS_ENABLED"), "{error:?}");
}
