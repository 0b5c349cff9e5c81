//! What the command line says.

use std::{
    ffi::{OsStr, OsString},
    sync::OnceLock,
};

use windows_sys::Win32::Networking::HttpServer::{HTTP_REQUEST_FLAG_HTTP2, HTTP_REQUEST_FLAG_HTTP3};

/// The command line; the module and the libraries are named by paths.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) module: OsString,
    pub(crate) objects: OsString,
    /// 0 lets the system choose.
    pub(crate) port: u16,
    /// How many further ports the system chooses.
    pub(crate) ports: usize,
    /// What the requests are told of as, whatever they are: the flag of HTTP/2 or HTTP/3.
    pub(crate) protocol: u32,
    /// Requests are told of as over TLS.
    pub(crate) is_https: bool,
    /// Whom IIS has authenticated.
    pub(crate) user: Option<String>,
    application: Option<String>,
    /// The folder of the application.
    pub(crate) folder: Option<String>,
    /// The worker says that it is one of IIS Express.
    pub(crate) is_express: bool,
    /// Responses lack their newest interface, as before Windows 11.
    pub(crate) is_old: bool,
}

pub(crate) const USAGE: &str = "usage: iis-worker MODULE --objects LIBRARY --port PORT [--ports NUMBER] [--http2 | --http3] [--https] [--user NAME] [--application ID] [--folder PATH] [--express] [--old]";

static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// Those of this process.
pub(crate) fn settings() -> &'static Settings {
    SETTINGS.get_or_init(Settings::default)
}

impl Settings {
    /// Reads those of this process.
    pub(crate) fn read(arguments: impl Iterator<Item = OsString>) -> Result<&'static Self, String> {
        let settings = Self::parse(arguments)?;
        Ok(SETTINGS.get_or_init(|| settings))
    }

    /// The path of the application in the metabase.
    pub(crate) fn application(&self) -> &str {
        self.application.as_deref().unwrap_or("/LM/W3SVC/1/ROOT")
    }

    fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut settings = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--objects") => settings.objects = arguments.next().unwrap_or_default(),
                Some("--port") => settings.port = number(arguments.next())?,
                Some("--ports") => settings.ports = number(arguments.next())?.into(),
                Some("--http2") => settings.protocol = HTTP_REQUEST_FLAG_HTTP2,
                Some("--http3") => settings.protocol = HTTP_REQUEST_FLAG_HTTP3,
                Some("--https") => settings.is_https = true,
                Some("--user") => settings.user = arguments.next().and_then(|user| user.into_string().ok()),
                Some("--application") => {
                    settings.application = arguments.next().and_then(|id| id.into_string().ok());
                }
                Some("--folder") => {
                    settings.folder = arguments.next().and_then(|path| path.into_string().ok())
                }
                Some("--express") => settings.is_express = true,
                Some("--old") => settings.is_old = true,
                Some(option) if option.starts_with("--") => return Err(USAGE.to_owned()),
                _ => settings.module = argument,
            }
        }
        if settings.module.is_empty() || settings.objects.is_empty() {
            return Err(USAGE.to_owned());
        }
        Ok(settings)
    }
}

fn number(text: Option<OsString>) -> Result<u16, String> {
    let number = text.as_deref().and_then(OsStr::to_str).and_then(|text| text.parse().ok());
    number.ok_or_else(|| USAGE.to_owned())
}
