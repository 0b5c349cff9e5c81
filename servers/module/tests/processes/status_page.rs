//! The state of a module, for people and programs.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    client::{self, Client, Load},
    module::{Module, command},
    scratch::Scratch,
    skip::skip,
    web_config::WebConfig,
};

pub(crate) fn told() {
    let module = Module::start(&WebConfig::contract());
    for _ in 0..3 {
        assert_eq!(module.get("/").status, 200);
    }
    assert_eq!(module.get("/status/503").status, 503);
    let metrics = client::get(module.status_address(), "/metrics").body;
    for line in [
        "falconry_module_requests_total{path=\"/\"} 4",
        "falconry_module_processes{path=\"/\"} 1",
        "falconry_module_process_starts_total{path=\"/\"} 1",
        "falconry_module_responses_total{path=\"/\",status=\"2xx\"} 3",
        "falconry_module_responses_total{path=\"/\",status=\"5xx\"} 1",
        "# TYPE falconry_module_requests_total counter",
    ] {
        assert!(metrics.lines().any(|other| other == line), "{line} in {metrics}");
    }
    let url = format!("http://{}", module.status_address());
    let told = command(module.scratch.path()).args(["status", "--status", &url]).output().unwrap();
    let text = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.status.code(), Some(0), "{text}");
    let process = format!("process {} at 127.0.0.1:", module.processes()[0]);
    assert!(text.contains(&process) && text.contains("requests 4, in flight 0"), "{text}");
    assert!(text.contains("online") && text.contains("requests/s") && text.contains('▁'), "{text}");
    let nobody =
        command(module.scratch.path()).args(["status", "--status", "http://127.0.0.1:9"]).output().unwrap();
    assert_eq!(nobody.status.code(), Some(1));
}

pub(crate) fn this_machine() {
    let module = Module::start(&WebConfig::contract());
    let ask = |line: &str, host: &str| {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(module.status_address()).unwrap();
        write!(stream, "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(ask("GET /", "localhost:1").starts_with("HTTP/1.1 200 "));
    // A page of another site, whose name leads here.
    assert!(ask("GET /status.json", "evil.example").starts_with("HTTP/1.1 421 "));
    assert!(ask("POST /", "localhost").starts_with("HTTP/1.1 405 "));
    assert!(ask("GET /other", "[::1]:80").starts_with("HTTP/1.1 404 "));
    let page = ask("GET /", "127.0.0.1");
    assert!(page.to_lowercase().contains("content-security-policy: default-src 'none'"), "{page}");
    assert!(!page.contains("src=") && !page.contains("href="), "the page loads something");
}

pub(crate) fn browser() {
    const NAME: &str = "the_status_page_shows_numbers_that_move_and_plots_in_a_browser";
    let Some(browser) = Browser::start() else {
        skip(NAME, "there is no chromedriver, or no chromium");
        return;
    };
    let module = Module::start(&WebConfig::contract());
    browser.call("POST", "/url", json!({ "url": format!("http://{}/", module.status_address()) }));
    let shown = |name: &str| {
        let script = "const found = document.querySelector(`[data-value='${arguments[0]}']`); return found && found.textContent";
        browser.script(script, json!([name])).as_str().unwrap_or_default().to_owned()
    };
    let wait_for = |name: &str, is_wanted: &dyn Fn(&str) -> bool| {
        let start = std::time::Instant::now();
        loop {
            let text = shown(name);
            if is_wanted(&text) {
                return text;
            }
            assert!(start.elapsed() < client::FOREVER, "{name} is still {text:?}");
        }
    };
    wait_for("requests", &|text| text == "0");
    let load = Load::start(module.address(), "/", 2);
    let number =
        |text: &str| text.split(' ').next().and_then(|number| number.parse::<f64>().ok()).unwrap_or(0.0);
    let first = number(&wait_for("requests", &|text| number(text) > 100.0));
    wait_for("requests", &|text| number(text) > first + 100.0);
    wait_for("rate", &|text| number(text) > 10.0);
    wait_for("latency", &|text| number(text) > 0.0);
    wait_for("state", &|text| text == "online");
    // The line of a plot is drawn: it has points at different heights, and a size on the screen.
    let script = "const path = document.querySelector(`[data-plot='${arguments[0]}'] path`); \
                  const box = path.getBoundingClientRect(); return [path.getAttribute('d'), box.width, box.height, path.getTotalLength()]";
    let start = std::time::Instant::now();
    loop {
        let drawn = browser.script(script, json!(["rate"]));
        let heights: std::collections::BTreeSet<String> = drawn[0]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches('M')
            .split('L')
            .filter_map(|point| point.split(' ').nth(1).map(str::to_owned))
            .collect();
        let size = |index: usize| drawn[index].as_f64().unwrap_or_default();
        if heights.len() >= 2 && size(1) > 0.0 && size(2) > 10.0 && size(3) > 10.0 {
            break;
        }
        assert!(start.elapsed() < client::FOREVER, "{drawn}");
    }
    let rows = browser.script("return document.querySelectorAll('table tr').length", json!([]));
    assert!(rows.as_u64().unwrap() >= 2, "{rows}");
    assert!(load.end().into_iter().flatten().all(|outcome| outcome == Ok(200)));
}

/// A headless Chromium behind its driver.
struct Browser {
    driver: Child,
    address: String,
    session: String,
    _profile: Scratch,
}

impl Browser {
    fn start() -> Option<Self> {
        let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
        let chromium = chromium.into_iter().find(|path| Path::new(path).exists())?;
        let profile = Scratch::new();
        let mut driver = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "chromedriver", "--port=0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut lines = BufReader::new(driver.stdout.take()?).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let port = line.split("started successfully on port ").nth(1)?;
            Some(port.trim_end_matches('.').to_owned())
        });
        std::thread::spawn(move || lines.for_each(drop));
        let mut browser = Self {
            driver,
            address: format!("127.0.0.1:{}", port?),
            session: String::new(),
            _profile: profile,
        };
        let arguments = [
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            format!("--user-data-dir={}", browser._profile.path().display()),
        ];
        let options = json!({ "binary": chromium, "args": arguments });
        let session = browser.call(
            "POST",
            "",
            json!({ "capabilities": { "alwaysMatch": { "browserName": "chrome", "goog:chromeOptions": options } } }),
        );
        browser.session = session["sessionId"].as_str().unwrap_or_else(|| panic!("{session}")).to_owned();
        Some(browser)
    }

    /// One command of WebDriver; gives its value.
    fn call(&self, method: &str, path: &str, body: Value) -> Value {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let session = if self.session.is_empty() { String::new() } else { format!("/{}", self.session) };
        let mut client = Client::connect(&self.address).unwrap();
        let fields = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        client.write(&format!("{method} /session{session}{path}"), &fields).unwrap();
        client.write_body(body.as_bytes()).unwrap();
        let answer = client.read().unwrap();
        let value: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"));
        assert_eq!(answer.status, 200, "{value}");
        value["value"].clone()
    }

    fn script(&self, script: &str, arguments: Value) -> Value {
        self.call("POST", "/execute/sync", json!({ "script": script, "args": arguments }))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.call("DELETE", "", Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
