//! Which source of addresses wins: the rows recorded from ASP.NET Core, and where we differ.

mod support;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use falconry::{Configuration, HostError, HttpContext, Result, WebHost, WebHostBuilder};
use serde_json::Value;
use support::RecordingServer;

/// Rows of the one kind of host that falconry has; the rest are of the generic host, where
/// `ASPNETCORE_` variables and `UseUrls` rank elsewhere.
const OUR_HOST: &str = "WebApplication";

/// Port lists that the original takes for port 80 (or fails over with an error about something else).
const REFUSED_HERE: [&str; 4] = ["'{P},{P2}'", "'abc'", "'65536'", "'http://*:{P}'"];

async fn nothing(_: &mut HttpContext) -> Result<()> {
    Ok(())
}

#[tokio::test]
async fn every_recorded_combination_of_sources_binds_what_the_original_binds() {
    let rows: Vec<Value> = serde_json::from_str(include_str!("data/golden/url_precedence.json")).unwrap();
    let rows: Vec<&Value> = rows.iter().filter(|row| row["host"] == OUR_HOST).collect();
    assert_eq!(rows.len(), 106);
    for (number, row) in rows.into_iter().enumerate() {
        let case = Case::new(number, row);
        let outcome = case.run().await;
        let name = format!("row {number}: {:?} prefer {}", case.sources, row["preferHostingUrls"]);
        if case.sources.iter().any(|source| REFUSED_HERE.iter().any(|refused| source.ends_with(refused))) {
            let error = outcome.bound.expect_err(&name);
            assert!(error.is_configuration(), "{name}: {error:?}");
            assert!(format!("{error:?}").contains("port numbers from 0 to 65535"), "{name}: {error:?}");
            continue;
        }
        match &row["bound"] {
            Value::Null => {
                outcome.bound.expect_err(&name);
            }
            bound => assert_eq!(outcome.bound.expect(&name), case.expected(bound), "{name}"),
        }
        assert_eq!(outcome.warnings, case.expected_warnings(&row["logs"]), "{name}");
    }
}

#[tokio::test]
async fn variables_of_falconry_win_over_those_of_the_original() {
    let variables = [
        ("FALCONRY_URLS", "http://127.0.0.1:1"),
        ("ASPNETCORE_URLS", "http://127.0.0.1:2"),
        ("DOTNET_URLS", "http://127.0.0.1:3"),
    ];
    let (bound, _) = start(builder("falconry").environment_variables(variables)).await.unwrap();
    assert_eq!(bound, ["http://127.0.0.1:1"]);
}

#[tokio::test]
async fn files_win_over_variables_with_a_prefix_and_the_command_line_over_both() {
    let root = directory("files");
    std::fs::write(root.join("falconry.toml"), "urls = \"http://127.0.0.1:2\"").unwrap();
    let with = |args: &[&str]| {
        WebHost::builder()
            .content_root(&root)
            .environment_variables([("FALCONRY_URLS", "http://127.0.0.1:1")])
            .args(["program"].iter().chain(args).copied())
    };
    assert_eq!(start(with(&[])).await.unwrap().0, ["http://127.0.0.1:2"]);
    assert_eq!(start(with(&["--urls", "http://127.0.0.1:3"])).await.unwrap().0, ["http://127.0.0.1:3"]);
}

#[tokio::test]
async fn several_addresses_keep_their_order_and_empty_ones_vanish() {
    let (bound, _) = start(builder("order").urls(";http://b:1;;http://a:2;")).await.unwrap();
    assert_eq!(bound, ["http://b:1", "http://a:2"]);
}

#[tokio::test]
async fn a_server_without_addresses_is_started_without_any() {
    let server = RecordingServer::without_addresses();
    let host = builder("none")
        .suppress_status_messages(true)
        .urls("http://localhost:1")
        .server(server.clone())
        .build(nothing)
        .unwrap();
    host.start().await.unwrap();
    assert_eq!(server.events(), ["start"]);
    assert!(host.addresses().is_empty());
    assert!(host.add_address("http://localhost:2").unwrap_err().is_invalid_state());
}

#[tokio::test]
async fn an_unknown_switch_value_names_the_values_it_takes() {
    let args = ["program", "--preferHostingUrls", "maybe"];
    let error = start(builder("switch").args(args)).await.unwrap_err();
    assert_eq!(
        format!("{error:?}"),
        "the configuration has an error\n  because `preferHostingUrls` is \"maybe\" (from argument \
         --preferHostingUrls): it takes true, false, 1 or 0"
    );
}

fn directory(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("hosting_urls").join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn builder(name: &str) -> WebHostBuilder {
    WebHost::builder().content_root(directory(name)).environment_variables([("PATH", "/bin")])
}

async fn start(builder: WebHostBuilder) -> Result<(Vec<String>, Vec<String>), HostError> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lines);
    let host = builder
        .status_writer(move |line| seen.lock().unwrap().push(line.to_owned()))
        .server(RecordingServer::new())
        .build(nothing)?;
    host.start().await?;
    let lines = lines.lock().unwrap().clone();
    Ok((host.addresses(), lines))
}

/// One row: each source sets an address or port with a number of its own.
struct Case<'a> {
    number: usize,
    sources: Vec<&'a str>,
    prefer: Option<&'a str>,
}

struct Outcome {
    bound: Result<Vec<String>, HostError>,
    warnings: Vec<String>,
}

impl<'a> Case<'a> {
    fn new(number: usize, row: &'a Value) -> Self {
        let sources = row["sources"].as_array().unwrap().iter().map(|source| source.as_str().unwrap());
        Self { number, sources: sources.collect(), prefer: row["preferHostingUrls"].as_str() }
    }

    async fn run(&self) -> Outcome {
        let mut sources = Sources { root: directory(&self.number.to_string()), ..Sources::default() };
        for (index, source) in self.sources.iter().enumerate() {
            sources.add(source, index);
        }
        if let Some(prefer) = self.prefer {
            sources.variables.push(("FALCONRY_PREFERHOSTINGURLS".into(), prefer.into()));
        }
        sources.run().await
    }

    fn expected(&self, bound: &Value) -> Vec<String> {
        // The server turns `*` into the address that it binds.
        let bound = bound.as_array().unwrap().iter().map(|url| url.as_str().unwrap());
        bound.map(|url| self.fill_in(&url.replace("[::]:", "*:"))).collect()
    }

    fn expected_warnings(&self, logs: &Value) -> Vec<String> {
        let logs = logs.as_array().map(Vec::as_slice).unwrap_or_default();
        let warnings = logs.iter().filter_map(|line| line.as_str().unwrap().split_once("Diagnostics[15] "));
        warnings.map(|(_, text)| self.fill_in(text)).collect()
    }

    fn fill_in(&self, text: &str) -> String {
        let mut text = text.replace("{P}", &port(0)).replace("{P2}", &port(1));
        for (index, source) in self.sources.iter().enumerate() {
            text = text.replace(&format!("<{source}>"), &port(index));
        }
        text
    }
}

fn port(index: usize) -> String {
    (6000 + index).to_string()
}

#[derive(Default)]
struct Sources {
    root: PathBuf,
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
    code: Configuration,
    added: Option<String>,
    replaced: Option<String>,
    endpoints: Vec<(u8, String)>,
}

impl Sources {
    fn add(&mut self, source: &str, index: usize) {
        let port = port(index);
        let url = format!("http://127.0.0.1:{port}");
        match source {
            "--urls" => self.arguments.extend(["--urls".into(), url]),
            "--http_ports" => self.arguments.push(format!("--http_ports={port}")),
            "config key urls (like appsettings.json)" => {
                let json = format!("{{\n  // an address\n  \"Urls\": \"{url}\",\n}}");
                std::fs::write(self.root.join("appsettings.json"), json).unwrap();
            }
            "WebHost.UseUrls" => self.code.set("urls", url),
            "app.Urls.Add" => self.added = Some(url),
            "app.Run(url)" => self.replaced = Some(url),
            // Both belong to the server; those from code come first.
            "ConfigureKestrel Listen" => self.endpoints.push((0, url)),
            "Kestrel:Endpoints config" => self.endpoints.push((1, url)),
            variable => self.add_variable(variable, &port, &url),
        }
    }

    fn add_variable(&mut self, source: &str, port_value: &str, url: &str) {
        let (name, value) = match (source.strip_suffix(" env"), source.split_once('=')) {
            (Some(name), _) if name.ends_with("PORTS") => (name, port_value.to_owned()),
            (Some(name), _) => (name, url.to_owned()),
            (None, Some((name, value))) => {
                let value = value.trim_matches('\'').replace("{P}", &port(0)).replace("{P2}", &port(1));
                (name, value)
            }
            (None, None) => panic!("a source that this test does not know: {source}"),
        };
        self.variables.push((name.to_owned(), value));
    }

    async fn run(mut self) -> Outcome {
        self.endpoints.sort();
        let endpoints = self.endpoints.iter().map(|(_, url)| url.clone()).collect();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&lines);
        let host = WebHost::builder()
            .content_root(&self.root)
            .environment_variables(self.variables.clone())
            .args(std::iter::once("program".to_owned()).chain(self.arguments.clone()))
            .configuration(self.code.clone())
            .status_writer(move |line| seen.lock().unwrap().push(line.to_owned()))
            .server(RecordingServer::with_endpoints(endpoints))
            .build(nothing)
            .unwrap();
        let bound = self.start(&host).await;
        let lines = lines.lock().unwrap();
        let warnings = lines.iter().filter(|line| line.starts_with("Overriding")).cloned().collect();
        Outcome { bound, warnings }
    }

    async fn start(&self, host: &WebHost) -> Result<Vec<String>, HostError> {
        use falconry::features::ServerAddressesFeature;
        if let Some(url) = &self.added {
            host.add_address(url)?;
        }
        if let Some(url) = &self.replaced {
            host.features().get::<dyn ServerAddressesFeature>().unwrap().clear().unwrap();
            host.add_address(url)?;
        }
        host.start().await?;
        Ok(host.addresses())
    }
}
