//! Sockets that a supervisor has bound and hands over: socket activation as systemd does it.

use falconry_features::ServerError;

use super::ListenHandle;

impl ListenHandle {
    /// The listening sockets that the process was started with under this name (`FileDescriptorName=` of a systemd
    /// socket unit; without it the unit's own name), or that with this number, counted from 3. One name may stand for
    /// several sockets. In a configuration, `systemd:NAME` and `fd:NAME` stand for them.
    ///
    /// The first call takes over what the variables `LISTEN_FDS`, `LISTEN_FDNAMES` and `LISTEN_PID` describe and removes
    /// the variables, so that children do not take it for theirs: best at the start of the program.
    ///
    /// ```
    /// # use falconry_kestrel::{KestrelServerOptions, ListenHandle};
    /// let mut options = KestrelServerOptions::default();
    /// match ListenHandle::inherited("web") {
    ///     Ok(handles) => handles.into_iter().for_each(|handle| { options.listen_handle(handle); }),
    ///     Err(_) => { options.listen_localhost(5000); }
    /// }
    /// ```
    ///
    /// # Errors
    /// Address: there is none, or something that is no listening stream socket; the message names those there are.
    /// Platform: not a unix system.
    pub fn inherited(name: &str) -> Result<Vec<Self>, ServerError> {
        #[cfg(unix)]
        return sockets::named(name);
        #[cfg(not(unix))]
        Err(ServerError::platform(format!(
            "the socket '{}' cannot be inherited, as only unix systems hand sockets over by name",
            name.escape_debug()
        )))
    }
}

#[cfg(unix)]
mod sockets {
    use std::{env, process, sync::OnceLock};

    use listenfd::ListenFd;

    use super::{ListenHandle, ServerError};

    /// The first descriptor that is handed over.
    const FIRST: usize = 3;

    struct Inherited {
        name: String,
        number: usize,
        /// None if it is no listening stream socket.
        handle: Option<ListenHandle>,
    }

    pub(super) fn named(name: &str) -> Result<Vec<ListenHandle>, ServerError> {
        let all = all();
        let by_name = |one: &&Inherited| one.name == name;
        let by_number = |one: &&Inherited| name.parse() == Ok(one.number);
        let mut found: Vec<&Inherited> = all.iter().filter(by_name).collect();
        if found.is_empty() {
            found = all.iter().filter(by_number).collect();
        }
        if found.is_empty() {
            let names: Vec<_> = all.iter().map(|one| format!("{} ({})", one.name, one.number)).collect();
            let there = match names.is_empty() {
                true => "the process was started with none: start it by its socket unit".to_owned(),
                false => format!("there are {}", names.join(", ")),
            };
            return Err(ServerError::address(format!(
                "no inherited socket is '{}': {there}",
                name.escape_debug()
            )));
        }
        let handles = found.iter().map(|one| {
            one.handle.clone().ok_or_else(|| {
                ServerError::address(format!(
                    "the inherited descriptor {} ('{}') is no listening stream socket: use ListenStream= in its unit",
                    one.number, one.name
                ))
            })
        });
        handles.collect()
    }

    /// They can be taken over only once; handles share them.
    fn all() -> &'static [Inherited] {
        static ALL: OnceLock<Vec<Inherited>> = OnceLock::new();
        ALL.get_or_init(|| {
            // Those of a parent are not ours.
            if env::var("LISTEN_PID").ok().and_then(|pid| pid.parse().ok()) != Some(process::id()) {
                return Vec::new();
            }
            let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
            let mut names = names.split(':').filter(|name| !name.is_empty());
            let mut sockets = ListenFd::from_env();
            let inherited = (0..sockets.len()).map(|index| Inherited {
                // As systemd calls what has no name.
                name: names.next().unwrap_or("unknown").to_owned(),
                number: FIRST + index,
                handle: take(&mut sockets, index),
            });
            inherited.collect()
        })
    }

    fn take(sockets: &mut ListenFd, index: usize) -> Option<ListenHandle> {
        if let Ok(Some(socket)) = sockets.take_tcp_listener(index) {
            return Some(socket.into());
        }
        sockets.take_unix_listener(index).ok().flatten().map(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_was_started_without_sockets_is_told_so() {
        let error = ListenHandle::inherited("web").unwrap_err();
        assert!(error.is_address() || error.is_platform());
        assert!(error.to_string().contains("'web'"), "{error}");
    }
}
