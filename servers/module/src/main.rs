//! `falconry-module`: the module as a program of its own, on Kestrel.
//!
//! ```text
//! falconry-module --config web.config --urls http://0.0.0.0:80
//! falconry-module check --config web.config
//! falconry-module status --status http://127.0.0.1:5099
//! ```

mod program;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = falconry_module::run_keeper_if_asked() {
        return code;
    }
    program::main()
}
