//! Programs that know nothing of the module.

use std::process::{Command, Stdio};

use crate::{module::Module, scratch::Scratch, skip::skip, web_config::WebConfig};

/// Whether the program can be run here.
fn is_there(program: &str, test: &str) -> bool {
    let there =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        skip(test, &format!("there is no {program}"));
    }
    there
}

pub(crate) fn python() {
    if !is_there("python3", "a_program_in_python_is_served") {
        return;
    }
    let scratch = Scratch::new();
    scratch.write("hello.txt", "hello from Python\n");
    let configuration = WebConfig::program("python3")
        .attribute("arguments", "-u -m http.server --bind 127.0.0.1 %ASPNETCORE_PORT%")
        .attribute("stdoutLogEnabled", "true");
    scratch.write("web.config", &configuration.text());
    let mut module = Module::in_folder(scratch, &["--config", "web.config"]);
    assert_eq!(module.get("/hello.txt").body, "hello from Python\n");
    assert_eq!(module.get("/nothing").status, 404);
    // It does not know the message, so it gets the signal.
    module.ask_to_stop();
    assert_eq!(module.end().0, Some(0));
    let log = module.log().whole();
    assert!(log.contains("signal 15"), "{log}");
}

pub(crate) fn node() {
    if !is_there("node", "a_program_in_node_is_served") {
        return;
    }
    let scratch = Scratch::new();
    scratch.write(
        "server.js",
        r#"require("http").createServer((request, response) => {
            response.end(`${request.method} ${request.url} for ${request.headers["x-forwarded-for"]}`);
        }).listen(process.env.PORT, "127.0.0.1");"#,
    );
    let configuration = WebConfig::program("node").attribute("arguments", "server.js");
    scratch.write("web.config", &configuration.text());
    let module = Module::in_folder(scratch, &["--config", "web.config"]);
    let answer = module.get("/a?b=c");
    assert!(answer.body.starts_with("GET /a?b=c for 127.0.0.1:"), "{answer:?}");
    assert_eq!(module.state("/")["starts"], 1);
}
