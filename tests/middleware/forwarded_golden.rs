//! The recorded rows about forwarded headers.

use falconry::{
    features::{HttpRequestFeature, PlainConnection},
    middleware::{ForwardedFields, ForwardedHeaders, ForwardedHeadersOptions},
};
use http::HeaderValue;
use serde_json::{Value, json};

use crate::app::{self, Seen};

/// Where our answer is another one.
enum Ours {
    /// There is no such case here.
    None(&'static str),
    /// The value is not believed, so nothing changes.
    Untouched(&'static str),
    /// One part of the result is another.
    Other(&'static str, &'static str, &'static str),
}

impl Ours {
    fn reason(&self) -> &'static str {
        match self {
            Self::None(reason) | Self::Untouched(reason) | Self::Other(.., reason) => reason,
        }
    }
}

const OURS: &[(&str, Ours)] = &[
    ("null OriginalHostHeaderName", Ours::None("a field always has a name")),
    ("For value '1.1'", Ours::Untouched("short forms of addresses are none")),
    (
        "For value 'fe80::1%eth0'",
        Ours::Other("remote", "fe80::1|0", "zones mean something on the proxy only"),
    ),
    ("Proto value 'HTTPS'", Ours::Other("scheme", "https", "schemes are compared in lower case")),
    ("Proto value '1http'", Ours::Untouched("a scheme starts with a letter (RFC 3986)")),
    ("Prefix value '/base/'", Ours::Other("pathBase", "/base", "a path base has no slash at its end")),
    ("Prefix value '//x'", Ours::Untouched("as a link it leads to another host")),
    (
        "AllowedHosts [bücher.de] Host 'xn--bcher-kva.de'",
        Ours::Other("host", "xn--bcher-kva.de", "the Host field stays as on the wire"),
    ),
];

#[tokio::test]
async fn forwarded_fields_are_applied_as_recorded() {
    let rows: Vec<Value> =
        serde_json::from_str(include_str!("../data/golden/forwarded_headers.json")).unwrap();
    let (mut replayed, mut different) = (0, 0);
    for row in &rows {
        let case = row["case"].as_str().unwrap();
        if case.starts_with("ASPNETCORE_FORWARDEDHEADERS_ENABLED") {
            enabled_by_variable(case).await;
            replayed += 1;
            continue;
        }
        let ours = OURS.iter().find(|(other, _)| *other == case).map(|(_, ours)| ours);
        let row = match ours {
            Some(ours @ Ours::None(_)) => {
                println!("not here: {case}: {}", ours.reason());
                different += 1;
                continue;
            }
            Some(ours) => {
                different += 1;
                println!("answered better: {case}: {}", ours.reason());
                answered_better(row, ours)
            }
            None => row.clone(),
        };
        compare(&row, &replay(&row).await);
        replayed += 1;
    }
    assert_eq!((replayed, different), (rows.len() - 1, OURS.len()), "no row is left out");
}

fn answered_better(row: &Value, ours: &Ours) -> Value {
    let mut row = row.clone();
    match ours {
        Ours::None(_) => {}
        Ours::Untouched(_) => {
            let remote = row["remote"].as_str().unwrap().replace(":1234", "|1234");
            row["result"] = json!({
                "scheme": "http", "host": "orig.example", "remote": remote, "pathBase": "", "path": "/p",
            });
            row["headersAfter"] = row["headers"].clone();
        }
        Ours::Other(part, value, _) => row["result"][*part] = json!(value),
    }
    row
}

async fn replay(row: &Value) -> Seen {
    let case = row["case"].as_str().unwrap();
    let (_server, client, witness) = app::behind(ForwardedHeaders::new(options(row, case))).await;
    let mut request = client.get("/p");
    for (name, value) in row["headers"].as_object().unwrap() {
        request = request.header(name.as_str(), HeaderValue::from_str(value.as_str().unwrap()).unwrap());
    }
    if let Some((address, port)) = row["remote"].as_str().and_then(|remote| remote.rsplit_once(':')) {
        request = request.connection(app::from(address, port.parse().unwrap()));
    } else {
        request = request.connection(PlainConnection::default());
    }
    if case.contains("existing PathBase") {
        request = request.features(|features| {
            features.get_mut::<dyn HttpRequestFeature>().unwrap().set_path_base("/old");
        });
    }
    request.send().await.unwrap().assert_status(200).assert_body("seen").await;
    witness.take().unwrap()
}

fn compare(row: &Value, seen: &Seen) {
    let expected = &row["result"];
    let result = json!({
        "scheme": seen.scheme, "host": seen.host, "remote": seen.remote,
        "pathBase": seen.path_base, "path": seen.path,
    });
    assert_eq!(&result, expected, "{row}");
    let expected = row["headersAfter"].as_object().unwrap();
    for (name, value) in expected {
        assert_eq!(seen.header(name).as_deref(), value.as_str(), "{name} in {row}");
    }
    let names = seen
        .headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-") || name.as_str().starts_with("fwd-"));
    assert_eq!(names.count(), expected.len(), "{:?} in {row}", seen.headers);
}

/// The options as the row shows them.
fn options(row: &Value, case: &str) -> ForwardedHeadersOptions {
    let mut options = ForwardedHeadersOptions::default();
    for option in row["options"].as_str().unwrap().split("; ") {
        let (name, value) = option.split_once('=').unwrap();
        match name {
            "ForwardedHeaders" => options.forwarded_headers = fields(value),
            "ForwardLimit" => options.forward_limit = value.parse().ok(),
            "KnownProxies" => options.known_proxies = list(value).map(|text| text.parse().unwrap()).collect(),
            "KnownIPNetworks" => {
                options.known_networks = list(value).map(|text| text.parse().unwrap()).collect();
            }
            "AllowedHosts" => options.allowed_hosts = list(value).map(str::to_owned).collect(),
            "RequireHeaderSymmetry" => options.require_header_symmetry = value == "True",
            other => panic!("an option {other}"),
        }
    }
    if case.starts_with("AllowedHosts [] ") {
        // One host, which is empty.
        options.allowed_hosts = vec![String::new()];
    }
    if case == "custom header names" {
        options.for_header_name = "fwd-for".parse().unwrap();
        options.original_for_header_name = "fwd-orig".parse().unwrap();
    }
    options
}

fn fields(names: &str) -> ForwardedFields {
    names.split(", ").fold(ForwardedFields::NONE, |fields, name| {
        fields
            | match name {
                "All" => ForwardedFields::ALL,
                "XForwardedFor" => ForwardedFields::FOR,
                "XForwardedHost" => ForwardedFields::HOST,
                "XForwardedProto" => ForwardedFields::PROTO,
                "XForwardedPrefix" => ForwardedFields::PREFIX,
                "None" => ForwardedFields::NONE,
                other => panic!("a flag {other}"),
            }
    })
}

fn list(value: &str) -> impl Iterator<Item = &str> {
    let inner = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')).unwrap();
    inner.split(',').filter(|item| !item.is_empty())
}

async fn enabled_by_variable(case: &str) {
    let (name, value) = case.split_once('=').unwrap();
    let (builder, client) = app::builder([(name, value)]);
    let witness = app::Witness::default();
    let host = builder.build(witness.handler()).unwrap();
    host.start().await.unwrap();
    let request = client.get("/").connection(app::from("10.0.0.1", 0));
    let request = request.header("x-forwarded-for", "1.1.1.1, 2.2.2.2").header("x-forwarded-proto", "https");
    request.send().await.unwrap().assert_status(200);
    let seen = witness.take().unwrap();
    assert_eq!((seen.scheme.as_str(), seen.remote.as_str()), ("https", "2.2.2.2|0"));
    assert_eq!(seen.header("x-original-for").as_deref(), Some("10.0.0.1:0"));
}
