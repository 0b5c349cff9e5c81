//! Repository chores: `cargo xtask <command>`.

mod bench;
mod peers;
mod python;
mod shell;
mod test;

use std::{env, process::ExitCode};

const USAGE: &str = "\
cargo xtask <command>

  test [ARGUMENTS]   run every test of the workspace with all features; ARGUMENTS go to `cargo test`
                     (with `CI=true` a test skipped for want of a peer is a failure)
  bench [OPTIONS]    compare Kestrel with raw hyper, axum and actix-web
  instructions       count the instructions of the contract's hot path (needs valgrind)

Options of bench:
  --rounds N         rounds, interleaved; the medians are shown (5)
  --seconds S        length of each measurement (4)
  --only NAME        this peer and raw hyper only: hyper, kestrel, axum or actix (repeatable)
  --scenario NAME    this scenario only: keep-alive, pipelined, download or upload (repeatable)
  --connections N    connections of the client (32)
  --json FILE        write every measurement to FILE
";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let command = arguments.next();
    let rest: Vec<String> = arguments.collect();
    let outcome = match command.as_deref() {
        Some("test") => test::run(&rest),
        Some("bench") => bench::run(&rest),
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
