//! What the module is told: `web.config`, or TOML with the same keys.

mod application;
mod command_line;
mod error;
mod expand;
mod handler_settings;
mod source;
mod toml_file;
mod values;
mod web_config;

use std::path::PathBuf;

pub use self::{
    application::{ApplicationConfiguration, HostingModel},
    error::{ConfigurationError, Position},
    handler_settings::{HandlerSettings, ListenOn, StartMode},
    source::ConfigurationSource,
};
pub(crate) use self::{command_line::split as split_arguments, values::native_path};

/// Everything that the module is told: its applications, each under a path of its own.
///
/// ```
/// use falconry_module::ModuleConfiguration;
///
/// let folder = std::env::temp_dir();
/// let text = r#"<configuration><system.webServer>
///   <aspNetCore processPath="dotnet" arguments=".\Shop.dll" stdoutLogEnabled="true" />
/// </system.webServer></configuration>"#;
/// let configuration = ModuleConfiguration::from_web_config(text, &folder.join("web.config")).unwrap();
/// assert_eq!(configuration.applications[0].path, "/");
/// assert_eq!(configuration.applications[0].arguments, [r".\Shop.dll"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ModuleConfiguration {
    /// The applications. No two have the same path.
    pub applications: Vec<ApplicationConfiguration>,
    /// What is allowed and does not do what its author may expect.
    pub notes: Vec<Note>,
    /// The files that were read.
    pub files: Vec<PathBuf>,
}

/// Something in a file that is worth a word, although it is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where.
    pub position: Position,
    /// What.
    pub text: String,
}

impl ModuleConfiguration {
    /// Reads the files of `sources`.
    ///
    /// # Errors
    /// A file cannot be read or is wrong, or two applications have one path.
    pub fn load(sources: &[ConfigurationSource]) -> Result<Self, ConfigurationError> {
        let mut whole = Self::default();
        for source in sources {
            whole.add(source.load()?)?;
        }
        Ok(whole)
    }

    /// Reads a `web.config`, of which `file` is the path: its folder is that of the application.
    ///
    /// # Errors
    /// The text is no XML, or the section `aspNetCore` is wrong.
    pub fn from_web_config(text: &str, file: &std::path::Path) -> Result<Self, ConfigurationError> {
        web_config::parse(text, file, "/")
    }

    /// Reads the TOML form, of which `file` is the path: folders are relative to its own.
    ///
    /// # Errors
    /// The text is no TOML, or an application in it is wrong.
    pub fn from_toml(text: &str, file: &std::path::Path) -> Result<Self, ConfigurationError> {
        toml_file::parse(text, file)
    }

    fn add(&mut self, other: Self) -> Result<(), ConfigurationError> {
        for application in other.applications {
            self.add_application(application)?;
        }
        self.notes.extend(other.notes);
        self.files.extend(other.files);
        Ok(())
    }

    fn add_application(&mut self, application: ApplicationConfiguration) -> Result<(), ConfigurationError> {
        let is_taken = |other: &ApplicationConfiguration| other.path.eq_ignore_ascii_case(&application.path);
        if self.applications.iter().any(is_taken) {
            let text = format!("there are two applications with the path {}", application.path);
            return Err(ConfigurationError::new(application.position, text));
        }
        self.applications.push(application);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
