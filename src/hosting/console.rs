//! What a person at the console sees.

use std::{fmt, io::Write, sync::Arc};

/// Status lines on standard output; warnings and progress in the log, or on standard error if the
/// program has no log.
#[derive(Clone, Default)]
pub(super) enum Console {
    #[default]
    Standard,
    Writer(Arc<dyn Fn(&str) + Send + Sync>),
    Silent,
}

impl Console {
    /// What everybody wants to see: addresses, start and stop.
    pub(super) fn status(&self, line: &str) {
        match self {
            // Not `println!`: a closed pipe is no reason to die.
            Self::Standard => drop(writeln!(std::io::stdout(), "{line}")),
            Self::Writer(write) => write(line),
            Self::Silent => {}
        }
    }

    /// What needs attention.
    pub(super) fn warn(&self, line: &str) {
        tracing::warn!("{line}");
        self.notice(line);
    }

    /// How a stop that takes its time gets on.
    pub(super) fn progress(&self, line: &str) {
        tracing::info!("{line}");
        self.notice(line);
    }

    fn notice(&self, line: &str) {
        match self {
            // Where nobody listens even for errors there is no log.
            Self::Standard if !tracing::enabled!(tracing::Level::ERROR) => {
                drop(writeln!(std::io::stderr(), "{line}"));
            }
            Self::Writer(write) => write(line),
            Self::Standard | Self::Silent => {}
        }
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standard => "Standard",
            Self::Writer(_) => "Writer",
            Self::Silent => "Silent",
        })
    }
}
