//! The signals that end a server program.

use std::io;

/// Listens from its making on; the signals no longer end the process by themselves.
pub(super) struct Signals {
    inner: platform::Signals,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { inner: platform::Signals::new()? })
    }

    /// The name of the next signal.
    pub(super) async fn next(&mut self) -> &'static str {
        self.inner.next().await
    }
}

#[cfg(unix)]
mod platform {
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// As the original: Ctrl-C, Ctrl-\ and `kill`; SIGHUP keeps its meaning.
    pub(super) struct Signals {
        interrupt: Signal,
        quit: Signal,
        terminate: Signal,
    }

    impl Signals {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                quit: signal(SignalKind::quit())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }

        pub(super) async fn next(&mut self) -> &'static str {
            tokio::select! {
                Some(()) = self.interrupt.recv() => "SIGINT",
                Some(()) = self.quit.recv() => "SIGQUIT",
                Some(()) = self.terminate.recv() => "SIGTERM",
                else => std::future::pending().await,
            }
        }
    }
}

#[cfg(windows)]
mod platform {
    use std::io;

    use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown};

    /// The events of the console. After the last three the system ends the process as soon as its time for that is up:
    /// some seconds.
    pub(super) struct Signals {
        interrupt: CtrlC,
        stop: CtrlBreak,
        close: CtrlClose,
        logoff: Option<CtrlLogoff>,
        shutdown: CtrlShutdown,
    }

    impl Signals {
        pub(super) fn new() -> io::Result<Self> {
            use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
            Ok(Self {
                interrupt: ctrl_c()?,
                stop: ctrl_break()?,
                close: ctrl_close()?,
                logoff: is_in_session().then(ctrl_logoff).transpose()?,
                shutdown: ctrl_shutdown()?,
            })
        }

        pub(super) async fn next(&mut self) -> &'static str {
            tokio::select! {
                Some(()) = self.interrupt.recv() => "Ctrl-C",
                Some(()) = self.stop.recv() => "Ctrl-Break",
                Some(()) = self.close.recv() => "the closing of the console",
                Some(()) = logged_off(&mut self.logoff) => "the end of the user's session",
                Some(()) = self.shutdown.recv() => "the shutdown of the system",
                else => std::future::pending().await,
            }
        }
    }

    async fn logged_off(logoff: &mut Option<CtrlLogoff>) -> Option<()> {
        match logoff {
            Some(logoff) => logoff.recv().await,
            None => std::future::pending().await,
        }
    }

    /// Whether the process is in a user's session: those have a name. A service hears when any user logs off, which is
    /// none of its business; nor may it listen, as no other event comes while this one is answered.
    fn is_in_session() -> bool {
        std::env::var_os("SESSIONNAME").is_some()
    }
}

#[cfg(not(any(unix, windows)))]
mod platform {
    use std::io;

    pub(super) struct Signals;

    impl Signals {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub(super) async fn next(&mut self) -> &'static str {
            std::future::pending().await
        }
    }
}
