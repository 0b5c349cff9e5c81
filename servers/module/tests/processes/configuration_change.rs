//! Files that change while the module serves.

use crate::{
    client::{self, Client, Load},
    module::Module,
    scratch::Scratch,
    web_config::WebConfig,
};

pub(crate) fn under_load() {
    let module = Module::start(&WebConfig::contract());
    assert_eq!(module.get("/").status, 200);
    let load = Load::start(module.address(), "/", 6);
    // Half of them wait for their answer while the change comes.
    let slow = Load::start(module.address(), "/wait?ms=300", 6);
    for round in 1..=3_u64 {
        let former = module.processes();
        module
            .scratch
            .write("web.config", &WebConfig::contract().variable("ROUND", &round.to_string()).text());
        module.state_when("/", |state| state["recycles"] == round);
        module.state_when("/", |state| {
            state["processes"][0]["id"].as_u64().is_some_and(|process| !former.contains(&process))
        });
        let before = module.state("/")["requests"].as_u64().unwrap();
        module.state_when("/", |state| state["requests"].as_u64().unwrap() > before + 50);
    }
    let outcomes: Vec<_> = load.end().into_iter().chain(slow.end()).flatten().collect();
    let failed: Vec<_> = outcomes.iter().filter(|outcome| **outcome != Ok(200)).collect();
    assert!(failed.is_empty(), "{} of {}: {failed:?}", failed.len(), outcomes.len());
    let state = module.state("/");
    assert_eq!(
        (&state["starts"], &state["crashes"], &state["forward_failures"]),
        (&4.into(), &0.into(), &0.into())
    );
}

pub(crate) fn wrong() {
    let module = Module::start(&WebConfig::contract());
    assert_eq!(module.get("/").status, 200);
    let former = module.processes();
    module.scratch.write("web.config", "<configuration><oops></configuration>");
    let problem = |module: &Module| {
        let state = client::get(module.status_address(), "/status.json").body;
        let state: serde_json::Value = serde_json::from_str(&state).unwrap();
        state["configuration_error"].as_str().unwrap().to_owned()
    };
    while problem(&module).is_empty() {}
    assert!(problem(&module).contains("web.config:1:"), "{}", problem(&module));
    assert_eq!((module.get("/").status, module.processes()), (200, former.clone()));

    module.scratch.write("web.config", &WebConfig::contract().variable("NEW", "1").text());
    module.state_when("/", |state| state["starts"] == 2);
    assert_eq!(problem(&module), "");
}

pub(crate) fn does_not_start() {
    let module = Module::start(&WebConfig::contract());
    assert_eq!(module.get("/").status, 200);
    let former = module.processes();
    module.scratch.write("web.config", &WebConfig::new("silent").attribute("startupTimeLimit", "1").text());
    let state = module.state_when("/", |state| {
        state["start_failures"] == 1 && state["errors"].to_string().contains("former")
    });
    assert_eq!(state["state"], "online");
    assert_eq!((module.get("/").status, module.processes()), (200, former));
}

pub(crate) fn fixed_port() {
    let listener =
        (20_000..30_000).find_map(|port| std::net::TcpListener::bind(("127.0.0.1", port)).ok()).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let configuration = WebConfig::contract().variable("ASPNETCORE_PORT", &port);
    let module = Module::start(&configuration.clone().variable("ASPNETCORE_DETAILEDERRORS", "1"));
    // Not the process's listener: it would be taken for it.
    let answer = module.get("/");
    assert!(answer.status == 502 && answer.body.contains(&format!("{port} cannot be had")), "{answer:?}");
    drop(listener);
    client::get_until(module.address(), "/", |answer| answer.status == 200);
    assert_eq!(module.backend(), format!("127.0.0.1:{port}"));

    let load = Load::start(module.address(), "/wait?ms=50", 4);
    let former = module.processes();
    module.scratch.write("web.config", &configuration.variable("ROUND", "2").text());
    module.state_when("/", |state| {
        state["processes"][0]["id"].as_u64().is_some_and(|process| !former.contains(&process))
    });
    let before = module.state("/")["requests"].as_u64().unwrap();
    module.state_when("/", |state| state["requests"].as_u64().unwrap() > before + 20);
    let failed: Vec<_> = load.end().into_iter().flatten().filter(|outcome| *outcome != Ok(200)).collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(module.backend(), format!("127.0.0.1:{port}"));
}

pub(crate) fn come_and_go() {
    let application = |path: &str, variable: &str| {
        let program = std::env::current_exe().unwrap();
        format!(
            "[[applications]]\npath = {path:?}\nprocessPath = {:?}\n[applications.environmentVariables]\n\
             FALCONRY_TEST_BACKEND = \"contract\"\nOTHER = {variable:?}\n",
            program.to_str().unwrap()
        )
    };
    let scratch = Scratch::new();
    scratch.write("module.toml", &(application("/a", "1") + &application("/b", "1")));
    let module = Module::in_folder(scratch, &["--config", "module.toml"]);
    assert_eq!(
        [module.get("/a/").status, module.get("/b/").status, module.get("/c/").status],
        [200, 200, 404]
    );
    let former = module.state("/a")["processes"][0]["id"].clone();
    let mut waiting = Client::connect(module.address()).unwrap();
    waiting.write("GET /b/wait?ms=1500", "").unwrap();
    module.state_when("/b", |state| state["in_flight"] == 1);

    module.scratch.write("module.toml", &(application("/a", "1") + &application("/c", "1")));
    client::get_until(module.address(), "/c/", |answer| answer.status == 200);
    assert_eq!(module.get("/b/").status, 404);
    assert_eq!(waiting.read().unwrap().status, 200);
    // What has not changed goes on.
    assert_eq!(module.state("/a")["processes"][0]["id"], former);
}
