//! Processes that end by themselves, or do not start.

use std::{fs, net::SocketAddr, sync::Arc, time::Duration};

use falconry_features::{Server, ServerAddressesFeature};
use falconry_kestrel::{KestrelServer, KestrelServerOptions};
use falconry_module::{Module as LibraryModule, ModuleConfiguration, ModuleOptions};

use crate::{
    client::{self, Client, Load},
    module::{Module, kill},
    scratch::Scratch,
    web_config::WebConfig,
};

pub(crate) fn killed_under_load() {
    const CLIENTS: usize = 8;
    const KILLS: u64 = 5;
    let module = Module::start(&WebConfig::contract());
    assert_eq!(module.get("/").status, 200);
    let load = Load::start(module.address(), "/", CLIENTS);
    for round in 1..=KILLS {
        let state = module.state_when("/", |state| state["state"] == "online" && state["starts"] == round);
        let before = state["requests"].as_u64().unwrap();
        // Under load indeed.
        module.state_when("/", |state| state["requests"].as_u64().unwrap() > before + 50);
        kill(module.processes()[0]);
        module.state_when("/", |state| state["crashes"] == round);
    }
    let last = module.state_when("/", |state| state["state"] == "online" && state["starts"] == KILLS + 1);
    let after = last["requests"].as_u64().unwrap() + 100;
    module.state_when("/", |state| state["requests"].as_u64().unwrap() > after);
    let outcomes = load.end();
    let mut lost = 0;
    for (client, outcomes) in outcomes.iter().enumerate() {
        for outcome in outcomes {
            match outcome {
                Ok(200) => {}
                Ok(502) => lost += 1,
                other => panic!("client {client}: {other:?}"),
            }
        }
        // A client has one request under way.
        let failed = outcomes.iter().filter(|outcome| **outcome != Ok(200)).count();
        assert!(failed as u64 <= KILLS, "client {client} lost {failed}");
    }
    println!("{lost} of {} requests met 502", outcomes.iter().map(Vec::len).sum::<usize>());
    assert_eq!(module.get("/").status, 200);
}

pub(crate) fn repeated() {
    let module = Module::start(&WebConfig::contract());
    let mut reads: Vec<_> = (0..4).map(|_| Client::connect(module.address()).unwrap()).collect();
    let mut posts: Vec<_> = (0..4).map(|_| Client::connect(module.address()).unwrap()).collect();
    reads.iter_mut().for_each(|client| client.write("GET /wait?ms=1000", "").unwrap());
    for client in &mut posts {
        client.write("POST /echo", "Content-Length: 5\r\n").unwrap();
        client.write_body(b"hell").unwrap();
    }
    module.state_when("/", |state| state["processes"][0]["in_flight"] == 8);
    // The answer to a request with a body has begun: it cannot be repeated, and must not look whole.
    for client in &mut posts {
        client.read_head().unwrap();
    }
    kill(module.processes()[0]);
    for client in &mut reads {
        assert_eq!(client.read().unwrap().status, 200);
    }
    for client in &mut posts {
        assert!(client.rest_is_cut(), "a response that broke off looks whole");
    }
    assert_eq!(module.state("/")["starts"], 2);
}

pub(crate) fn crash_loop() {
    let scratch = Scratch::new();
    let allowed = scratch.join("allowed");
    let configuration = WebConfig::new(&format!("crash-without:{}", allowed.display()));
    let configuration = configuration.attribute("rapidFailsPerMinute", "2");
    let configuration =
        ModuleConfiguration::from_web_config(&configuration.text(), &scratch.join("web.config")).unwrap();
    let mut options = ModuleOptions::default();
    // Long enough for what follows also on a busy machine.
    options.rapid_fail_window = Duration::from_secs(15);

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (module, server, address) = runtime.block_on(async {
        let module = LibraryModule::new(configuration, options);
        let server = KestrelServer::new(KestrelServerOptions::default());
        let addresses = server.features().get::<dyn ServerAddressesFeature>().unwrap();
        addresses.add("http://127.0.0.1:0").unwrap();
        server.start(Arc::new(module.clone())).await.unwrap();
        let address = addresses.addresses()[0].strip_prefix("http://").unwrap().to_owned();
        (module, server, address)
    });
    assert!(address.parse::<SocketAddr>().is_ok());
    let crashes = || fs::read(format!("{}.crashes", allowed.display())).unwrap_or_default().len();

    for _ in 0..3 {
        let answer = client::get(&address, "/");
        assert!(answer.status == 502 && answer.body.contains("502.5"), "{answer:?}");
    }
    // Each start is tried with two ports.
    assert_eq!(crashes(), 6);
    for _ in 0..20 {
        let answer = client::get(&address, "/");
        assert!(answer.status == 502 && answer.body.contains("502.5"), "{answer:?}");
    }
    assert_eq!(crashes(), 6, "a process was started although they fail too often");

    fs::write(&allowed, "").unwrap();
    let answer = client::get_until(&address, "/", |answer| answer.status == 200);
    assert_eq!(answer.body, "Hello World!");
    assert_eq!(crashes(), 7);
    runtime.block_on(async {
        module.stop().await;
        server.stop(falconry_features::Deadline::now()).await.unwrap();
    });
}

pub(crate) fn does_not_listen() {
    let module = Module::start(&WebConfig::new("silent").attribute("startupTimeLimit", "1"));
    let answer = module.get("/");
    assert!(answer.status == 502 && answer.body.contains("502.5"), "{answer:?}");
    let errors = module.state("/")["errors"].to_string();
    assert!(errors.contains("did not listen within 1 s"), "{errors}");

    let quiet = WebConfig::new("silent")
        .attribute("startupTimeLimit", "0")
        .attribute("disableStartUpErrorPage", "true");
    let answer = Module::start(&quiet).get("/");
    assert_eq!((answer.status, answer.body.as_str()), (502, ""));
}

pub(crate) fn details() {
    let scratch = Scratch::new();
    let configuration = WebConfig::new(&format!("crash-without:{}", scratch.join("absent").display()));
    let answer = Module::start(&configuration).get("/");
    assert!(answer.status == 502 && !answer.body.contains("secret"), "{answer:?}");
    let answer = Module::start(&configuration.variable("ASPNETCORE_ENVIRONMENT", "Development")).get("/");
    assert!(
        answer.body.contains("the secret reason of the crash") && answer.body.contains("exit code 7"),
        "{answer:?}"
    );

    let missing = WebConfig::program("./no-such-program").variable("ASPNETCORE_DETAILEDERRORS", "1");
    let answer = Module::start(&missing).get("/");
    assert!(answer.status == 502 && answer.body.contains("no-such-program"), "{answer:?}");
    let missing = WebConfig::program("no-such-program-in-path").variable("ASPNETCORE_DETAILEDERRORS", "true");
    let answer = Module::start(&missing).get("/");
    assert!(answer.body.contains("no-such-program-in-path cannot be run"), "{answer:?}");
}
