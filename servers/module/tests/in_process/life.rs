//! The worker's start and end.

use crate::{
    client::{Client, Load, get, get_until},
    module::Module,
    support::{contract, in_process, library},
    web_config::WebConfig,
};

fn probe() -> WebConfig {
    in_process(&library("falconry-module", "in_process_probe"))
}

pub(crate) fn crash() {
    let module = Module::start(&probe());
    let first = module.get("/process").body;
    let mut client = Client::connect(module.address()).unwrap();
    let answer = client.send("POST /crash", "Content-Length: 0\r\n").unwrap();
    assert!(answer.status == 502 && answer.body.contains("502.3"), "{answer:?}");
    let second = module.get("/process");
    assert_eq!(second.status, 200);
    assert_ne!(second.body, first);
    let state = module.state("/");
    assert_eq!((&state["crashes"], &state["starts"]), (&1.into(), &2.into()), "{state:#}");
}

pub(crate) fn token() {
    let module = Module::start(&contract());
    assert_eq!(module.get("/").status, 200);
    assert_eq!(get(&module.backend(), "/").status, 400);
}

#[cfg(unix)]
pub(crate) fn unix_socket() {
    let module = Module::start(&contract().setting("listenOn", "unix"));
    assert_eq!(module.get("/").body, "Hello World!");
    assert!(module.backend().contains("socket"), "{}", module.backend());
}

pub(crate) fn recycling() {
    let module = Module::start(&probe());
    let first = module.get("/process").body;
    let load = Load::start(module.address(), "/process", 4);
    module.scratch.write("web.config", &probe().attribute("rapidFailsPerMinute", "7").text());
    let second = get_until(module.address(), "/process", |answer| answer.body != first).body;
    module
        .state_when("/", |state| state["recycles"] == 1 && state["processes"].as_array().unwrap().len() == 1);
    let outcomes = load.end().concat();
    assert!(outcomes.iter().all(|outcome| *outcome == Ok(200)), "{outcomes:?}");
    assert_eq!(module.get("/process").body, second);
}

pub(crate) fn stop() {
    let mut module = Module::start(&contract());
    let mut client = Client::connect(module.address()).unwrap();
    client.write("GET /wait?ms=300", "").unwrap();
    module.state_when("/", |state| state["in_flight"] == 1);
    module.ask_to_stop();
    assert_eq!(client.read().unwrap().status, 200);
    assert_eq!(module.end().0, Some(0));
    let log = module.log().whole();
    assert!(log.contains("a process of the application stopped") && log.contains("exit code 0"), "{log}");
}
