//! `web.config` with the section `system.webServer/aspNetCore`.

use std::path::Path;

use roxmltree::{Attribute, Document, Node};

use super::{
    ApplicationConfiguration, ConfigurationError, ModuleConfiguration, Note, Position, source::virtual_path,
    values,
};

/// Reads the text of `file`, whose applications are at `path` and below.
pub(super) fn parse(text: &str, file: &Path, path: &str) -> Result<ModuleConfiguration, ConfigurationError> {
    let document = Document::parse(text).map_err(|error| {
        let at = error.pos();
        let position = Position { file: file.to_owned(), line: at.row as usize, column: at.col as usize };
        ConfigurationError::new(position, format!("this is no XML: {}", without_position(&error.to_string())))
    })?;
    let root = document.root_element();
    let mut reader = Reader { file, text, whole: ModuleConfiguration::default() };
    reader.whole.files.push(file.to_owned());
    if root.tag_name().name() != "configuration" {
        return Err(reader.error(root, "the root of a web.config is <configuration>"));
    }
    let path = virtual_path(path).map_err(|text| reader.error(root, text))?;
    reader.application(root, &path, file.parent().unwrap_or_else(|| Path::new("")))?;
    if reader.whole.applications.is_empty() {
        return Err(reader.error(root, "there is no <aspNetCore> in <system.webServer>"));
    }
    Ok(reader.whole)
}

struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    whole: ModuleConfiguration,
}

impl Reader<'_> {
    /// What `scope` says about the application at `path`, and the locations in it about those below.
    fn application(
        &mut self,
        scope: Node<'_, '_>,
        path: &str,
        folder: &Path,
    ) -> Result<(), ConfigurationError> {
        let mut own = vec![scope];
        let mut below = Vec::new();
        for location in elements(scope).filter(|element| element.has_tag_name("location")) {
            match location.attribute("path").unwrap_or_default().trim_matches('/') {
                "" | "." => own.push(location),
                relative => below.push((location, relative)),
            }
        }
        let servers: Vec<_> = own.into_iter().flat_map(|scope| children(scope, "system.webServer")).collect();
        let mut sections = servers.iter().flat_map(|server| children(*server, "aspNetCore"));
        if let Some(section) = sections.next() {
            if let Some(second) = sections.next() {
                return Err(self.error(second, "a second <aspNetCore> for the same application"));
            }
            let mut application =
                ApplicationConfiguration::new(path, folder.to_owned(), self.position(section.range().start));
            self.section(section, &mut application)?;
            for server in &servers {
                self.server(*server, &mut application)?;
            }
            self.whole.add_application(application)?;
        }
        for (location, relative) in below {
            let path = virtual_path(&format!("{}/{relative}", path.trim_end_matches('/')))
                .map_err(|text| self.error(location, text))?;
            let inner = folder.join(relative);
            let folder = if inner.is_dir() { inner } else { folder.to_owned() };
            self.application(location, &path, &folder)?;
        }
        Ok(())
    }

    fn section(
        &mut self,
        section: Node<'_, '_>,
        application: &mut ApplicationConfiguration,
    ) -> Result<(), ConfigurationError> {
        for attribute in section.attributes() {
            match application.set(attribute.name(), attribute.value()) {
                Some(Ok(())) => {}
                Some(Err(text)) => return Err(self.refuse(attribute, &text)),
                None if is_lock(attribute.name()) => {}
                None => {
                    let text = format!("aspNetCore has no attribute {}", attribute.name());
                    return Err(ConfigurationError::new(self.position(attribute.range().start), text));
                }
            }
        }
        application.require_process_path().map_err(|text| self.error(section, text))?;
        if let Some(text) = application.hosting_model_note() {
            self.note(section, text.to_owned());
        }
        for child in elements(section) {
            match child.tag_name().name() {
                "environmentVariables" => self.variables(child, application)?,
                "handlerSettings" => self.handler_settings(child, application)?,
                "recycleOnFileChange" => {
                    self.note(child, "recycleOnFileChange has no effect, as in the original".to_owned());
                }
                name => return Err(self.error(child, format!("aspNetCore has no element <{name}>"))),
            }
        }
        Ok(())
    }

    fn variables(
        &self,
        list: Node<'_, '_>,
        application: &mut ApplicationConfiguration,
    ) -> Result<(), ConfigurationError> {
        for entry in elements(list) {
            match entry.tag_name().name() {
                "clear" => application.environment_variables.clear(),
                "environmentVariable" => {
                    let (name, value) = self.entry(entry)?;
                    application.add_variable(name, value).map_err(|text| self.error(entry, text))?;
                }
                name => {
                    return Err(self.error(entry, format!("environmentVariables has no element <{name}>")));
                }
            }
        }
        Ok(())
    }

    fn handler_settings(
        &mut self,
        list: Node<'_, '_>,
        application: &mut ApplicationConfiguration,
    ) -> Result<(), ConfigurationError> {
        for entry in elements(list) {
            match entry.tag_name().name() {
                "clear" => application.handler_settings = Default::default(),
                "handlerSetting" => {
                    let (name, value) = self.entry(entry)?;
                    match application.handler_settings.set(name, value) {
                        Ok(None) => {}
                        Ok(Some(note)) => self.note(entry, note),
                        Err(text) => return Err(self.error(entry, format!("{name}: {text}"))),
                    }
                }
                name => return Err(self.error(entry, format!("handlerSettings has no element <{name}>"))),
            }
        }
        Ok(())
    }

    /// What IIS itself would do with a request before the module sees it.
    fn server(
        &self,
        server: Node<'_, '_>,
        application: &mut ApplicationConfiguration,
    ) -> Result<(), ConfigurationError> {
        let limits = children(server, "security")
            .flat_map(|security| children(security, "requestFiltering"))
            .flat_map(|filtering| children(filtering, "requestLimits"));
        for attribute in limits.filter_map(|limits| limits.attribute_node("maxAllowedContentLength")) {
            application.max_allowed_content_length =
                values::number(attribute.value(), 0..=u64::from(u32::MAX))
                    .map_err(|text| self.refuse(attribute, &text))?;
        }
        let web_socket = children(server, "webSocket");
        for attribute in web_socket.filter_map(|element| element.attribute_node("enabled")) {
            application.web_sockets =
                values::flag(attribute.value()).map_err(|text| self.refuse(attribute, &text))?;
        }
        Ok(())
    }

    /// The attributes `name` and `value`.
    fn entry<'a>(&self, entry: Node<'a, '_>) -> Result<(&'a str, &'a str), ConfigurationError> {
        for attribute in entry.attributes() {
            if !matches!(attribute.name(), "name" | "value") && !is_lock(attribute.name()) {
                let text = format!("<{}> has no attribute {}", entry.tag_name().name(), attribute.name());
                return Err(ConfigurationError::new(self.position(attribute.range().start), text));
            }
        }
        match (entry.attribute("name"), entry.attribute("value")) {
            (Some(name), Some(value)) if !name.is_empty() => Ok((name, value)),
            _ => Err(self.error(entry, format!("<{}> needs a name and a value", entry.tag_name().name()))),
        }
    }

    fn refuse(&self, attribute: Attribute<'_, '_>, text: &str) -> ConfigurationError {
        let position = self.position(attribute.range_value().start);
        ConfigurationError::new(position, format!("{}: {text}", attribute.name()))
    }

    fn error(&self, node: Node<'_, '_>, text: impl Into<String>) -> ConfigurationError {
        ConfigurationError::new(self.position(node.range().start), text)
    }

    fn note(&mut self, node: Node<'_, '_>, text: String) {
        let position = self.position(node.range().start);
        self.whole.notes.push(Note { position, text });
    }

    fn position(&self, offset: usize) -> Position {
        Position::of_offset(self.file, self.text, offset)
    }
}

fn elements<'a, 'input>(node: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

fn children<'a, 'input>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    elements(node).filter(move |element| element.has_tag_name(name))
}

/// Attributes that every section of IIS may have; they say who may change it.
fn is_lock(name: &str) -> bool {
    matches!(
        name,
        "lockAttributes" | "lockElements" | "lockAllAttributesExcept" | "lockAllElementsExcept" | "lockItem"
    )
}

/// The parser ends its message with the position, which stands in front here.
fn without_position(message: &str) -> &str {
    message.rfind(" at ").and_then(|end| message.get(..end)).unwrap_or(message)
}
