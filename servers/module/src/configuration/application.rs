//! [`ApplicationConfiguration`]: one application, with the keys of `aspNetCore`.

use std::{path::PathBuf, time::Duration};

use super::{HandlerSettings, ListenOn, Position, command_line, expand::expand, values};

/// One application: the attributes of `aspNetCore`, and where the application is shown.
///
/// Texts are as they are used: `%NAME%` has been replaced by the environment variable.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ApplicationConfiguration {
    /// The path under which the application is shown: `/`, or such as `/shop`.
    pub path: String,
    /// The folder of the application: its processes work there, and `app_offline.htm` is looked for there.
    pub physical_path: PathBuf,
    /// The program. Relative with a dot in front, or if there is such a file: to the application's folder; else it is
    /// searched in `PATH`. Attribute `processPath`; required.
    pub process_path: String,
    /// Its arguments. Attribute `arguments`, split at spaces that are not in double quotes.
    pub arguments: Vec<String>,
    /// How long a process may take until it listens. Default: 120 seconds; at most an hour.
    pub startup_time_limit: Duration,
    /// How long a process may take to stop before it is killed. Default: 10 seconds; at most ten minutes.
    pub shutdown_time_limit: Duration,
    /// How often processes may end by themselves in a minute; after one more no process is started until the
    /// minute is over. Default: 10; at most 100.
    pub rapid_fails_per_minute: u32,
    /// How long the process may be silent during a request. Default: two minutes; at most 360 hours. Zero: for ever.
    pub request_timeout: Duration,
    /// Whether the output of processes goes to a file. Default: false.
    pub stdout_log_enabled: bool,
    /// The file without `_{yyyyMMddHHmmss}_{pid}.log`, relative to the application's folder. Default:
    /// `./aspnetcore-stdout`.
    pub stdout_log_file: PathBuf,
    /// How many processes take turns. Default: 1; at most 100.
    pub processes_per_application: usize,
    /// Whether a handle of the Windows user is passed on. Default: true.
    pub forward_windows_auth_token: bool,
    /// Whether the pages of 502.5 and its family are left out. Default: false.
    pub disable_start_up_error_page: bool,
    /// Default: out of process.
    pub hosting_model: HostingModel,
    /// What the processes find in their environment, besides that of the module.
    pub environment_variables: Vec<(String, String)>,
    /// The settings of the handler.
    pub handler_settings: HandlerSettings,
    /// The size of a request's body, in bytes, at most: `maxAllowedContentLength` of
    /// `security/requestFiltering/requestLimits`. Default: 30,000,000, as in IIS.
    pub max_allowed_content_length: u64,
    /// Whether WebSockets and other upgrades pass: `enabled` of `webSocket`. Default: true.
    pub web_sockets: bool,
    /// Where all this stands.
    pub position: Position,
}

/// Where the application runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostingModel {
    /// In processes of its own.
    #[default]
    OutOfProcess,
    /// In the server's process: a worker of the module, if `processPath` is a library (`.so`, `.dylib`, `.dll`). A program
    /// runs in processes of its own all the same, and a note says so.
    InProcess,
}

impl ApplicationConfiguration {
    pub(super) fn new(path: &str, physical_path: PathBuf, position: Position) -> Self {
        Self {
            path: path.to_owned(),
            physical_path,
            process_path: String::new(),
            arguments: Vec::new(),
            startup_time_limit: Duration::from_secs(120),
            shutdown_time_limit: Duration::from_secs(10),
            rapid_fails_per_minute: 10,
            request_timeout: Duration::from_secs(120),
            stdout_log_enabled: false,
            stdout_log_file: PathBuf::from("./aspnetcore-stdout"),
            processes_per_application: 1,
            forward_windows_auth_token: true,
            disable_start_up_error_page: false,
            hosting_model: HostingModel::OutOfProcess,
            environment_variables: Vec::new(),
            handler_settings: HandlerSettings::default(),
            max_allowed_content_length: 30_000_000,
            web_sockets: true,
            position,
        }
    }

    /// Sets the attribute `name` of `aspNetCore`; `None` if there is none of this name.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Option<Result<(), String>> {
        Some(match name {
            "processPath" => {
                self.process_path = expand(value);
                Ok(())
            }
            "arguments" => {
                self.arguments = command_line::split(&expand(value));
                Ok(())
            }
            "startupTimeLimit" => values::seconds(value, 3600).map(|time| self.startup_time_limit = time),
            "shutdownTimeLimit" => values::seconds(value, 600).map(|time| self.shutdown_time_limit = time),
            "rapidFailsPerMinute" => {
                values::number(value, 0..=100).map(|number| self.rapid_fails_per_minute = number)
            }
            "requestTimeout" => values::time_span(value, Duration::from_secs(360 * 3600))
                .map(|time| self.request_timeout = time),
            "stdoutLogEnabled" => values::flag(value).map(|flag| self.stdout_log_enabled = flag),
            "stdoutLogFile" => {
                self.stdout_log_file = values::native_path(&expand(value));
                Ok(())
            }
            "processesPerApplication" => {
                values::number(value, 1..=100).map(|number| self.processes_per_application = number)
            }
            "forwardWindowsAuthToken" => {
                values::flag(value).map(|flag| self.forward_windows_auth_token = flag)
            }
            "disableStartUpErrorPage" => {
                values::flag(value).map(|flag| self.disable_start_up_error_page = flag)
            }
            "hostingModel" => hosting_model(value).map(|model| self.hosting_model = model),
            _ => return None,
        })
    }

    /// Adds an environment variable for the processes.
    pub(super) fn add_variable(&mut self, name: &str, value: &str) -> Result<(), String> {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err("an environment variable has a name, without `=`".to_owned());
        }
        if self.variable(name).is_some() {
            return Err(format!("the environment variable {name} is there twice"));
        }
        self.environment_variables.push((name.to_owned(), expand(value)));
        Ok(())
    }

    /// The value that the configuration gives an environment variable. Names ignore case, as on Windows.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let mut variables = self.environment_variables.iter();
        variables.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether a worker of the module loads the application: `hostingModel` is in process, and `processPath` a library.
    pub fn runs_in_process(&self) -> bool {
        let path = values::native_path(&self.process_path);
        let ending = path.extension().unwrap_or_default();
        let is_library = ["so", "dylib", "dll"].iter().any(|other| ending.eq_ignore_ascii_case(other));
        self.hosting_model == HostingModel::InProcess && is_library
    }

    /// What its author may not expect of `hostingModel`.
    pub(super) fn hosting_model_note(&self) -> Option<&'static str> {
        if self.hosting_model == HostingModel::OutOfProcess {
            None
        } else if !self.runs_in_process() {
            Some(
                "hostingModel is inprocess: this module runs the application in processes of its own, for processPath is no \
                 library (.so, .dylib or .dll)",
            )
        } else if !self.arguments.is_empty() {
            Some("hostingModel is inprocess: a library has no arguments; use environmentVariables")
        } else {
            None
        }
    }

    /// The port that all processes of the application are to have; `None` if each gets its own.
    pub(crate) fn fixed_port(&self) -> Option<&str> {
        let port = self.variable("ASPNETCORE_PORT").filter(|port| !port.is_empty());
        port.filter(|_| self.handler_settings.listen_on == ListenOn::Tcp)
    }

    pub(super) fn require_process_path(&self) -> Result<(), String> {
        match self.process_path.is_empty() {
            true => Err("aspNetCore needs a processPath: the program to start".to_owned()),
            false => Ok(()),
        }
    }
}

fn hosting_model(value: &str) -> Result<HostingModel, String> {
    if value.is_empty() || value.eq_ignore_ascii_case("outofprocess") {
        Ok(HostingModel::OutOfProcess)
    } else if value.eq_ignore_ascii_case("inprocess") {
        Ok(HostingModel::InProcess)
    } else {
        Err(values::refuse(value, "`outofprocess` or `inprocess`"))
    }
}
