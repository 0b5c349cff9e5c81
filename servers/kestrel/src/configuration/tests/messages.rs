use super::*;
use crate::KestrelServerLimits;

#[test]
fn a_value_that_cannot_be_names_its_key_its_source_and_what_it_takes() {
    for (setting, expected) in [
        ("Limits:MaxRequestLineSize=abc", "it takes a whole number from 0 on"),
        ("Limits:MaxRequestLineSize=-1", "it takes a whole number from 0 on"),
        ("Limits:MaxRequestLineSize=99999999999999999999999", "it takes a whole number from 0 on"),
        ("Limits:MaxRequestLineSize=0", "it must be at least 1 byte"),
        ("Limits:Http2:MaxFrameSize=1", "it must be from 16384 to 16777215 bytes"),
        ("Limits:KeepAliveTimeout=0s", "it must be longer than zero, or None for no limit"),
        (
            "Limits:KeepAliveTimeout=130",
            "it takes a time such as 00:02:10, 130s, 500ms, 2m, 1h or 1d; empty (null) stands for no limit",
        ),
        (
            "Limits:MinRequestBodyDataRate=5",
            "it takes the keys BytesPerSecond and GracePeriod, or empty (null) for no limit",
        ),
        ("Limits:MinRequestBodyDataRate:GracePeriod=5s", "`BytesPerSecond` must be there, too"),
        ("AddServerHeader=yes", "it takes true or false"),
    ] {
        let (key, value) = setting.split_once('=').unwrap();
        assert_eq!(error(&[setting]), format!("`Kestrel:{key}` is {value:?} (from app.json): {expected}"));
    }
    assert!(
        error(&["Limits:MinResponseDataRate:BytesPerSecond=1", "Limits:MinResponseDataRate:GracePeriod=1s"])
            .starts_with("`Kestrel:Limits:MinResponseDataRate` (from app.json): ")
    );
}

#[test]
fn what_is_wrong_leaves_all_options_as_they_were() {
    let mut options = KestrelServerOptions::default();
    let settings = ["Limits:MaxRequestBodySize=5", "AddServerHeader=false", "Endpoints:A:Protocols=Http1"];
    options.configure(configuration(&settings)).unwrap_err();
    assert_eq!(options.limits, KestrelServerLimits::default());
    assert!(options.add_server_header && options.configured.is_none());
}

#[test]
fn an_endpoint_needs_an_address() {
    for settings in
        [&["Endpoints:A:Protocols=Http1"][..], &["Endpoints:A:Url="], &["Endpoints:A=http://*:80"]]
    {
        let error = options(settings).unwrap_err();
        assert!(error.is_options());
        assert_eq!(
            error.to_string(),
            "`Kestrel:Endpoints:A` (from app.json): `Url` is missing: give the endpoint an address such as \
             http://localhost:5000"
        );
    }
    let error = options(&["Endpoints:A:Url=localhost:5000"]).unwrap_err();
    assert!(error.is_address());
    assert_eq!(
        error.to_string(),
        "`Kestrel:Endpoints:A:Url` (from app.json): the address 'localhost:5000' has no scheme: write it as \
         'http://host:port'"
    );
}

#[test]
fn keys_of_tls_on_an_http_endpoint_are_refused_by_name() {
    for key in [
        "Certificate:Path",
        "ClientCertificateMode",
        "ClientCertificateAuthorities",
        "HandshakeTimeout",
        "Sni:a.test:Protocols",
        "SslProtocols:0",
    ] {
        let first = key.split(':').next().unwrap();
        assert_eq!(
            error(&["Endpoints:A:Url=http://*:80", &format!("Endpoints:A:{key}=x")]),
            format!(
                "`Kestrel:Endpoints:A:{first}` (from app.json): only an https endpoint has this key, and \
                 `Kestrel:Endpoints:A:Url` is \"http://*:80\": begin it with https:// or leave the key out"
            )
        );
    }
    // What is there and empty says nothing.
    options(&["Endpoints:A:Url=http://*:80", "Endpoints:A:Certificate=", "Endpoints:A:Sni="]).unwrap();
}

#[test]
fn a_certificate_has_one_source() {
    let certificate = |settings: &[&str]| {
        let settings: Vec<_> =
            settings.iter().map(|setting| format!("Certificates:Default:{setting}")).collect();
        error(&settings.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let several = certificate(&["Path=a.pfx", "Subject=a.test"]);
    assert!(several.contains("several sources of the certificate are named"), "{several}");
    let store = certificate(&["Subject=a.test"]);
    assert!(store.contains("certificates are not looked up in a store"), "{store}");
    let key = certificate(&["KeyPath=a.key"]);
    assert!(key.contains("`Kestrel:Certificates:Default:KeyPath` is \"a.key\""), "{key}");
}

#[test]
fn a_key_that_means_nothing_is_reported_with_the_nearest_one() {
    let settings = [
        "Limits:MaxRequestBodySzie=5",
        "Limit:MaxRequestBodySize=5",
        "Endpoints:A:Url=http://*:80",
        "Endpoints:A:Foo=1",
        "EndpointDefaults:Certificate:Path=a",
    ];
    let mut options = KestrelServerOptions::default();
    let warnings = configuration(&settings).read(&mut options).unwrap();
    let [limits, endpoint_defaults, endpoint, root] = &warnings[..] else { panic!("{warnings:?}") };
    assert_eq!(
        limits,
        "`Kestrel:Limits:MaxRequestBodySzie` (from app.json) is not known and has no effect: did you mean \
         `MaxRequestBodySize`?"
    );
    assert!(root.starts_with("`Kestrel:Limit`") && root.ends_with("did you mean `Limits`?"), "{root}");
    assert!(
        endpoint.starts_with("`Kestrel:Endpoints:A:Foo`") && endpoint.contains("known here are Url, "),
        "{endpoint}"
    );
    assert!(endpoint_defaults.starts_with("`Kestrel:EndpointDefaults:Certificate`"), "{endpoint_defaults}");
}

#[test]
fn passwords_are_not_shown() {
    let configuration =
        configuration(&["Certificates:Default:Path=a.pfx", "Certificates:Default:Password=secret"]);
    assert!(!format!("{configuration:?}").contains("secret"));
    let mut options = KestrelServerOptions::default();
    options.configure(configuration).unwrap();
    assert!(!format!("{options:?}").contains("secret"));
}
