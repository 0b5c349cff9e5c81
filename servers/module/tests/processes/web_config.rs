//! A `web.config` for a test.

use std::fmt::Write;

use crate::backend;

/// A `web.config` whose program is this test binary as a backend, unless another is said.
#[derive(Clone)]
pub(crate) struct WebConfig {
    program: String,
    attributes: String,
    variables: Vec<(String, String)>,
    settings: String,
    server: String,
}

impl WebConfig {
    /// The backend of this kind.
    pub(crate) fn new(kind: &str) -> Self {
        let program = std::env::current_exe().unwrap().to_str().unwrap().to_owned();
        Self::program(&program).variable(backend::VARIABLE, kind)
    }

    pub(crate) fn contract() -> Self {
        Self::new("contract")
    }

    pub(crate) fn program(program: &str) -> Self {
        Self {
            program: program.to_owned(),
            attributes: String::new(),
            variables: Vec::new(),
            settings: String::new(),
            server: String::new(),
        }
    }

    pub(crate) fn attribute(mut self, name: &str, value: &str) -> Self {
        write!(self.attributes, " {name}=\"{}\"", escape(value)).unwrap();
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn setting(mut self, name: &str, value: &str) -> Self {
        writeln!(self.settings, r#"<handlerSetting name="{name}" value="{value}" />"#).unwrap();
        self
    }

    /// Another element of `system.webServer`.
    pub(crate) fn element(mut self, xml: &str) -> Self {
        self.server.push_str(xml);
        self
    }

    /// The text, as the SDK writes it.
    pub(crate) fn text(&self) -> String {
        format!(
            r#"<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <location path="." inheritInChildApplications="false">
    <system.webServer>
      <handlers>
        <add name="aspNetCore" path="*" verb="*" modules="AspNetCoreModuleV2" resourceType="Unspecified" />
      </handlers>
      {}
    </system.webServer>
  </location>
</configuration>
"#,
            self.server.clone() + &self.section()
        )
    }

    /// The element `aspNetCore` alone.
    pub(crate) fn section(&self) -> String {
        let mut variables = String::new();
        for (name, value) in &self.variables {
            let value = escape(value);
            writeln!(variables, r#"<environmentVariable name="{name}" value="{value}" />"#).unwrap();
        }
        format!(
            "<aspNetCore processPath=\"{}\"{}>\n<environmentVariables>{variables}</environmentVariables>\n\
             <handlerSettings>{}</handlerSettings>\n</aspNetCore>",
            escape(&self.program),
            self.attributes,
            self.settings
        )
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
