//! [`HandlerSettings`].

use super::values;

/// The `handlerSettings` that mean something here. Names ignore case.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerSettings {
    /// `enableOutOfProcessConsoleRedirection`: whether the output of processes is taken from them; if not, it is where
    /// the module's own is. Default: true.
    pub console_redirection: bool,
    /// `forwardResponseConnectionHeader`: whether a `Connection: close` of the application closes the client's
    /// connection. Default: false.
    pub forward_response_connection_header: bool,
    /// `disallowRotationOnConfigChange`: whether processes stay when their configuration changes. Default: false.
    pub disallow_rotation_on_config_change: bool,
    /// `startMode`, falconry's own: `OnDemand`, or `AlwaysRunning` (words of IIS's application pools). Default: on demand.
    pub start_mode: StartMode,
    /// `listenOn`, falconry's own: `tcp` or `unix`. Default: TCP.
    pub listen_on: ListenOn,
    /// `stdoutLogMaxBytes`, falconry's own: what is written to one log file at most; the rest of the output is thrown
    /// away. Default: 100 MiB.
    pub stdout_log_max_bytes: u64,
}

/// When processes are started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartMode {
    /// When a request needs one.
    #[default]
    OnDemand,
    /// With the module, and again when one ends.
    AlwaysRunning,
}

/// Where processes listen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListenOn {
    /// On a port of 127.0.0.1, which `ASPNETCORE_PORT` and `PORT` tell.
    #[default]
    Tcp,
    /// On a unix socket in a folder that nobody else can enter. `PORT` is its path, `ASPNETCORE_URLS` its URL.
    Unix,
}

/// What handlers of IIS know and the module has no use for.
const WITHOUT_EFFECT: [&str; 12] = [
    "handlerVersion",
    "enableShadowCopy",
    "experimentalEnableShadowCopy",
    "shadowCopyDirectory",
    "cleanShadowCopyDirectory",
    "setCurrentDirectory",
    "callStartupHook",
    "stackSize",
    "suppressRecycleOnStartupTimeout",
    "debugFile",
    "debugLevel",
    "shutdownDelay",
];

impl HandlerSettings {
    /// Sets one; the text says what its author may not expect.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<Option<String>, String> {
        let is_true = value.eq_ignore_ascii_case("true");
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("enableOutOfProcessConsoleRedirection") {
            self.console_redirection = !value.eq_ignore_ascii_case("false");
        } else if is("forwardResponseConnectionHeader") {
            self.forward_response_connection_header = is_true;
        } else if is("disallowRotationOnConfigChange") {
            self.disallow_rotation_on_config_change = is_true;
        } else if is("startMode") {
            self.start_mode = values::one_of(
                value,
                &[("OnDemand", StartMode::OnDemand), ("AlwaysRunning", StartMode::AlwaysRunning)],
            )?;
        } else if is("listenOn") {
            self.listen_on = values::one_of(value, &[("tcp", ListenOn::Tcp), ("unix", ListenOn::Unix)])?;
            if self.listen_on == ListenOn::Unix && !cfg!(unix) {
                return Err("unix sockets for applications are for unix".to_owned());
            }
        } else if is("stdoutLogMaxBytes") {
            self.stdout_log_max_bytes = values::number(value, 0..=u64::MAX)?;
        } else if is("shutdownDelay") && value.trim().starts_with('-') {
            return Err(values::refuse(value, "a number of milliseconds, not negative"));
        } else if WITHOUT_EFFECT.iter().any(|other| is(other)) {
            return Ok(Some(format!("the handler setting {name} has no effect in this module")));
        } else {
            return Ok(Some(format!("there is no handler setting {name}")));
        }
        Ok(None)
    }
}

impl Default for HandlerSettings {
    fn default() -> Self {
        Self {
            console_redirection: true,
            forward_response_connection_header: false,
            disallow_rotation_on_config_change: false,
            start_mode: StartMode::OnDemand,
            listen_on: ListenOn::Tcp,
            stdout_log_max_bytes: 100 * 1024 * 1024,
        }
    }
}
