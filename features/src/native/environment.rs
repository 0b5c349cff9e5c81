//! The native server around the application: its variables, its site, its authentication.

use std::{borrow::Cow, collections::BTreeMap};

use crate::{Feature, FeatureError};

/// The variables that the native server keeps for the request (`SERVER_SOFTWARE`, `HTTPS`, ...).
/// IIS and native modules of other servers.
pub trait ServerVariablesFeature: Feature {
    /// The value of a variable; `None` if there is no such variable.
    ///
    /// # Errors
    /// Invalid argument: an empty name.
    fn server_variable(&self, name: &str) -> Result<Option<Cow<'_, str>>, FeatureError>;

    /// Changes a variable.
    ///
    /// # Errors
    /// Invalid argument: an empty name. IO: the native server refused.
    fn set_server_variable(&mut self, name: &str, value: &str) -> Result<(), FeatureError>;
}

/// The plain [`ServerVariablesFeature`]: a map. Names are compared as ASCII without regard to case.
///
/// ```
/// use falconry_features::{PlainServerVariables, ServerVariablesFeature};
///
/// let mut variables = PlainServerVariables::default();
/// variables.set_server_variable("HTTPS", "on").unwrap();
/// assert_eq!(variables.server_variable("https").unwrap().as_deref(), Some("on"));
/// assert_eq!(variables.server_variable("OTHER").unwrap(), None);
/// assert!(variables.server_variable("").unwrap_err().is_invalid_argument());
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainServerVariables {
    variables: BTreeMap<String, String>,
}

impl ServerVariablesFeature for PlainServerVariables {
    fn server_variable(&self, name: &str) -> Result<Option<Cow<'_, str>>, FeatureError> {
        let name = checked_name(name)?.to_ascii_uppercase();
        Ok(self.variables.get(&name).map(|value| Cow::Borrowed(value.as_str())))
    }

    fn set_server_variable(&mut self, name: &str, value: &str) -> Result<(), FeatureError> {
        self.variables.insert(checked_name(name)?.to_ascii_uppercase(), value.to_owned());
        Ok(())
    }
}

fn checked_name(name: &str) -> Result<&str, FeatureError> {
    if name.is_empty() {
        return Err(FeatureError::invalid_argument("the name of a server variable must not be empty"));
    }
    Ok(name)
}

/// Which site and application of IIS this is. Server level; IIS.
pub trait IisEnvironmentFeature: Feature {
    /// The description.
    fn environment(&self) -> &IisEnvironment;
}

/// What [`IisEnvironmentFeature`] tells.
///
/// ```
/// use falconry_features::{IisEnvironment, IisEnvironmentFeature};
///
/// let iis = IisEnvironment { version: (10, 0), site_id: 1, ..IisEnvironment::default() };
/// assert_eq!(iis.environment().version, (10, 0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IisEnvironment {
    /// The version of IIS: major, minor.
    pub version: (u32, u32),
    /// The name of the application pool.
    pub app_pool_id: String,
    /// The path of the pool's configuration file.
    pub app_pool_config_file: String,
    /// The application's path in the configuration, as `MACHINE/WEBROOT/APPHOST/SITE`.
    pub app_config_path: String,
    /// The application's directory.
    pub application_physical_path: String,
    /// The application's path in the site, as `/app`.
    pub application_virtual_path: String,
    /// The application's identifier, as `/LM/W3SVC/1/ROOT`.
    pub application_id: String,
    /// The name of the site.
    pub site_name: String,
    /// The number of the site.
    pub site_id: u32,
}

impl IisEnvironmentFeature for IisEnvironment {
    fn environment(&self) -> &IisEnvironment {
        self
    }
}

/// Tells that the server itself authenticates users (Kerberos, NTLM). Server level; HTTP.sys, IIS.
pub trait ServerIntegratedAuthFeature: Feature {
    /// True if it is switched on.
    fn is_enabled(&self) -> bool;

    /// The name under which the authentication is offered to the application. Default: `Windows`.
    fn authentication_scheme(&self) -> &str {
        "Windows"
    }
}

/// The plain [`ServerIntegratedAuthFeature`].
///
/// ```
/// use falconry_features::{PlainServerIntegratedAuth, ServerIntegratedAuthFeature};
///
/// let auth = PlainServerIntegratedAuth { is_enabled: true };
/// assert!(auth.is_enabled());
/// assert_eq!(auth.authentication_scheme(), "Windows");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainServerIntegratedAuth {
    /// True if it is switched on. Default: false.
    pub is_enabled: bool,
}

impl ServerIntegratedAuthFeature for PlainServerIntegratedAuth {
    fn is_enabled(&self) -> bool {
        self.is_enabled
    }
}
