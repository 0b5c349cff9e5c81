//! What a process finds in its environment.

use std::{env, ffi::OsString};

use super::launch::Launch;
use crate::{ApplicationConfiguration, BackendAddress};

/// What belongs to the module alone: a service manager talks with one process.
const OWN: [&str; 6] =
    ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

const HOSTING_STARTUP: &str = "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES";

/// Adds the variables by which an application knows that a module has started it, then those of the configuration.
pub(super) fn add(
    launch: &mut Launch,
    configuration: &ApplicationConfiguration,
    address: &BackendAddress,
    token: Option<&str>,
    https_port: &str,
) {
    launch.removed.extend(OWN);
    let mut set = Variables { configuration, variables: Vec::new() };
    match address {
        BackendAddress::Tcp(address) => {
            set.always("ASPNETCORE_PORT", address.port().to_string());
            set.unless_configured("PORT", address.port().to_string());
        }
        #[cfg(unix)]
        BackendAddress::Unix(path) => {
            // No port is told, so this is not the module's protocol: the program listens where it is told to.
            launch.removed.extend(["ASPNETCORE_PORT", "ASPNETCORE_TOKEN", "TOKEN"]);
            set.unless_configured("PORT", path);
            set.unless_configured("ASPNETCORE_URLS", format!("http://unix:{}", path.display()));
            set.unless_configured("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true");
        }
    }
    set.always("ASPNETCORE_APPL_PATH", &configuration.path);
    if let Some(token) = token {
        set.always("ASPNETCORE_TOKEN", token);
    }
    set.unless_configured("ASPNETCORE_IIS_HTTPAUTH", "anonymous;");
    let web_sockets = if configuration.web_sockets { "true" } else { "false" };
    set.unless_configured("ASPNETCORE_IIS_WEBSOCKETS_SUPPORTED", web_sockets);
    set.always("ASPNETCORE_IIS_PHYSICAL_PATH", &configuration.physical_path);
    if env::var_os("ASPNETCORE_ANCM_HTTPS_PORT").is_none() {
        set.unless_configured("ASPNETCORE_ANCM_HTTPS_PORT", https_port);
    }
    set.unless_configured(HOSTING_STARTUP, hosting_startup());
    set.configured();
    launch.set.extend(set.variables);
}

struct Variables<'a> {
    configuration: &'a ApplicationConfiguration,
    variables: Vec<(String, OsString)>,
}

impl Variables<'_> {
    fn always(&mut self, name: &str, value: impl Into<OsString>) {
        self.variables.push((name.to_owned(), value.into()));
    }

    fn unless_configured(&mut self, name: &str, value: impl Into<OsString>) {
        if self.configuration.variable(name).is_none() {
            self.always(name, value);
        }
    }

    fn configured(&mut self) {
        let prefers_own = env::var("ANCM_PREFER_ENVIRONMENT_VARIABLES")
            .is_ok_and(|value| value == "1" || value.eq_ignore_ascii_case("true"));
        for (name, value) in &self.configuration.environment_variables {
            let is_said = self.variables.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
            let is_inherited = prefers_own && env::var_os(name).is_some();
            if !is_said && !is_inherited {
                self.variables.push((name.clone(), value.into()));
            }
        }
    }
}

/// What makes an ASP.NET Core application know the module, with what the environment has.
fn hosting_startup() -> OsString {
    let mut value = env::var_os(HOSTING_STARTUP).unwrap_or_default();
    if !value.is_empty() {
        value.push(";");
    }
    value.push("Microsoft.AspNetCore.Server.IISIntegration");
    value
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::ModuleConfiguration;

    /// The variables of a process whose configuration has these.
    fn variables(configured: &str, address: &BackendAddress, token: Option<&str>) -> Launch {
        let text = format!(
            "<configuration><system.webServer><aspNetCore processPath='a'><environmentVariables>{configured}\
             </environmentVariables></aspNetCore></system.webServer></configuration>"
        );
        let mut configuration =
            ModuleConfiguration::from_web_config(&text, Path::new("/srv/web.config")).unwrap();
        let mut launch = Launch {
            program: "a".into(),
            arguments: Vec::new(),
            folder: "/srv".into(),
            set: Vec::new(),
            removed: Vec::new(),
            output: None,
        };
        add(&mut launch, &configuration.applications.remove(0), address, token, "5001");
        launch
    }

    fn value<'a>(launch: &'a Launch, name: &str) -> Option<&'a str> {
        let values: Vec<_> = launch.set.iter().filter(|(other, _)| other == name).collect();
        assert!(values.len() <= 1, "{values:?}");
        values.first().map(|(_, value)| value.to_str().unwrap())
    }

    #[test]
    fn a_process_is_told_what_the_original_tells() {
        let launch = variables("", &BackendAddress::Tcp(([127, 0, 0, 1], 12345).into()), Some("secret"));
        for (name, expected) in [
            ("ASPNETCORE_PORT", "12345"),
            ("PORT", "12345"),
            ("ASPNETCORE_APPL_PATH", "/"),
            ("ASPNETCORE_TOKEN", "secret"),
            ("ASPNETCORE_IIS_HTTPAUTH", "anonymous;"),
            ("ASPNETCORE_IIS_WEBSOCKETS_SUPPORTED", "true"),
            ("ASPNETCORE_IIS_PHYSICAL_PATH", "/srv"),
            ("ASPNETCORE_ANCM_HTTPS_PORT", "5001"),
            ("ASPNETCORE_HOSTINGSTARTUPASSEMBLIES", "Microsoft.AspNetCore.Server.IISIntegration"),
        ] {
            assert_eq!(value(&launch, name), Some(expected), "{name}");
        }
        assert!(launch.removed.contains(&"NOTIFY_SOCKET"));
    }

    #[test]
    fn the_configuration_wins_except_over_the_path() {
        let entry = |name: &str, value: &str| format!("<environmentVariable name='{name}' value='{value}'/>");
        let configured = [
            entry("PORT", "80"),
            entry("ASPNETCORE_APPL_PATH", "/other"),
            entry("ASPNETCORE_ANCM_HTTPS_PORT", "443"),
            entry("ASPNETCORE_HOSTINGSTARTUPASSEMBLIES", ""),
            entry("ASPNETCORE_IIS_HTTPAUTH", "windows;"),
            entry("OWN", "1"),
        ];
        let address = BackendAddress::Tcp(([127, 0, 0, 1], 12345).into());
        let launch = variables(&configured.concat(), &address, Some("secret"));
        for (name, expected) in [
            ("PORT", "80"),
            ("ASPNETCORE_PORT", "12345"),
            ("ASPNETCORE_APPL_PATH", "/"),
            ("ASPNETCORE_ANCM_HTTPS_PORT", "443"),
            ("ASPNETCORE_HOSTINGSTARTUPASSEMBLIES", ""),
            ("ASPNETCORE_IIS_HTTPAUTH", "windows;"),
            ("OWN", "1"),
        ] {
            assert_eq!(value(&launch, name), Some(expected), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn on_a_unix_socket_there_is_neither_port_nor_token() {
        let launch = variables("", &BackendAddress::Unix("/run/x/socket".into()), None);
        assert_eq!((value(&launch, "ASPNETCORE_PORT"), value(&launch, "ASPNETCORE_TOKEN")), (None, None));
        assert_eq!(value(&launch, "PORT"), Some("/run/x/socket"));
        assert_eq!(value(&launch, "ASPNETCORE_URLS"), Some("http://unix:/run/x/socket"));
        assert!(launch.removed.contains(&"ASPNETCORE_PORT") && launch.removed.contains(&"ASPNETCORE_TOKEN"));
    }
}
