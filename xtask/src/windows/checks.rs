//! The examples as programs for Windows, with curl for Linux as their client.

use std::time::Instant;

use super::{
    program::{Program, curl},
    wine::Wine,
};

/// Its name is a sentence, as those of tests.
type Check = (&'static str, fn(&Wine) -> Result<(), String>);

const ALL: [Check; 4] = [
    ("hello_on_kestrel_answers_curl", |wine| hello(wine, "kestrel", "http://127.0.0.1:5081")),
    ("hello_on_httpsys_answers_curl", |wine| hello(wine, "httpsys", "http://localhost:5082")),
    ("the_contract_app_on_httpsys_answers_curl", contract),
    ("an_example_ends_with_ctrl_c", interrupted),
];

/// Runs them one after the other and prints results as a test harness does. True if all passed.
pub(super) fn run(wine: &Wine) -> bool {
    let start = Instant::now();
    println!("\n     Running examples of Windows, with curl for Linux\n\nrunning {} tests", ALL.len());
    let mut failed = 0;
    for (name, check) in ALL {
        let outcome = check(wine);
        println!("test windows::{name} ... {}", if outcome.is_ok() { "ok" } else { "FAILED" });
        if let Err(error) = outcome {
            println!("---- {error}");
            failed += 1;
        }
    }
    println!(
        "\ntest result: {}. {} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out; finished in {:.2?}",
        if failed == 0 { "ok" } else { "FAILED" },
        ALL.len() - failed,
        start.elapsed()
    );
    failed == 0
}

fn start(wine: &Wine, example: &str, server: &str, url: &str) -> Result<Program, String> {
    let program = Program::start(wine, example, &["--server", server, "--urls", url])?;
    program.wait_for("Now listening on: ")?;
    Ok(program)
}

fn hello(wine: &Wine, server: &str, url: &str) -> Result<(), String> {
    let _program = start(wine, "hello", server, url)?;
    is("the answer", &curl(&["--write-out", "|%{http_code}", url])?, "Hello World!|200")
}

fn contract(wine: &Wine) -> Result<(), String> {
    const URL: &str = "http://localhost:5083";
    let _program = start(wine, "contract", "httpsys", URL)?;
    is("/", &curl(&[URL])?, "Hello World!")?;
    let echoed = curl(&["--data-binary", "falcon", &format!("{URL}/echo?a=%20b")])?;
    is("/echo", &echoed, "method=POST\ntarget=/echo?a=%20b\nlength=6\n\nfalcon")?;
    let uploaded = curl(&["--data-binary", "falcon", &format!("{URL}/upload")])?;
    is("/upload", &uploaded, "6 a84571394b5e99fe70aae39ece25f844acbaf83479e27f39a30732e092b19677")?;
    let status =
        curl(&["--output", "/dev/null", "--write-out", "%{http_code}", &format!("{URL}/status/418")])?;
    is("/status/418", &status, "418")?;
    let info = curl(&[&format!("{URL}/info")])?;
    for part in ["\"server\":\"httpsys\"", "\"protocol\":\"HTTP/1.1\"", "\"host\":\"localhost:5083\""] {
        if !info.replace(": ", ":").contains(part) {
            return Err(format!("/info has no {part}: {info}"));
        }
    }
    Ok(())
}

fn interrupted(wine: &Wine) -> Result<(), String> {
    let program = start(wine, "hello", "kestrel", "http://127.0.0.1:5084")?;
    program.interrupt()?;
    program.wait_for("shutting down")
}

fn is(what: &str, actual: &str, expected: &str) -> Result<(), String> {
    if actual == expected { Ok(()) } else { Err(format!("{what} is {actual:?}, not {expected:?}")) }
}
