//! The TOML form: a table `[[applications]]` for each application, with the keys of `aspNetCore`.

use std::{borrow::Cow, ops::Range, path::Path};

use toml::de::{DeTable, DeValue};

use super::{
    ApplicationConfiguration, ConfigurationError, ConfigurationSource, ModuleConfiguration, Note, Position,
    source::virtual_path, values,
};

/// Reads the text of `file`. Tables other than `applications` belong to the server.
pub(super) fn parse(text: &str, file: &Path) -> Result<ModuleConfiguration, ConfigurationError> {
    let mut reader = Reader { file, text, whole: ModuleConfiguration::default() };
    reader.whole.files.push(file.to_owned());
    let table = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        reader.error(span, error.message())
    })?;
    let Some((_, list)) = table.get_ref().iter().find(|(key, _)| key.get_ref() == "applications") else {
        return Err(ConfigurationError::new(Position::whole(file), "there is no table [[applications]]"));
    };
    let DeValue::Array(list_items) = list.get_ref() else {
        return Err(reader.error(list.span(), "applications are tables: [[applications]]"));
    };
    for item in list_items.iter() {
        let DeValue::Table(table) = item.get_ref() else {
            return Err(reader.error(item.span(), "applications are tables: [[applications]]"));
        };
        reader.application(table, item.span())?;
    }
    Ok(reader.whole)
}

struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    whole: ModuleConfiguration,
}

impl Reader<'_> {
    fn application(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Result<(), ConfigurationError> {
        let folder = self.file.parent().unwrap_or_else(|| Path::new(""));
        let text_of = |key: &str| {
            let value = table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value);
            value.map(|value| (text(value.get_ref()).unwrap_or_default(), value.span()))
        };
        let (path, path_span) = text_of("path").unwrap_or_else(|| (Cow::Borrowed("/"), span.clone()));
        let path = virtual_path(&path).map_err(|text| self.error(path_span, text))?;
        if let Some((file, _)) = text_of("config") {
            let is_known = |key: &str| matches!(key, "path" | "config");
            if let Some((other, _)) = table.iter().find(|(key, _)| !is_known(key.get_ref())) {
                let text = format!("{} has no place beside config: put it into that file", other.get_ref());
                return Err(self.error(other.span(), text));
            }
            let source = ConfigurationSource { path, file: folder.join(&*file) };
            return self.whole.add(source.load()?);
        }
        let physical_path = match text_of("physicalPath") {
            None => folder.to_owned(),
            Some((physical_path, span)) => {
                let folder = folder.join(values::native_path(&physical_path));
                if !folder.is_dir() {
                    let text = format!("physicalPath: there is no folder {}", folder.display());
                    return Err(self.error(span, text));
                }
                folder
            }
        };
        let mut application = ApplicationConfiguration::new(&path, physical_path, self.position(span.start));
        for (key, value) in table.iter() {
            self.key(&mut application, key.get_ref(), key.span(), value)?;
        }
        application.require_process_path().map_err(|text| self.error(span.clone(), text))?;
        if let Some(text) = application.hosting_model_note() {
            self.note(span, text);
        }
        self.whole.add_application(application)
    }

    fn key(
        &mut self,
        application: &mut ApplicationConfiguration,
        key: &str,
        key_span: Range<usize>,
        value: &toml::Spanned<DeValue<'_>>,
    ) -> Result<(), ConfigurationError> {
        let span = value.span();
        match (key, value.get_ref()) {
            ("path" | "physicalPath", _) => {}
            ("arguments", DeValue::Array(list)) => {
                let items = list.iter().map(|item| text(item.get_ref()).map(Cow::into_owned));
                application.arguments = items
                    .collect::<Option<_>>()
                    .ok_or_else(|| self.error(span, "arguments are texts, or one text"))?;
            }
            ("environmentVariables", DeValue::Table(table)) => {
                for (name, value) in table.iter() {
                    let text = text(value.get_ref())
                        .ok_or_else(|| self.error(value.span(), "an environment variable is a text"))?;
                    application
                        .add_variable(name.get_ref(), &text)
                        .map_err(|text| self.error(name.span(), text))?;
                }
            }
            ("handlerSettings", DeValue::Table(table)) => {
                for (name, value) in table.iter() {
                    let text = text(value.get_ref())
                        .ok_or_else(|| self.error(value.span(), "a handler setting is a text"))?;
                    let note = application
                        .handler_settings
                        .set(name.get_ref(), &text)
                        .map_err(|text| self.error(value.span(), format!("{}: {text}", name.get_ref())))?;
                    note.into_iter().for_each(|note| self.note(name.span(), note));
                }
            }
            ("maxAllowedContentLength", value) => {
                let number = text(value).ok_or_else(|| "a number is expected".to_owned());
                application.max_allowed_content_length = number
                    .and_then(|text| values::number(&text, 0..=u64::MAX))
                    .map_err(|text| self.error(span, format!("{key}: {text}")))?;
            }
            ("webSockets", DeValue::Boolean(flag)) => application.web_sockets = *flag,
            ("webSockets", _) => return Err(self.error(span, format!("{key} is true or false"))),
            ("environmentVariables" | "handlerSettings", _) => {
                return Err(self.error(span, format!("{key} is a table: [applications.{key}]")));
            }
            (key, value) => {
                let (span, wrong) = match text(value).map(|text| application.set(key, &text)) {
                    Some(Some(Ok(()))) => return Ok(()),
                    Some(Some(Err(text))) => (span, format!("{key}: {text}")),
                    Some(None) => (key_span, format!("an application has no key {key}")),
                    None => (span, format!("{key}: a text, a number, `true` or `false` is expected")),
                };
                return Err(self.error(span, wrong));
            }
        }
        Ok(())
    }

    fn error(&self, span: Range<usize>, text: impl Into<String>) -> ConfigurationError {
        ConfigurationError::new(self.position(span.start), text)
    }

    fn note(&mut self, span: Range<usize>, text: impl Into<String>) {
        let position = self.position(span.start);
        self.whole.notes.push(Note { position, text: text.into() });
    }

    fn position(&self, offset: usize) -> Position {
        Position::of_offset(self.file, self.text, offset)
    }
}

/// A simple value as the text that an attribute would have.
fn text<'a>(value: &'a DeValue<'_>) -> Option<Cow<'a, str>> {
    match value {
        DeValue::String(text) => Some(Cow::Borrowed(text)),
        DeValue::Integer(number) => Some(Cow::Borrowed(number.as_str())),
        DeValue::Boolean(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        _ => None,
    }
}
