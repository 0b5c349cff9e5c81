//! The log: on standard error, as text or a JSON object a line.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, fmt};

/// Starts it. `FALCONRY_LOG` says what is logged, as `RUST_LOG` does elsewhere; default: `info`.
pub(super) fn start(is_json: bool) {
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into());
    let filter = filter.with_env_var("FALCONRY_LOG").from_env_lossy();
    let log = fmt().with_env_filter(filter).with_writer(io::stderr);
    if is_json {
        log.json().flatten_event(true).init();
    } else {
        log.with_ansi(io::stderr().is_terminal()).init();
    }
}
