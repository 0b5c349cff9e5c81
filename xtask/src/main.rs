//! Repository chores: `cargo xtask <command>`.

mod bench;
#[cfg(unix)]
mod nginx_module;
mod peers;
mod python;
mod shell;
mod test;
mod watched;
mod windows;

use std::{env, process::ExitCode};

const USAGE: &str = "\
cargo xtask <command>

  test [ARGUMENTS]   run every test of the workspace with all features; ARGUMENTS go to `cargo test`
                     (with `CI=true` those for Windows, too, and a test skipped for want of a peer is a failure)
  bench [OPTIONS]    compare Kestrel with raw hyper, axum, actix-web and nginx
  bench proxies      compare the module with nginx and HAProxy as reverse proxies (--rounds, --seconds, --connections)
  bench in-process   compare the nginx module with nginx that proxies to the same app on Kestrel
                     (--rounds, --seconds, --connections)
  bench hosting-models
                     compare the contract app behind the module, in process and out of process
                     (--rounds, --seconds, --connections)
  windows COMMAND    build, run or test for Windows, under Wine; see cargo xtask windows
  iis-worker --serve PORT
                     run the test worker of IIS with the contract app under Wine in the foreground, on this port
  loom               run the gate of native hosts in all orders of its threads
  miri               run the tests of the native hosts' core and C interface under Miri (needs the nightly toolchain)
  valgrind           run the same under valgrind's memcheck
  instructions       count the instructions of the contract's hot path (needs valgrind)
  nginx-module [OPTIONS]
                     build the module for the installed nginx, and the contract app for it

Options of nginx-module:
  --serve PORT       run nginx with both in the foreground, on this port of the loopback interface
  --memcheck [N]     send N requests of all kinds to an nginx under valgrind (20000)
  --nginx PROGRAM    for this nginx and not for the installed one
  --source FOLDER    with the headers of this source of nginx and not of nginx-dev
  --vendored         for an nginx that is built from the source in the registry of crates
  --app FILE         with this application and not with the contract app
  --release          build the contract app for release

Options of bench:
  --rounds N         rounds, interleaved; the medians are shown (5)
  --seconds S        length of each measurement (4)
  --only NAME        this peer and raw hyper only: hyper, kestrel, axum, actix or nginx (repeatable)
  --scenario NAME    this scenario only: keep-alive, pipelined, download, upload, h2, h2-tls, tls or
                     tls-download (repeatable)
  --connections N    connections of the client of HTTP/1.1 (32)
  --json FILE        write every measurement to FILE
";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let command = arguments.next();
    let rest: Vec<String> = arguments.collect();
    let outcome = match command.as_deref() {
        Some("test") => test::run(&rest),
        Some("bench") => bench::run(&rest),
        Some("iis-worker") => windows::iis_worker(&rest),
        Some("windows") => windows::run(&rest),
        #[cfg(unix)]
        Some("nginx-module") => nginx_module::run(&rest),
        Some("loom") => watched::run(watched::loom),
        Some("miri") => watched::run(watched::miri),
        Some("valgrind") => watched::run(watched::valgrind),
        Some("instructions") => bench::instructions::run(),
        Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        Some(other) => Err(format!("unknown command '{other}'\n\n{USAGE}")),
        None => Err(format!("which command?\n\n{USAGE}")),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error}");
        ExitCode::from(2)
    })
}
