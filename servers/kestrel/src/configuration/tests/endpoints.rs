use super::*;
use crate::HttpProtocols;

/// Each endpoint as a URL with its protocols.
fn shown(options: &KestrelServerOptions) -> Vec<String> {
    let endpoints = options.configured_endpoints();
    endpoints.iter().map(|one| format!("{} {}", one.options, one.options.protocols)).collect()
}

#[test]
fn endpoints_come_in_the_order_of_their_names_and_keys_ignore_case() {
    let options = options(&[
        "endpoints:b:URL=http://127.0.0.1:1",
        "ENDPOINTS:A:url=http://[::1]:2",
        "endpoints:10:Url=http://*:4",
        "endpoints:9:Url=http://localhost:3",
        "endpoints:9:protocols=HTTP1",
    ]);
    assert_eq!(
        shown(&options.unwrap()),
        [
            "http://localhost:3 Http1",
            "http://[::]:4 Http1AndHttp2",
            "http://[::1]:2 Http1AndHttp2",
            "http://127.0.0.1:1 Http1AndHttp2"
        ]
    );
}

#[test]
fn defaults_hold_for_all_endpoints_those_of_code_win_and_an_endpoints_own_win_over_both() {
    let mut options = options(&[
        "EndpointDefaults:Protocols=Http2",
        "Endpoints:A:Url=http://*:1",
        "Endpoints:B:Url=http://*:2",
        "Endpoints:B:Protocols=Http1",
    ])
    .unwrap();
    assert_eq!(shown(&options), ["http://[::]:1 Http2", "http://[::]:2 Http1"]);
    options.listen_any_ip(3);
    assert_eq!(options.endpoints()[0].protocols, HttpProtocols::HTTP2);
    options.configure_endpoint_defaults(|endpoint| endpoint.protocols = HttpProtocols::HTTP1_AND_HTTP2);
    assert_eq!(shown(&options), ["http://[::]:1 Http1AndHttp2", "http://[::]:2 Http1"]);
}

#[test]
fn code_has_the_last_word_on_an_endpoint_that_it_names_in_whatever_case() {
    let mut options = options(&["Endpoints:A:Url=http://*:1", "Endpoints:A:Protocols=Http2"]).unwrap();
    options.configure_endpoint("a", |endpoint| {
        assert_eq!(endpoint.protocols, HttpProtocols::HTTP2);
        endpoint.protocols = HttpProtocols::HTTP1;
    });
    options.configure_endpoint("none", |_| panic!("no endpoint has this name"));
    assert_eq!(shown(&options), ["http://[::]:1 Http1"]);
}

#[test]
fn another_configuration_replaces_the_endpoints_of_the_first_and_not_those_of_code() {
    let mut options = options(&["Endpoints:A:Url=http://*:1"]).unwrap();
    options.listen_any_ip(3);
    options.configure(configuration(&["Endpoints:B:Url=http://*:2"])).unwrap();
    assert_eq!(shown(&options), ["http://[::]:2 Http1AndHttp2"]);
    assert_eq!(options.endpoints().len(), 1);
}

#[test]
fn an_endpoint_that_differs_in_nothing_but_its_name_is_like_the_other() {
    let settings = |settings: &[&str]| options(settings).unwrap().configured_endpoints().remove(0).settings;
    let first = settings(&["Endpoints:A:Url=http://*:1"]);
    assert!(first.is_like(&settings(&["Endpoints:B:Url=http://*:1"])));
    // What an endpoint in clear does not use does not change it.
    assert!(first.is_like(&settings(&["Endpoints:A:Url=http://*:1", "Certificates:Default:Path=a.pfx"])));
    assert!(!first.is_like(&settings(&["Endpoints:A:Url=http://*:1", "Endpoints:A:Protocols=Http1"])));
    assert!(!first.is_like(&settings(&["Endpoints:A:Url=http://*:1", "EndpointDefaults:Protocols=Http1"])));
    let https = settings(&["Endpoints:A:Url=https://*:1"]);
    assert!(!https.is_like(&settings(&["Endpoints:A:Url=https://*:1", "Certificates:Default:Path=a.pfx"])));
}

#[cfg(feature = "tls")]
#[test]
fn paths_of_certificates_start_at_the_content_root() {
    let configuration = configuration(&["Endpoints:A:Url=https://*:1", "Endpoints:A:Certificate:Path=a.pem"]);
    let mut options = KestrelServerOptions::default();
    options.configure(configuration.with_content_root("/srv/app")).unwrap();
    let endpoint = options.configured_endpoints().remove(0).options;
    assert!(format!("{endpoint:?}").contains("/srv/app/a.pem"), "{endpoint:?}");
}

#[cfg(feature = "tls")]
#[test]
fn values_of_tls_say_what_they_take() {
    for (setting, expected) in [
        ("SslProtocols:0=Tls11", "it takes Tls12 and Tls13; older versions cannot be had"),
        (
            "ClientCertificateMode=DelayCertificate",
            "it takes NoCertificate, AllowCertificate or RequireCertificate",
        ),
        ("HandshakeTimeout=0s", "it must be longer than zero, or None for no limit"),
    ] {
        let (key, value) = setting.split_once('=').unwrap();
        let expected = format!("`Kestrel:Endpoints:A:{key}` is {value:?} (from app.json): {expected}");
        assert_eq!(error(&["Endpoints:A:Url=https://*:1", &format!("Endpoints:A:{setting}")]), expected);
    }
    let name = error(&["Endpoints:A:Url=https://*:1", "Endpoints:A:Sni::Protocols=Http1"]);
    assert!(name.contains("'www.example.org', '*.example.org' or '*'"), "{name}");
}

#[test]
fn proxies_to_believe_are_a_list_or_one_text() {
    for networks in [
        &[
            "Endpoints:A:ProxyProtocol:TrustedNetworks:0=10.0.0.0/8",
            "Endpoints:A:ProxyProtocol:TrustedNetworks:1=::1",
        ][..],
        &["Endpoints:A:ProxyProtocol:TrustedNetworks=10.0.0.0/8, ::1"],
    ] {
        let settings =
            [&["Endpoints:A:Url=http://*:1", "Endpoints:A:ProxyProtocol:Timeout=1s"], networks].concat();
        let endpoint = options(&settings).unwrap().configured_endpoints().remove(0).options;
        let expected = crate::ProxyProtocolOptions::trusting(["10.0.0.0/8", "::1"]).unwrap();
        let expected = expected.with_timeout(std::time::Duration::from_secs(1));
        assert_eq!(endpoint.proxy_protocol, Some(expected));
    }
    let error = |setting| error(&["Endpoints:A:Url=http://*:1", setting]);
    let wrong = error("Endpoints:A:ProxyProtocol:TrustedNetworks=all");
    assert!(wrong.starts_with(
        "`Kestrel:Endpoints:A:ProxyProtocol:TrustedNetworks` (from app.json): 'all' is no network"
    ));
    let missing = error("Endpoints:A:ProxyProtocol:Timeout=1s");
    assert!(missing.contains("name the proxies to believe"), "{missing}");
}
