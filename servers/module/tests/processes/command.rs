//! The command line.

use std::path::Path;

use serde_json::Value;

use crate::{
    backend,
    module::{Module, command},
    scratch::Scratch,
    web_config::WebConfig,
};

pub(crate) fn check() {
    let scratch = Scratch::new();
    scratch.write("good.config", &WebConfig::contract().setting("stackSize", "1").text());
    scratch.write(
        "bad.config",
        "<configuration>\n <system.webServer>\n  <aspNetCore processPath=\"x\" startupTimeLimit=\"9000\" />\n \
         </system.webServer>\n</configuration>\n",
    );
    let run = |file: &str| command(scratch.path()).args(["check", "--config", file]).output().unwrap();
    let good = run("good.config");
    let text = String::from_utf8(good.stdout).unwrap();
    assert_eq!(good.status.code(), Some(0), "{text}");
    assert!(
        text.contains("note: the handler setting stackSize has no effect") && text.contains("is right"),
        "{text}"
    );
    let bad = run("bad.config");
    let text = String::from_utf8(bad.stderr).unwrap();
    assert_eq!(bad.status.code(), Some(1));
    assert!(
        text.contains("bad.config:3:49: startupTimeLimit: \"9000\" is not seconds from 0 to 3600"),
        "{text}"
    );
    let absent = run("absent.config");
    let text = String::from_utf8(absent.stderr).unwrap();
    assert!(
        absent.status.code() == Some(1) && text.contains("absent.config") && text.contains("cannot be read"),
        "{text}"
    );
}

pub(crate) fn usage() {
    let scratch = Scratch::new();
    let wrong = command(scratch.path()).output().unwrap();
    let text = String::from_utf8(wrong.stderr).unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text.contains("--config FILE is missing") && text.contains("falconry-module check"), "{text}");
    let help = command(scratch.path()).arg("--help").output().unwrap();
    assert_eq!(help.status.code(), Some(0));
    let open = ["--config", "web.config", "--status", "http://0.0.0.0:0"];
    scratch.write("web.config", &WebConfig::contract().text());
    let open = command(scratch.path()).args(open).output().unwrap();
    let text = String::from_utf8(open.stderr).unwrap();
    assert!(open.status.code() == Some(1) && text.contains("for this machine only"), "{text}");
}

/// The file of the walk-through as it is; the program that it builds and starts is this one.
pub(crate) fn walk_through() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/module/web.config");
    let program = std::env::current_exe().unwrap();
    let variables = [("ANCM_LAUNCHER_PATH", program.to_str().unwrap()), (backend::VARIABLE, "contract")];
    let module = Module::with(Scratch::new(), &["--config", file.to_str().unwrap()], &variables);
    assert_eq!(module.get("/").body, "Hello World!");
    let info: Value = serde_json::from_str(&module.get("/info").body).unwrap();
    assert_eq!(info["path_base"], "");
}
