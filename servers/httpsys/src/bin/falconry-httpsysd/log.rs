//! The log, on standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, fmt};

/// Starts it. `FALCONRY_LOG` says what is logged, as `RUST_LOG` does elsewhere; default: `info`.
pub(crate) fn start() {
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into());
    let filter = filter.with_env_var("FALCONRY_LOG").from_env_lossy();
    fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).init();
}
