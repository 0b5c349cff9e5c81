//! The recorded rows about the module's application side.

use falconry::{HostError, WebHost, features::ServerAddressesFeature};
use falconry_test_host::{RequestBuilder, TestClient};
use http::Method;
use serde_json::Value;

use crate::app::{self, Seen, Witness};

/// Stands for the recorded certificate: the smallest thing that has its form.
const CERTIFICATE: &str = "MAMCAQA=";

/// Rows that are not replayed here, by the start of their name.
const ELSEWHERE: &[(&str, &str)] = &[
    ("path base without slash", "an error of the configuration: see iis_integration.rs"),
    ("activation with UseUrls(127.0.0.1:0) set: port not a number", "likewise"),
    ("Listen in code is overridden", "see kestrel.rs"),
    ("UseIISIntegration twice", "it is switched on or off, not added"),
    ("IIS_HTTPAUTH=", "there is no Windows authentication"),
    ("MaxRequestBodySize seen behind IISMiddleware", "ours is lifted: see kestrel.rs"),
];

/// Rows whose answer is another one.
const BETTER: &[(&str, &str)] = &[
    ("WINAUTHTOKEN hex (Linux)", "a handle means nothing here: 200 instead of 500"),
    ("WINAUTHTOKEN hex, IIS_HTTPAUTH=windows;anonymous", "likewise"),
];

#[tokio::test]
async fn the_program_behind_the_module_does_as_recorded() {
    let rows: Vec<Value> = serde_json::from_str(include_str!("../data/golden/iis_middleware.json")).unwrap();
    let (mut replayed, mut elsewhere) = (0, 0);
    for row in &rows {
        let case = text(row, "case");
        if let Some((_, reason)) = ELSEWHERE.iter().find(|(start, _)| case.starts_with(start)) {
            println!("not here: {case}: {reason}");
            elsewhere += 1;
        } else if case.starts_with("activation") {
            activation(row).await;
            replayed += 1;
        } else {
            request(row).await;
            replayed += 1;
        }
    }
    assert_eq!((replayed, elsewhere), (37, 8), "no row is left out");
    assert_eq!(replayed + elsewhere, rows.len());
}

async fn request(row: &Value) {
    let witness = Witness::default();
    let (host, client) = start(row, &witness).await.unwrap();
    let case = text(row, "case");
    let response = build(&client, text(row, "request")).send().await.unwrap();
    let better = BETTER.iter().find(|(better, _)| *better == case);
    if let Some((_, reason)) = better {
        println!("answered better: {case}: {reason}");
    }
    let is_better = better.is_some();
    let status = if is_better { Some(200) } else { row["status"].as_u64() };
    assert_eq!(Some(u64::from(response.status().as_u16())), status, "{row}");
    let asked = host.lifetime().stop_requested().is_cancelled();
    assert_eq!(Some(asked), row["applicationStopping"].as_bool(), "{row}");
    match (witness.take(), row.get("seen")) {
        (Some(seen), Some(expected)) => compare(&seen, expected, row),
        (Some(_), None) => assert!(is_better, "{row}"),
        (None, expected) => assert!(expected.is_none(), "{row}"),
    }
}

fn compare(seen: &Seen, expected: &Value, row: &Value) {
    let remote = if seen.remote == "127.0.0.1|1234" { "127.0.0.1|<port>" } else { &seen.remote };
    assert_eq!(seen.path_base.replace(' ', "%20"), text(expected, "PathBase"), "{row}");
    assert_eq!(seen.path, text(expected, "Path"), "{row}");
    assert_eq!(seen.scheme, text(expected, "Scheme"), "{row}");
    assert_eq!(remote, text(expected, "Remote"), "{row}");
    assert_eq!(seen.host, text(expected, "Host"), "{row}");
    assert_eq!(seen.is_tls, text(expected, "Tls") != "absent", "{row}");
    assert_eq!(seen.certificate.is_some(), text(expected, "Cert") != "null", "{row}");
    assert_eq!(seen.can_upgrade, text(expected, "Upgrade") == "present", "{row}");
    // The original leaves the limit at 30000000 although it means to lift it.
    assert_eq!(seen.max_body, None, "{row}");
    for field in text(expected, "Headers").split(" | ") {
        let (name, value) = field.split_once('=').unwrap();
        let value = value.replace("<base64 certificate>", CERTIFICATE).replace("<port>", "1234");
        match name {
            // The application sees no secret and no handle.
            "MS-ASPNETCORE-TOKEN" | "MS-ASPNETCORE-WINAUTHTOKEN" => assert_eq!(seen.header(name), None),
            name => assert_eq!(seen.header(name), Some(value), "{name} in {row}"),
        }
    }
}

async fn activation(row: &Value) {
    let witness = Witness::default();
    let (host, client) = start(row, &witness).await.unwrap();
    let response = client.get("/app").connection(app::from("127.0.0.1", 1234)).send().await.unwrap();
    assert_eq!(row["status without token header"], response.status().as_u16(), "{row}");
    let addresses = host.features().get::<dyn ServerAddressesFeature>().unwrap();
    assert_eq!(row["PreferHostingUrls"], addresses.prefer_hosting_urls(), "{row}");
}

async fn start(row: &Value, witness: &Witness) -> Result<(WebHost, TestClient), HostError> {
    let variables: Vec<(String, &str)> = text(row, "env")
        .split(", ")
        .filter_map(|variable| variable.split_once('='))
        .filter(|(_, value)| *value != "unset")
        .map(|(name, value)| (format!("ASPNETCORE_{name}"), if value.contains('<') { "5001" } else { value }))
        .map(|(name, value)| (name, if value == "auto" { "0" } else { value }))
        .collect();
    let (builder, client) = app::builder(variables.iter().map(|(name, value)| (name.as_str(), *value)));
    let forwards = !text(row, "case").contains("ForwardClientCertificate=false");
    let builder = builder.iis_options(|options| options.forward_client_certificate = forwards);
    let host = builder.build(witness.handler())?;
    host.start().await?;
    Ok((host, client))
}

/// `METHOD target | Name: value | Name: value`
fn build(client: &TestClient, line: &str) -> RequestBuilder {
    let mut parts = line.split(" | ");
    let (method, target) = parts.next().unwrap().split_once(' ').unwrap();
    let request = client.request(Method::from_bytes(method.as_bytes()).unwrap(), target);
    let request = request.header("host", "h").connection(app::from("127.0.0.1", 1234));
    parts.fold(request, |request, field| {
        let (name, value) = field.split_once(':').unwrap();
        request.header(name, value.trim().replace("<base64 certificate>", CERTIFICATE))
    })
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}
