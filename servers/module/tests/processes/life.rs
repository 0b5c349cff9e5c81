//! Processes from start to stop.

use std::{env, fs, thread, time::Instant};

use serde_json::Value;

use crate::{
    client::{self, Client},
    module::{Module, WAYS_TO_STOP, kill},
    scratch::Scratch,
    web_config::WebConfig,
};

pub(crate) fn first_request() {
    let module = Module::start(&WebConfig::contract());
    assert_eq!(module.state("/")["state"], "idle");
    let answer = module.get("/");
    assert_eq!((answer.status, answer.body.as_str()), (200, "Hello World!"));
    let state = module.state("/");
    assert_eq!(
        (&state["state"], &state["starts"], &state["requests"]),
        (&"online".into(), &1.into(), &1.into())
    );

    let info: Value = serde_json::from_str(&module.get("/info").body).unwrap();
    assert_eq!(
        (&info["scheme"], &info["path_base"], &info["protocol"]),
        (&"http".into(), &"".into(), &"HTTP/1.1".into())
    );
    assert!(info["remote"].as_str().unwrap().starts_with("127.0.0.1:"), "{info}");
    let fields = module.get("/fields").body;
    assert!(!fields.contains("ms-aspnetcore"), "{fields}");
}

pub(crate) fn token() {
    let module = Module::start(&WebConfig::contract());
    assert_eq!(module.get("/").status, 200);
    let backend = module.backend();
    assert_eq!(client::get(&backend, "/").status, 400);
    let guess = "MS-ASPNETCORE-TOKEN: 00000000-0000-4000-8000-000000000000\r\n";
    assert_eq!(Client::connect(&backend).unwrap().send("GET /", guess).unwrap().status, 400);
    // What a client says itself does not help, and does no harm.
    assert_eq!(Client::connect(module.address()).unwrap().send("GET /", guess).unwrap().status, 200);
}

pub(crate) fn paths() {
    let scratch = Scratch::new();
    scratch.write("web.config", &WebConfig::contract().text());
    scratch.write("shop/web.config", &WebConfig::contract().variable("WHERE", "shop").text());
    let arguments = ["--config", "web.config", "--config", "/Shop=shop/web.config"];
    let module = Module::in_folder(scratch, &arguments);
    let info = |path: &str| serde_json::from_str::<Value>(&module.get(path).body).unwrap();
    assert_eq!(info("/shop/info")["path_base"], "/shop");
    assert_eq!(info("/Shop/info")["path"], "/info");
    assert_eq!(info("/info")["path_base"], "");
    assert_eq!(module.get("/shopping").status, 404);
    assert_eq!(
        (module.state("/")["requests"].as_u64(), module.state("/Shop")["requests"].as_u64()),
        (Some(2), Some(2))
    );

    let scratch = Scratch::new();
    scratch.write("web.config", &WebConfig::contract().text());
    let module = Module::in_folder(scratch, &["--config", "/only=web.config"]);
    assert_eq!((module.get("/").status, module.get("/only/").status), (404, 200));
}

pub(crate) fn turns() {
    let module = Module::start(&WebConfig::contract().attribute("processesPerApplication", "3"));
    for _ in 0..9 {
        assert_eq!(module.get("/").status, 200);
    }
    let state = module.state("/");
    let requests: Vec<_> = state["processes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|process| process["requests"].as_u64().unwrap())
        .collect();
    assert_eq!(requests, [3, 3, 3]);
}

pub(crate) fn one_start() {
    let module = Module::start(&WebConfig::contract());
    let address = module.address().to_owned();
    let clients: Vec<_> = (0..20)
        .map(|_| {
            let address = address.clone();
            thread::spawn(move || client::get(&address, "/").status)
        })
        .collect();
    for client in clients {
        assert_eq!(client.join().unwrap(), 200);
    }
    assert_eq!(module.state("/")["starts"], 1);
}

pub(crate) fn always_running() {
    let module = Module::start(&WebConfig::contract().setting("startMode", "AlwaysRunning"));
    module.state_when("/", |state| state["state"] == "online");
    let first = module.processes();
    kill(first[0]);
    module.state_when("/", |state| state["starts"] == 2 && state["state"] == "online");
    assert_ne!(module.processes(), first);
    assert_eq!(module.state("/")["requests"], 0);
}

pub(crate) fn stop() {
    let configuration = WebConfig::contract()
        .attribute("stdoutLogEnabled", "true")
        .attribute("stdoutLogFile", r".\logs\stdout");
    let mut module = Module::start(&configuration);
    assert_eq!(module.get("/").status, 200);
    let mut client = Client::connect(module.address()).unwrap();
    client.write("GET /wait?ms=1500", "").unwrap();
    module.state_when("/", |state| state["in_flight"] == 1);
    module.ask_to_stop();
    assert_eq!(client.read().unwrap().status, 200);
    let (code, output) = module.end();
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("Application is shutting down..."), "{output}");
    // The message, not the signal: it had the time, and no other way was tried.
    let log = module.log().whole();
    assert!(!log.contains("gets the signal"), "{log}");
    let log = the_only_file(&module, "logs").1;
    assert!(
        log.contains("Now listening on: http://127.0.0.1:")
            && log.contains("Application is shutting down..."),
        "{log}"
    );
}

pub(crate) fn ways_to_stop() {
    for way in WAYS_TO_STOP {
        let mut module = Module::start(&WebConfig::contract());
        assert_eq!(module.get("/").status, 200);
        let backend = module.backend();
        module.ask(way);
        let (code, output) = module.end();
        assert_eq!(code, Some(0), "{way}: {output}");
        assert!(output.contains("Application is shutting down..."), "{way}: {output}");
        assert!(Client::connect(&backend).is_err(), "{way}: the process is still there");
    }
}

pub(crate) fn output() {
    let configuration = WebConfig::contract()
        .attribute("stdoutLogEnabled", "true")
        .attribute("stdoutLogFile", r".\logs\stdout");
    let module = Module::start(&configuration);
    assert_eq!(module.get("/").status, 200);
    let process = module.processes()[0];
    let (name, _) = the_only_file(&module, "logs");
    let time = name.strip_prefix("stdout_").and_then(|rest| rest.strip_suffix(&format!("_{process}.log")));
    let time = time.unwrap_or_else(|| panic!("{name}"));
    assert!(time.len() == 14 && time.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
}

pub(crate) fn windows_paths() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.join("bin/net")).unwrap();
    let own = env::current_exe().unwrap();
    let name = format!("app{}", env::consts::EXE_SUFFIX);
    fs::hard_link(own, scratch.join("bin/net").join(&name)).unwrap();
    let folder = scratch.path().to_str().unwrap().to_owned();
    scratch.write("site/web.config", &paths_configuration(&format!(r".\..\bin\net\{name}")).text());
    let module = Module::in_folder(scratch, &["--config", "site/web.config"]);
    assert_eq!(module.get("/").body, "Hello World!");
    assert!(the_only_file(&module, "site/logs/deep").0.starts_with("out_"));
    let absolute = format!("{folder}/bin/net/{name}");
    let without_ending = r"..\bin\net\app".to_owned();
    for path in [
        format!(r"..\bin\net\{name}"),
        absolute.replace('\\', "/"),
        absolute.replace('/', r"\"),
        without_ending,
    ] {
        let starts = module.state("/")["starts"].as_u64().unwrap();
        module.scratch.write("site/web.config", &paths_configuration(&path).text());
        module.state_when("/", |state| state["starts"] == starts + 1);
        assert_eq!(module.get("/").body, "Hello World!", "{path}");
    }
}

fn paths_configuration(program: &str) -> WebConfig {
    WebConfig::program(program)
        .variable(crate::backend::VARIABLE, "contract")
        .attribute("stdoutLogEnabled", "true")
        .attribute("stdoutLogFile", r".\logs\deep\out")
}

/// The file of a folder, once it is there: the module writes what a program says, but no request waits for that.
fn the_only_file(module: &Module, folder: &str) -> (String, String) {
    let start = Instant::now();
    let files = loop {
        let files = fs::read_dir(module.scratch.join(folder)).into_iter().flatten().map(Result::unwrap);
        let files: Vec<_> = files.collect();
        if !files.is_empty() {
            break files;
        }
        assert!(start.elapsed() < client::FOREVER, "there is no file in {folder}");
        thread::yield_now();
    };
    assert_eq!(files.len(), 1, "{files:?}");
    (files[0].file_name().into_string().unwrap(), fs::read_to_string(files[0].path()).unwrap())
}

pub(crate) fn offline() {
    let module = Module::start(&WebConfig::contract());
    assert_eq!(module.get("/").status, 200);
    let page = module.scratch.write("app_offline.htm", "<h1>Back at noon</h1>");
    let answer = client::get_until(module.address(), "/", |answer| answer.status == 503);
    assert_eq!(answer.body, "<h1>Back at noon</h1>");
    assert!(answer.head.to_lowercase().contains("content-type: text/html"), "{}", answer.head);
    module.state_when("/", |state| state["state"] == "offline");
    fs::remove_file(page).unwrap();
    let answer = client::get_until(module.address(), "/", |answer| answer.status == 200);
    assert_eq!(answer.body, "Hello World!");
    assert_eq!(module.state("/")["starts"], 2);

    let scratch = Scratch::new();
    scratch.write("web.config", &WebConfig::contract().text());
    scratch.write("app_offline.htm", "from the start");
    let module = Module::in_folder(scratch, &["--config", "web.config"]);
    assert_eq!((module.get("/").status, module.get("/").body.as_str()), (503, "from the start"));
}

#[cfg(unix)]
pub(crate) fn unix_socket() {
    let module = Module::start(&WebConfig::contract().setting("listenOn", "unix"));
    assert_eq!(module.get("/").body, "Hello World!");
    let address = module.backend();
    let path = address.strip_prefix("unix:").unwrap_or_else(|| panic!("{address}")).to_owned();
    use std::os::unix::fs::PermissionsExt;
    let folder = std::path::Path::new(&path).parent().unwrap().to_owned();
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let info: Value = serde_json::from_str(&module.get("/info").body).unwrap();
    assert!(info["remote"].as_str().unwrap().starts_with("127.0.0.1:"), "{info}");
    let mut module = module;
    module.ask_to_stop();
    assert_eq!(module.end().0, Some(0));
    assert!(!folder.exists());
}

pub(crate) fn no_web_sockets() {
    let handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let module = Module::start(&WebConfig::contract());
    let mut client = Client::connect(module.address()).unwrap();
    assert_eq!(client.send("GET /ws", handshake).unwrap().status, 101);
    drop(client);
    let module = Module::start(&WebConfig::contract().element("<webSocket enabled=\"false\" />"));
    let mut client = Client::connect(module.address()).unwrap();
    assert_eq!(client.send("GET /ws", handshake).unwrap().status, 426);
}

pub(crate) fn body_limit() {
    let limits = |most: u32| {
        format!(
            "<security><requestFiltering><requestLimits maxAllowedContentLength=\"{most}\" /></requestFiltering></security>"
        )
    };
    let module = Module::start(&WebConfig::contract().element(&limits(1000)));
    let upload = |length: usize| {
        let mut client = Client::connect(module.address()).unwrap();
        client.write("POST /upload", &format!("Content-Length: {length}\r\n")).unwrap();
        client.write_body(&vec![b'x'; length]).unwrap();
        client.read().unwrap()
    };
    assert!(upload(1000).body.starts_with("1000 "));
    assert_eq!(upload(1001).status, 413);
}
