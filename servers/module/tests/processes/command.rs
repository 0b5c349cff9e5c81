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
    scratch.write("web.config", &WebConfig::contract().text());
    let run = |line: &str| {
        let output = command(scratch.path()).args(line.split_whitespace()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let all = [
        ("", "--config FILE is missing"),
        ("serve", "--config FILE is missing"),
        ("check", "--config FILE is missing"),
        ("--bogus", "there is no option --bogus"),
        ("--config web.config --bogus", "there is no option --bogus"),
        ("--config web.config --bogus=1", "there is no option --bogus"),
        ("--config web.config bogus=1", "there is no option bogus"),
        ("--config web.config /bogus 1", "there is no option /bogus"),
        ("--config web.config -c", "there is no option -c"),
        ("--config web.config --Kestrel", "there is no option --Kestrel"),
        ("--config web.config --url http://127.0.0.1:0", "there is no option --url"),
        ("--Config web.config", "there is no option --Config"),
        ("chekc --config web.config", r#"there is no command "chekc""#),
        ("web.config", r#"there is no command "web.config""#),
        ("--config web.config check", r#""check" belongs to no option"#),
        ("--config web.config --urls http://127.0.0.1:0 stray", r#""stray" belongs to no option"#),
        ("--config", "--config needs a value"),
        ("--config=", "--config needs a value"),
        ("--config --urls http://127.0.0.1:0", "--config needs a value"),
        ("--config web.config --status", "--status needs a value"),
        ("--config web.config --status --log json", "--status needs a value"),
        ("--config web.config --urls", "--urls needs a value"),
        ("--config web.config --urls --log json", "--urls needs a value"),
        ("--config web.config --log", "--log needs a value"),
        ("--config web.config --log xml", r#"--log is text or json, not "xml""#),
        ("--config web.config --log json --log text", "--log is there twice"),
        ("--config web.config --urls http://127.0.0.1:0 urls=http://127.0.0.1:0", "urls is there twice"),
        (
            "--config web.config --status http://0.0.0.0:0",
            "--status http://0.0.0.0:0: the status page is for this machine only",
        ),
        ("--config web.config --status=https://localhost:1", "--status https://localhost:1: the status page"),
        ("check --config web.config --urls http://127.0.0.1:0", "the command check has no option --urls"),
        ("check --config web.config --status http://127.0.0.1:1", "the command check has no option --status"),
        ("check --bogus", "there is no option --bogus"),
        ("check web.config", r#""web.config" belongs to no option"#),
        ("status --config web.config", "the command status has no option --config"),
        ("status --status", "--status needs a value"),
        ("status --status http://example.com:80", "--status http://example.com:80: the status page"),
        ("status http://127.0.0.1:1", r#""http://127.0.0.1:1" belongs to no option"#),
        ("--help=1", "there is no option --help"),
    ];
    for (line, wrong) in all {
        let (code, output, errors) = run(line);
        assert_eq!((code, output.as_str()), (Some(2), ""), "{line}: {errors}");
        let message = format!("falconry-module: {wrong}");
        assert!(
            errors.starts_with(&message) && errors.contains("falconry-module check --config FILE"),
            "{line}: {errors}"
        );
    }
    for (line, text) in [
        ("--help", "falconry-module check --config FILE"),
        ("-h", "--status URL"),
        ("help", "--log text|json"),
        ("check --help", "falconry-module check"),
        ("--config absent.config --help", "falconry-module check"),
        ("--version", concat!("falconry-module ", env!("CARGO_PKG_VERSION"))),
        ("-V", "falconry-module "),
        ("version", "falconry-module "),
    ] {
        let (code, output, errors) = run(line);
        assert_eq!((code, errors.as_str()), (Some(0), ""), "{line}");
        assert!(output.contains(text), "{line}: {output}");
    }
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
