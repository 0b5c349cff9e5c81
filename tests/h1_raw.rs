//! Raw HTTP/1 octets against the contract app on Kestrel: one trial for each case of `data/h1_cases.json`.

#[path = "support/h1_raw.rs"]
mod h1_raw;
#[path = "support/skip.rs"]
mod skip;

use std::process::ExitCode;

fn main() -> ExitCode {
    h1_raw::main(|runtime| h1_raw::serve_contract(runtime, "kestrel"))
}
