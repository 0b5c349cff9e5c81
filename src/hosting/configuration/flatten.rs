//! A tree of values as a list of keys with values, whatever format it was written in.

use std::{collections::HashSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// One key with its value; `None` unsets what earlier layers gave it.
pub(super) struct Setting {
    pub(super) key: String,
    pub(super) value: Option<String>,
}

/// The key under which the TOML parser shows the text of a date.
const TOML_DATE: &str = "$__toml_private_datetime";

/// Appends the leaves of the tree under `key`.
pub(super) struct Flatten<'a> {
    key: String,
    settings: &'a mut Vec<Setting>,
}

impl<'a> Flatten<'a> {
    pub(super) fn new(settings: &'a mut Vec<Setting>) -> Self {
        Self { key: String::new(), settings }
    }

    fn child(&mut self, name: &str) -> Flatten<'_> {
        let key = if self.key.is_empty() { name.to_owned() } else { format!("{}:{name}", self.key) };
        Flatten { key, settings: self.settings }
    }

    fn leaf<E: Error>(self, value: Option<String>) -> Result<(), E> {
        if self.key.is_empty() {
            return Err(E::custom("the file must hold an object with the settings"));
        }
        self.settings.push(Setting { key: self.key, value });
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Flatten<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Flatten<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut is_empty = true;
        while let Some(name) = map.next_key::<String>()? {
            is_empty = false;
            if name == TOML_DATE {
                let date = map.next_value::<String>()?;
                return self.leaf(Some(date));
            }
            map.next_value_seed(self.child(&name))?;
        }
        if is_empty && !self.key.is_empty() {
            // That it is there may mean something.
            return self.leaf(None);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        if self.key.is_empty() {
            return self.leaf(None);
        }
        for index in 0_usize.. {
            if list.next_element_seed(self.child(&index.to_string()))?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.leaf(Some(value.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.leaf(Some(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.leaf(Some(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.leaf(Some(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.leaf(Some(value.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.leaf(None)
    }
}

/// A key that stands twice among the settings of one file.
pub(super) fn repeated(settings: &[Setting]) -> Option<&str> {
    let mut seen = HashSet::new();
    settings.iter().map(|setting| setting.key.as_str()).find(|key| !seen.insert(key.to_ascii_lowercase()))
}
