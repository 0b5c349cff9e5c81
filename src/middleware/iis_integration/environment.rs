//! [`ModuleEnvironment`]: what the module tells the program it starts.

use super::token::PairingToken;
use crate::{Configuration, ConfigurationError, middleware::PathBase};

/// What the module tells the program it starts.
#[derive(Clone, Debug)]
pub(crate) struct ModuleEnvironment {
    pub(super) token: PairingToken,
    pub(super) supports_web_sockets: bool,
    /// The module authenticates users of Windows.
    pub(super) forwards_users: bool,
    path_base: PathBase,
    port: u16,
}

impl ModuleEnvironment {
    /// Reads it; `None` if no module has started the program.
    ///
    /// `host` has the variables with a prefix, without it, and what the program itself says; `plain`
    /// those without one. Files do not count: this is about one process.
    ///
    /// # Errors
    /// The port is none, or the path does not start with `/`.
    pub(crate) fn read(
        host: &Configuration,
        plain: &Configuration,
    ) -> Result<Option<Self>, ConfigurationError> {
        let value = |key| {
            let source = if host.get(key).is_some() { host } else { plain };
            source.filled(key).map(|value| (value, source))
        };
        let (Some(port), Some(path), Some(token)) = (value("PORT"), value("APPL_PATH"), value("TOKEN"))
        else {
            return Ok(None);
        };
        let (path, source) = path;
        if !path.starts_with('/') {
            return Err(source.refuse("APPL_PATH", "a path that starts with `/`"));
        }
        let parsed = port.1.parsed("PORT", "a port number from 0 to 65535")?;
        let web_sockets = value("IIS_WEBSOCKETS_SUPPORTED").map(|(value, _)| value.trim());
        // Modules that do not say it are old, and may.
        let authentication = value("IIS_HTTPAUTH").map_or("", |(value, _)| value);
        let mut schemes =
            authentication.split(';').map(str::trim).filter(|scheme| !scheme.is_empty()).peekable();
        let forwards_users =
            schemes.peek().is_none() || schemes.any(|scheme| !scheme.eq_ignore_ascii_case("anonymous"));
        Ok(parsed.map(|port| Self {
            token: PairingToken::new(token.0),
            forwards_users,
            supports_web_sockets: !web_sockets.is_some_and(|value| value.eq_ignore_ascii_case("false")),
            path_base: PathBase::new(path),
            port,
        }))
    }

    /// Where the module expects the program.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The path under which the module shows the program.
    pub(crate) fn path_base(&self) -> PathBase {
        self.path_base.clone()
    }
}
